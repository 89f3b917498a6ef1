"""All skills of a directory, kept up to date at a cost that follows what changed."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from training_manager_ros.datasets import (
    Dataset,
    DatasetFormat,
    DatasetSummary,
    FactCache,
    open_dataset,
)
from training_manager_ros.errors import NotFound
from training_manager_ros.skills.folders import candidate_names, is_plain, skill_folder
from training_manager_ros.skills.skill import Loaded, Skill, clean, load_skill
from training_manager_ros.skills.traces import Trace, Traces, rested, unchanged, walk

__all__ = ["Catalog"]

_log = logging.getLogger("training_manager.skills")

_NOTES_VERSION = 1  # of the rows in the cache; raise it when they mean something else


_KEPT_OPEN = 8  # datasets; of 10,000 episodes one takes some megabytes


@dataclass(frozen=True)
class _Opened:
    row: Loaded | None  # as it was in the list
    traces: tuple[Trace, ...]
    dataset: Dataset


class Catalog:
    """The skills below `root`; safe for threads.

    What it found is kept in `facts` as well, so that another start costs only a few stats a skill.
    It notices nothing by itself: call `refresh`, for example from `watch`.
    """

    def __init__(
        self, root: Path, facts: FactCache, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._root = root
        self._facts = facts
        self._now_ns = now_ns
        self._notes = f"skills {_NOTES_VERSION} {root.absolute()}"
        self._lock = threading.Lock()  # held while rows change
        self._rows: dict[str, Loaded] = {}
        self._skills: tuple[Skill, ...] | None = None  # None: not read yet
        self._problem = ""
        self._opening = threading.Lock()
        self._opened: dict[str, _Opened] = {}  # the one that was opened last comes last

    @property
    def root(self) -> Path:
        """The skills directory."""
        return self._root

    @property
    def problem(self) -> str:
        """Why the directory can't be read and what to do; "" if it can."""
        self.skills()
        return self._problem

    def skills(self) -> tuple[Skill, ...]:
        """All skills as of the last refresh, by folder name; the first call makes it."""
        if self._skills is None:
            self.refresh()
        return self._skills or ()

    def skill(self, name: str) -> Skill:
        """One skill as it is at this moment. Raises as `skill_folder` does."""
        skill_folder(self._root, name)
        row = self._rows.get(name)
        # The list stays as it is: whoever refreshes it shall learn that it changed.
        if row is None or not self._holds(name, row):
            row = load_skill(self._root, name, self._now_ns)
        if row is None:
            raise NotFound(f"The folder {name} has no metadata.json, so it is no skill.")
        return row.skill

    def dataset(self, name: str) -> Dataset:
        """The skill's dataset as it is at this moment; raises as `skill_folder`, `open_dataset`.

        It is kept open for the next one who asks, until it was changed: that shows in its traces,
        or in another row where a file was written in place and somebody told `refresh`.
        """
        folder = skill_folder(self._root, name)
        row = self._rows.get(name)
        known = self._opened.get(name)
        if known and known.row is row and unchanged(str(folder), known.traces):
            return known.dataset
        traces = walk(str(folder), self._now_ns())
        dataset = open_dataset(folder, self._facts)
        with self._opening:
            self._opened.pop(name, None)
            if traces.sure:
                self._opened[name] = _Opened(row, (*traces.kept, *traces.fresh), dataset)
            while len(self._opened) > _KEPT_OPEN:
                del self._opened[next(iter(self._opened))]
        return dataset

    def refresh(self, names: Collection[str] | None = None) -> bool:
        """Look again, and return whether the list is another one now.

        The skills named are read anew, whatever their traces say; with none named everything is
        compared with its traces, and what has changed is read.
        """
        with self._lock:
            before = self._skills, self._problem
            if names and self._skills is not None and not self._problem:
                self._read({name for name in names if is_plain(name)})
            else:
                self._read_all()
            self._skills = tuple(self._rows[name].skill for name in sorted(self._rows))
            return before != (self._skills, self._problem)

    def _read_all(self) -> None:
        try:
            names = candidate_names(self._root)
        except OSError as error:
            self._problem = _root_problem(self._root, error)
            self._rows = {}
            return
        rows = self._recall() if self._skills is None or self._problem else self._rows
        self._problem = ""
        self._rows = {
            name: rows[name] for name in names if name in rows and self._holds(name, rows[name])
        }
        self._forget(rows.keys() - set(names))
        self._rest()
        self._read(set(names) - self._rows.keys())

    def _read(self, names: Collection[str]) -> None:
        """Read these skills anew, whatever is known of them."""
        rows = dict(self._rows)
        for name in names:
            row = load_skill(self._root, name, self._now_ns)
            if row is None:
                rows.pop(name, None)
            else:
                rows[name] = row
        self._rows = rows  # in one step: `skill` looks at it without the lock
        sure = {name for name in names if name in rows and rows[name].traces.sure}
        self._remember(sure)
        self._forget(set(names) - sure)

    def _rest(self) -> None:
        """Stop watching single files that have been left alone for long enough."""
        now = self._now_ns()
        at_rest = {
            name: replace(row, traces=replace(row.traces, fresh=()))
            for name, row in self._rows.items()
            if row.traces.fresh and rested(row.traces.fresh, now)
        }
        self._rows.update(at_rest)
        self._remember(at_rest)

    def _holds(self, name: str, row: Loaded) -> bool:
        traces = row.traces
        return traces.sure and unchanged(f"{self._root}/{name}", (*traces.kept, *traces.fresh))

    def _remember(self, names: Iterable[str]) -> None:
        self._facts.note(self._notes, {name: _to_text(self._rows[name]) for name in names})

    def _forget(self, names: Collection[str]) -> None:
        self._facts.note(self._notes, {}, [name for name in names if name == clean(name)])

    def _recall(self) -> dict[str, Loaded]:
        rows = {}
        for name, text in self._facts.notes(self._notes).items():
            try:
                rows[name] = _from_text(text)
            except (ValueError, TypeError, KeyError) as error:
                _log.debug("What was kept of %s makes no sense: %r", name, error)
        return rows


def _to_text(row: Loaded) -> str:
    traces = row.traces
    return json.dumps([asdict(row.skill), traces.kept, traces.fresh, traces.newest_ns])


def _from_text(text: str) -> Loaded:
    skill, kept, fresh, newest = json.loads(text)
    dataset = skill["dataset"]
    if dataset is not None:
        dataset["format"] = DatasetFormat(dataset["format"])
        dataset = DatasetSummary(**_tuples(dataset))
    return Loaded(
        Skill(**_tuples({**skill, "dataset": dataset})),
        Traces(
            tuple(Trace(*old) for old in kept), tuple(Trace(*old) for old in fresh), newest, True
        ),
    )


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()
    }


def _root_problem(root: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"The skills directory {root} does not exist; make it, or choose another one."
    if isinstance(error, NotADirectoryError):
        return f"{root} is no directory; choose another one for the skills."
    if isinstance(error, PermissionError):
        return (
            f"The skills directory {root} can't be read: no permission; "
            "give the user that runs this program access to it."
        )
    return f"The skills directory {root} can't be read: {error.strerror or error}."
