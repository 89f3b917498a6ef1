"""Making a run's checkpoint the one that the robot uses, and going back.

What was in use before is remembered in the skill's folder, so that there is a way back whoever
activated it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training_manager_ros.errors import Conflict, NotFound, Unreadable
from training_manager_ros.training.dataset_facts import DatasetFacts
from training_manager_ros.training.ledger import STATE_FOLDER, writing
from training_manager_ros.training.reading import text
from training_manager_ros.training.results import LocalState, Results, owner_of, run_folder
from training_manager_ros.training.skill_metadata import change_metadata, metadata_value
from training_manager_ros.training.statefile import read_state, write_state
from training_manager_ros.training.submit import known_skill_id
from training_manager_ros.training.weights import check_whole, facts_of_stats

__all__ = [
    "Activation",
    "activate",
    "active",
    "choose_files",
    "deactivate",
    "previous",
    "remember_facts",
    "roll_back",
    "trained_on",
]

KEPT = 20  # activations that are remembered
_CHECKPOINT = re.compile(r".*_step_(\d+)\.pth")


@dataclass(frozen=True)
class Activation:
    """What the robot uses; paths relative to the skill's folder, "" is nothing."""

    checkpoint: str = ""
    stats_file: str = ""
    at: str = ""  # ISO 8601, UTC; when it was activated, as far as known
    skill_id: str = ""  # of the skill on the server whose run it came from, as far as known

    @property
    def run_id(self) -> int | None:
        """The run that it came from; None where the path does not tell."""
        first, slash, _ = self.checkpoint.partition("/")
        return int(first) if slash and first.isdecimal() else None

    def same_files(self, other: Activation) -> bool:
        """Whether both mean the same files."""
        return (self.checkpoint, self.stats_file) == (other.checkpoint, other.stats_file)


def choose_files(skill: Path, run_id: int) -> Activation:
    """The checkpoint with the most steps and a statistics file, the one nearest to it.

    Raises `NotFound` that says which is missing.
    """
    folder = run_folder(skill, run_id)
    files = [path.relative_to(skill) for path in sorted(folder.rglob("*")) if path.is_file()]
    files = [path for path in files if not any(part.startswith(".") for part in path.parts)]
    steps = {
        path: int(match.group(1))
        for path in files
        if (match := _CHECKPOINT.fullmatch(path.name)) is not None
    }
    if not steps:
        raise NotFound(
            f"Run {run_id} has no checkpoint (*_step_<N>.pth) here; nothing was changed."
        )
    checkpoint = max(steps, key=lambda path: (steps[path], str(path)))
    stats = [path for path in files if path.suffix == ".pt" and "stats" in path.stem]
    if not stats:
        raise NotFound(f"Run {run_id} has no statistics (*stats*.pt) here; nothing was changed.")
    beside = [path for path in stats if path.parent == checkpoint.parent]
    nearest = min(beside or stats, key=lambda path: (len(path.parts), str(path)))
    return Activation(checkpoint.as_posix(), nearest.as_posix())


def trained_on(skill: Path, skill_id: str, run_id: int) -> DatasetFacts:
    """What the run was trained on, as noted when it was asked for."""
    noted = read_state(_facts_file(skill, run_id))
    return DatasetFacts.parse(noted if noted.get("skill_id") == skill_id else None)


def remember_facts(skill: Path, skill_id: str, run_id: int, facts: DatasetFacts) -> None:
    """Note what a run is trained on, to compare it when it is activated."""
    with writing(skill):
        write_state(_facts_file(skill, run_id), {"skill_id": skill_id, **facts.as_json()})


