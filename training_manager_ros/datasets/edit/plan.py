"""What an edit will do, decided before anything is touched: shown as the dry run, then applied.

A plan is a value. Its steps are the very things that are done; making it writes nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.edit.staging import staged
from training_manager_ros.datasets.model import DatasetFormat
from training_manager_ros.errors import InvalidInput

__all__ = [
    "BYTES_A_PIXEL",
    "EditPlan",
    "Encodes",
    "Origin",
    "PlanProblem",
    "Step",
    "apply_plan",
    "check_plan",
]

BYTES_A_PIXEL = 3  # of raw images


@dataclass(frozen=True)
class Origin:
    """Where an episode of the result comes from."""

    skill: str  # folder name of the source
    episode: int  # its id there
    new_id: int  # its id in the result


@dataclass(frozen=True)
class PlanProblem:
    """Something the user has to know or decide before the plan can be, or should be, applied."""

    message: str
    remedy: str = ""  # what to do about it
    blocks: bool = False  # the plan can't be applied as long as this stands
    rule: str = ""  # the field of `JoinRules` that would settle it; "" = none


class Step(Protocol):
    """One change below the staging folder. Steps are frozen dataclasses: equal plans are equal."""

    @property
    def linked(self) -> int:
        """Bytes that are shared or, where the file system can't, copied."""

    @property
    def written(self) -> int:
        """Bytes that are written anew in any case, as far as can be told."""

    def apply(self, stage: Path, files: Files) -> None:
        """Do it, through `files`."""


@runtime_checkable
class Encodes(Protocol):
    """A step that encodes pictures, which takes longer than its bytes tell."""

    @property
    def encoded(self) -> int:
        """Pixels, of all pictures together."""


@dataclass(frozen=True)
class EditPlan:
    """An edit that makes the new skill `name` out of others, which stay as they are.

    Or one that changes a skill in place: then it is its own only source.
    """

    name: str  # folder name of the skill that is made, or changed
    sources: tuple[str, ...]  # folder names, in order
    format: DatasetFormat
    rate: float
    cameras: tuple[str, ...]
    episodes: tuple[Origin, ...]
    frames: int
    problems: tuple[PlanProblem, ...]
    steps: tuple[Step, ...]

    @property
    def linked(self) -> int:
        """Bytes that are shared with the sources where the file system can."""
        return sum(step.linked for step in self.steps)

    @property
    def written(self) -> int:
        """Bytes that are written anew."""
        return sum(step.written for step in self.steps)

    @property
    def encoded(self) -> int:
        """Pixels that are encoded."""
        return sum(step.encoded for step in self.steps if isinstance(step, Encodes))

    @property
    def work(self) -> int:
        """Bytes that go by when it is carried out, of raw images too, to measure progress by."""
        return self.linked + self.written + BYTES_A_PIXEL * self.encoded

    @property
    def in_place(self) -> bool:
        """Whether it changes a skill instead of making one."""
        return self.name in self.sources


def apply_plan(
    root: Path,
    plan: EditPlan,
    files: Files,
    check: Callable[[], None] = lambda: None,
    done: Callable[[], None] = lambda: None,
) -> Path:
    """Carry out a plan; the new skill's folder.

    `check` raises to stop between two steps, and `done` is told of each step that is done.

    Raises `InvalidInput` where a problem blocks the plan or the disk has too little room.
    """
    check_plan(root, plan)
    with staged(root, plan.name, files) as stage:
        for step in plan.steps:
            check()
            step.apply(stage, files)
            done()
        files.settle()
        check()
    return root / plan.name


def check_plan(root: Path, plan: EditPlan) -> None:
    """Raise `InvalidInput` where a problem blocks the plan or the disk has too little room."""
    blocking = [problem for problem in plan.problems if problem.blocks]
    if blocking:
        raise InvalidInput(" ".join(f"{one.message} {one.remedy}".strip() for one in blocking))
    free = shutil.disk_usage(root).free
    if plan.written > free:
        raise InvalidInput(f"{plan.written} bytes are to be written, but only {free} are free.")
