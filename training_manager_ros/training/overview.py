"""The runs of all skills as a person sees them: what the server says, and what of it is here."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from training_manager_ros.errors import TrainingManagerError
from training_manager_ros.training.activation import active
from training_manager_ros.training.models import RunProgress, ServerRun
from training_manager_ros.training.results import LocalState, Results
from training_manager_ros.training.skill_metadata import metadata_value

__all__ = ["LocalStates", "Overview", "RunView"]


@dataclass(frozen=True)
class RunView:
    """One run."""

    skill: str  # folder name
    run: ServerRun
    progress: RunProgress | None
    local_state: LocalState
    in_use: bool  # the skill's checkpoint is of this run


@dataclass(frozen=True)
class Overview:
    """All runs, and how the server is doing."""

    server: str = ""  # host and port
    signed_in: bool = False
    problem: str = ""  # in words; "" if all is well
    lost_since: datetime | None = None  # since when the server does not answer
    features: frozenset[str] = frozenset()  # extras of the server
    skill_problems: tuple[str, ...] = ()
    runs: tuple[RunView, ...] = ()  # newest first

    def without_pace(self) -> Overview:
        """The same without what changes by the passing of time alone."""
        return replace(self, runs=tuple(replace(view, progress=None) for view in self.runs))


class LocalStates:
    """What of each run is here, and which one is in use; looked up once, until `forget`.

    `of` belongs to one thread, `forget` to all.
    """

    def __init__(self, skills_dir: Path) -> None:
        self._skills_dir = skills_dir
        self._changing = threading.Lock()
        self._stale: set[str] = set()
        self._all_stale = False
        self._states: dict[str, dict[tuple[str, int], tuple[LocalState, bool]]] = {}
        self._used: dict[str, int | None] = {}

    def forget(self, names: Collection[str] = ()) -> None:
        """Look again at these skills; without any at all of them."""
        with self._changing:
            self._stale.update(names)
            self._all_stale = self._all_stale or not names

    def renew(self) -> None:
        """Drop what is to be forgotten; to be called before a round of `of`."""
        with self._changing:
            stale = set(self._states) | set(self._used) if self._all_stale else self._stale
            self._stale, self._all_stale = set(), False
        for name in stale:
            self._states.pop(name, None)
            self._used.pop(name, None)

    def of(self, skill: str, skill_id: str, run_id: int) -> tuple[LocalState, bool]:
        """How much of a run is here, and whether it is in use."""
        folder = self._skills_dir / skill
        states = self._states.setdefault(skill, {})
        if skill not in self._used:
            self._used[skill] = _used_run(folder)
        if (skill_id, run_id) not in states:
            results = Results.read(folder, run_id, skill_id)
            in_use = self._used[skill] == run_id and not results.foreign
            states[skill_id, run_id] = results.state, in_use
        return states[skill_id, run_id]


def _used_run(folder: Path) -> int | None:
    try:
        return active(metadata_value(folder)).run_id
    except TrainingManagerError:
        return None
