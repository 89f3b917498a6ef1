"""One skill as a list shows it, made from what is in its folder, however broken that is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training_manager_ros.datasets import DatasetSummary, summarise
from training_manager_ros.errors import NotFound, Unreadable
from training_manager_ros.skills.folders import METADATA, link_problem
from training_manager_ros.skills.metadata import Metadata, read_metadata
from training_manager_ros.skills.traces import Trace, Traces, trace, walk
from training_manager_ros.skills.validation import find_errors, lookup, skill_type, stays_inside

__all__ = ["Loaded", "Skill", "load_skill"]

_LAST_SECOND = 2**31 - 1  # of a ROS time; the clock of a robot may be anything


@dataclass(frozen=True)
class Skill:
    """A row in the list of skills; mirrors msg/Skill.msg."""

    name: str  # the folder's name: the key everywhere
    display_name: str  # metadata.json's name; the folder's where that is missing
    type: str = ""  # "learned", "replay", "poses"; "" where metadata.json does not say
    badge: str = "broken"  # "replay", "ready", "in training", "broken"
    problem: str = ""  # what is wrong with the folder or metadata.json, and what to do
    revision: str = ""  # of metadata.json; "" where it can't be read
    checkpoint: str = ""  # execution.checkpoint
    training_skill_id: str = ""
    uploaded_episode_count: int = -1  # -1 = never uploaded
    modified: float = 0.0  # seconds since the epoch: newest change of metadata.json or the dataset
    dataset: DatasetSummary | None = None
    dataset_problems: tuple[str, ...] = ()  # also where there is no summary because of them


@dataclass(frozen=True)
class Loaded:
    """A skill, and what tells later whether it is still like that."""

    skill: Skill
    traces: Traces


def load_skill(root: Path, name: str, now_ns: Callable[[], int] = time.time_ns) -> Loaded | None:
    """Read the skill in the folder `name`; None where it is none. What is broken is its problem."""
    folder = root / name
    unsure = Traces((), (), 0, sure=False)
    linked = os.path.islink(folder)
    if not linked and not _may_be_skill(folder):
        return None
    if name != clean(name):
        problem = "The folder's name is not valid UTF-8; rename it."
        return Loaded(Skill(clean(name), clean(name), problem=problem), unsure)
    if linked:
        problem = link_problem(root, name)
        if problem:
            return Loaded(Skill(name, name, problem=f"{name} {problem}"), unsure)
    traces = walk(str(folder), now_ns())
    try:
        metadata = read_metadata(folder)
    except NotFound:
        return None
    except Unreadable as error:
        metadata = Metadata("", "", None, str(error))
    skill, checkpoint = _skill(folder, metadata, traces)
    linked = linked or os.path.islink(folder / METADATA)
    kept = (*traces.kept, checkpoint) if checkpoint else traces.kept
    sure = traces.sure and not linked and bool(metadata.revision)
    return Loaded(skill, Traces(kept, traces.fresh, traces.newest_ns, sure))


def _may_be_skill(folder: Path) -> bool:
    """Whether there is a metadata.json, or no way to know; any other folder may be huge."""
    try:
        os.lstat(folder / METADATA)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _skill(folder: Path, metadata: Metadata, traces: Traces) -> tuple[Skill, Trace | None]:
    value = metadata.value
    checkpoint = _text(lookup(value, "execution.checkpoint"))
    found = trace(str(folder), checkpoint) if checkpoint and stays_inside(checkpoint) else None
    there = found is not None and os.path.isfile(folder / checkpoint)
    dataset, dataset_problems = _dataset(folder)
    skill = Skill(
        name=folder.name,
        display_name=_text(lookup(value, "name")) or folder.name,
        type=skill_type(value) if value is not None else "",
        badge=_badge(value, there),
        problem=_problem(metadata),
        revision=metadata.revision,
        checkpoint=checkpoint,
        training_skill_id=_text(lookup(value, "training_skill_id")),
        uploaded_episode_count=_count(lookup(value, "uploaded_episode_count")),
        modified=min(max(0, traces.newest_ns / 1e9), _LAST_SECOND),
        dataset=dataset,
        dataset_problems=dataset_problems,
    )
    return skill, found


def _badge(value: Mapping[str, Any] | None, checkpoint_there: bool) -> str:
    if value is None or not skill_type(value) or not isinstance(value.get("execution", {}), dict):
        return "broken"
    if value["type"] == "replay":
        return "replay"
    return "ready" if checkpoint_there else "in training"


def _problem(metadata: Metadata) -> str:
    if metadata.value is None:
        return metadata.problem
    errors = find_errors(metadata.value)
    if not errors:
        return ""
    listed = "; ".join(f"{path} {message}" for path, message in errors.items())
    return f"{METADATA} needs a correction: {listed}."


def _dataset(folder: Path) -> tuple[DatasetSummary | None, tuple[str, ...]]:
    try:
        summary = summarise(folder)
    except Unreadable as error:
        return None, (str(error),)
    return summary, summary.problems if summary else ()


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _count(value: Any) -> int:
    sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    return int(value) if sound else -1


def clean(text: str) -> str:
    """Text that can be sent anywhere: what UTF-8 can't hold becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
