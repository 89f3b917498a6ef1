"""What all jobs share that make a new skill: plan, carry out, recognise what is already done."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from training_manager_ros.datasets import FactCache
from training_manager_ros.datasets.edit.files import FileMode, Files
from training_manager_ros.datasets.edit.plan import EditPlan, apply_plan
from training_manager_ros.datasets.edit.staging import clean_stages, stage_names
from training_manager_ros.editing import estimate, read_provenance
from training_manager_ros.errors import Conflict, InvalidInput
from training_manager_ros.jobs.control import Control
from training_manager_ros.jobs.kind import JobKind
from training_manager_ros.jobs.locks import SkillLocks
from training_manager_ros.paths import cache_dir
from training_manager_ros.skills import folder_name

__all__ = ["MakesSkill", "clean_up"]


class MakesSkill(JobKind):
    """A job that makes one new skill by a plan; `facts` and `before` are for tests."""

    pausable = True

    def __init__(
        self,
        skills_dir: Path,
        facts: FactCache | None = None,
        before: Callable[[str, Path], None] = lambda what, path: None,
    ) -> None:
        super().__init__(skills_dir)
        self._facts = facts
        self._before = before

    @abstractmethod
    def plan(self, arguments: Mapping[str, Any]) -> EditPlan:
        """What the job would do now; writes nothing. Raises as `plan_delete` does."""

    def run(self, arguments: Mapping[str, Any], control: Control) -> Mapping[str, Any]:
        """See `JobKind`."""
        target = self.skills_dir / folder_name(arguments["name"])
        clean_stages(self.skills_dir, target.name)
        if os.path.lexists(target):
            return self._done_before(target, arguments)
        plan, files = self.ready(arguments, control, "placing files")
        apply_plan(self.skills_dir, plan, files, control.check, lambda: control.advance(items=1))
        notes = [f"{one.message} {one.remedy}".rstrip() for one in plan.problems]
        result = _result(target, len(plan.episodes))
        return {**result, "problems": notes} if notes else result

    def ready(
        self, arguments: Mapping[str, Any], control: Control, stage: str
    ) -> tuple[EditPlan, Files]:
        """The plan, for which the disk has room, and what carries it out in the stage so named."""
        control.stage("planning")
        plan = self.plan(arguments)
        mode = FileMode(arguments.get("file_mode", FileMode.AUTO))
        cost = estimate(self.skills_dir, plan, mode)
        if not cost.fits:
            raise InvalidInput(
                f"{cost.bytes_to_write:,} bytes are to be written, but only {cost.bytes_free:,} "
                "are free; free some and try again."
            )
        control.stage(stage, items=len(plan.steps), size=plan.work)

        def advance(size: int) -> None:
            control.check()  # a step may take minutes
            control.advance(size=size)

        return plan, Files(mode, advance, self._before)

    def clean(self, arguments: Mapping[str, Any]) -> None:
        """See `JobKind`."""
        clean_stages(self.skills_dir, folder_name(arguments["name"]))

    def facts(self) -> FactCache:
        """What is known about files, shared with the other processes."""
        if self._facts is None:
            self._facts = FactCache(cache_dir() / "facts.sqlite")
        return self._facts

    def _done_before(self, target: Path, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """The result of the same job, which was killed after its skill had appeared."""
        made_by = read_provenance(target)
        if made_by is None or made_by.request != dict(arguments):
            raise Conflict(
                f"There is already a skill in the folder {target.name}; choose another name."
            )
        return _result(target, len(made_by.episodes))


def _result(target: Path, episodes: int) -> Mapping[str, Any]:
    return {"skill": target.name, "episodes": episodes}


def clean_up(skills_dir: Path, keep: Collection[str] = ()) -> None:
    """Remove what edits left that were killed; those that run, and the names in `keep`, stay."""
    for name in set(stage_names(skills_dir)).difference(keep):
        with SkillLocks(skills_dir / ".training_manager" / "locks") as locks:
            if not locks.acquire((), (name,)):
                clean_stages(skills_dir, name)
