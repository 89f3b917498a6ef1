"""Where a dataset was made from, as it is written beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from training_manager_ros import __version__
from training_manager_ros.datasets.edit.marks import read_notes
from training_manager_ros.datasets.edit.plan import Origin
from training_manager_ros.errors import Unreadable

__all__ = ["Provenance", "read_provenance"]


@dataclass(frozen=True)
class Provenance:
    """How a skill came to be."""

    operation: str  # "delete" or "merge"
    episodes: Sequence[Origin]
    time: datetime  # with its zone
    request: Mapping[str, Any]  # what was asked for, as the job had it; empty: not by a job
    tool: str = f"training_manager {__version__}"

    def value(self) -> dict[str, Any]:
        """As JSON; the episodes of a source in a row share an entry, new ids follow from order."""
        sources: list[dict[str, Any]] = []
        for one in self.episodes:
            if not sources or sources[-1]["skill"] != one.skill:
                sources.append({"skill": one.skill, "episodes": []})
            sources[-1]["episodes"].append(one.episode)
        return {
            "operation": self.operation,
            "tool": self.tool,
            "time": self.time.isoformat(timespec="seconds"),
            "sources": sources,
            "request": dict(self.request),
        }


def read_provenance(skill_dir: Path) -> Provenance | None:
    """How a skill was made; None where it was not made by an edit, or that can't be read."""
    try:
        value = read_notes(skill_dir).get("made_by")
        return _parse(value) if isinstance(value, Mapping) else None
    except (Unreadable, KeyError, TypeError, ValueError):
        return None


def _parse(value: Mapping[str, Any]) -> Provenance:
    pairs = [(str(one["skill"]), int(i)) for one in value["sources"] for i in one["episodes"]]
    return Provenance(
        str(value["operation"]),
        tuple(Origin(skill, episode, new) for new, (skill, episode) in enumerate(pairs)),
        datetime.fromisoformat(value["time"]),
        dict(value["request"]),
        str(value["tool"]),
    )