def activate(skill: Path, run_id: int, dataset: DatasetFacts) -> Activation:
    """Make the run's checkpoint the one in use.

    Raises `NotFound` if a file is missing, `Unreadable` if one is broken, `Conflict` if the run
    is not downloaded whole, is another skill's or does not fit the dataset; nothing is changed
    then.
    """
    skill_id = known_skill_id(skill, metadata_value(skill))
    results = Results.read(skill, run_id, skill_id)
    if results.foreign:
        raise Conflict(
            f"The folder {run_id} of {skill.name} has the results of a former run {run_id}, from "
            "when it was another skill on the training server; download the run first."
        )
    if results.state is LocalState.PARTIAL:
        results.recognise(lambda: None)
    if results.state is LocalState.PARTIAL:
        raise Conflict(f"Run {run_id} is not downloaded whole; download it again.")
    chosen = choose_files(skill, run_id)
    for path in (chosen.checkpoint, chosen.stats_file):
        check_whole(skill / path)
    told = facts_of_stats(skill / chosen.stats_file)
    problems = [
        *trained_on(skill, skill_id, run_id).differences(dataset),
        *told.differences(dataset),
    ]
    if problems:
        raise Conflict(f"Run {run_id} does not fit the dataset of {skill.name}: {problems[0]}.")
    return _use(skill, chosen)


def deactivate(skill: Path) -> Activation:
    """Use no checkpoint; it can be rolled back too."""
    return _use(skill, Activation())


def active(metadata: Mapping[str, Any]) -> Activation:
    """What is in use, by metadata.json."""
    execution = metadata.get("execution")
    if not isinstance(execution, Mapping):
        return Activation()
    return Activation(text(execution.get("checkpoint")), text(execution.get("stats_file")))


def previous(skill: Path) -> Activation:
    """What `roll_back` would use: the newest before the present one that is still whole.

    The present one where nothing else is remembered: what others activated is not given up.
    """
    now = active(metadata_value(skill))
    history = _history(skill)
    while history and history[-1].same_files(now):
        history.pop()
    for earlier in reversed(history):
        if not earlier.same_files(now) and _there(skill, earlier):
            return earlier
    return now


def roll_back(skill: Path) -> Activation:
    """Use what was in use before; `Conflict` if there was nothing else."""
    target = previous(skill)
    if target.same_files(active(metadata_value(skill))):
        raise Conflict(f"{skill.name} had nothing else in use before.")
    history = _history(skill)
    last = max((i for i, item in enumerate(history) if item.same_files(target)), default=-1)
    used = _use(skill, target)
    _write_history(skill, history[: last + 1])  # the way back goes on from there
    return used


def _use(skill: Path, chosen: Activation) -> Activation:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    used = Activation(chosen.checkpoint, chosen.stats_file, at, _owner(skill, chosen))

    def patch(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
        if active(metadata).same_files(used):
            return None
        changes = {
            "checkpoint": used.checkpoint or None,
            "stats_file": used.stats_file or None,
        }
        return {"execution": changes}

    metadata = metadata_value(skill)
    if metadata.get("type") != "learned":
        raise Conflict(f"{skill.name} is no learned skill, so it uses no checkpoint.")
    if not isinstance(metadata.get("execution"), Mapping | None):
        raise Unreadable(f"{skill.name}: execution in metadata.json must be an object.")
    history = _history(skill)
    known = active(metadata)
    if not history or not history[-1].same_files(known):
        history.append(replace(known, skill_id=_owner(skill, known)))
    # Remembered first: after a kill in between there is an entry too many, never one too few.
    _write_history(skill, [*history, used])
    change_metadata(skill, patch)
    return used


def _there(skill: Path, item: Activation) -> bool:
    paths = [path for path in (item.checkpoint, item.stats_file) if path]
    return all((skill / path).is_file() for path in paths) and (
        item.skill_id in ("", _owner(skill, item))  # else it is another run of that number by now
    )


def _owner(skill: Path, item: Activation) -> str:
    return "" if item.run_id is None else owner_of(skill, item.run_id)


def _history(skill: Path) -> list[Activation]:
    kept = read_state(_history_file(skill)).get("activations")
    entries = kept if isinstance(kept, list) else []
    return [
        Activation(
            text(e.get("checkpoint")),
            text(e.get("stats_file")),
            text(e.get("at")),
            text(e.get("skill_id")),
        )
        for e in entries
        if isinstance(e, Mapping)
    ]


def _write_history(skill: Path, history: list[Activation]) -> None:
    with writing(skill):
        entries = [vars(item) for item in history[-KEPT:]]
        write_state(_history_file(skill), {"activations": entries})


def _history_file(skill: Path) -> Path:
    return skill / STATE_FOLDER / "activations.json"


def _facts_file(skill: Path, run_id: int) -> Path:
    return skill / STATE_FOLDER / f"run-{run_id}" / "trained_on.json"
