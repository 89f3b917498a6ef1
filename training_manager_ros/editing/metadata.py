"""metadata.json of a skill that is made out of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.edit.plan import PlanProblem
from training_manager_ros.errors import NotFound, Unreadable
from training_manager_ros.skills import read_metadata
from training_manager_ros.skills.jsontext import dump_json

__all__ = ["copied_metadata", "merged_metadata"]

# What belongs to the source alone: its training, its uploads.
_OWN = ("training_skill_id", "uploaded_episode_count")
_OWN_EXECUTION = ("checkpoint", "stats_file")


def copied_metadata(source: Path, new_name: str) -> str:
    """The text for a cleaned copy. Raises `Unreadable` where the source's can't be understood."""
    metadata = read_metadata(source)
    if metadata.value is None:
        raise Unreadable(f"{source.name}: {metadata.problem}")
    value: dict[str, Any] = {key: one for key, one in metadata.value.items() if key not in _OWN}
    value["name"] = new_name
    execution = value.get("execution")
    if isinstance(execution, Mapping):
        value["execution"] = {k: one for k, one in execution.items() if k not in _OWN_EXECUTION}
    return dump_json(value)


def merged_metadata(sources: Sequence[Path], new_name: str) -> tuple[str, tuple[PlanProblem, ...]]:
    """The text for a merge, and which sources could not be asked for their keys."""
    keys: dict[str, None] = {}
    problems: list[PlanProblem] = []
    for source in sources:
        try:
            metadata = read_metadata(source)
        except (NotFound, Unreadable) as error:
            problems.append(_left_out(source, str(error)))
            continue
        if metadata.value is None:
            problems.append(_left_out(source, metadata.problem))
            continue
        execution = metadata.value.get("execution")
        keys |= dict.fromkeys(execution) if isinstance(execution, Mapping) else {}
    value = {
        "name": new_name,
        "type": "learned",
        "guidelines": "",
        "guidelines_when_running": "",
        "inputs": {},
        "execution": {key: None for key in keys if key not in _OWN_EXECUTION},
    }
    return dump_json(value), tuple(problems)


def _left_out(source: Path, problem: str) -> PlanProblem:
    return PlanProblem(
        f"{source.name}: {problem}", "Its fields of execution are left out; add them afterwards."
    )
