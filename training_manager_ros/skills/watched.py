"""Which folders are watched for which skill, and what an event there says about the skills.

Watched are the skills directory, every skill's folder, and below it the folders where files of a
dataset or a training run come and go. Hidden folders are not, so staging and recording in progress
cost nothing. A finished file shows by its close, its rename or its link; single writes do not.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from training_manager_ros.datasets.edit.marks import MARKS_FILE
from training_manager_ros.skills.folders import candidate_names, is_plain, is_shown, link_problem
from training_manager_ros.skills.inotify import (
    ATTRIB,
    CLOSE_WRITE,
    CREATE,
    DELETE,
    DELETE_SELF,
    ISDIR,
    MOVE_SELF,
    MOVED_FROM,
    MOVED_TO,
    OVERFLOW,
    Event,
    Inotify,
)

__all__ = ["EVERYTHING", "WatchedTree"]

_log = logging.getLogger("training_manager.skills")

EVERYTHING = frozenset[str]()

_NAMES = CREATE | DELETE | MOVED_FROM | MOVED_TO | ATTRIB | DELETE_SELF | MOVE_SELF
_CONTENT = _NAMES | CLOSE_WRITE
_MARKS = Path(MARKS_FILE).name  # hidden, but others want to see what somebody marked
_DEPTH = 4  # levels of folders below a skill's: data/videos/<camera>/<chunk>, <run>/…/…
_MOST = 256  # folders a skill; the upper levels come first, and every change shows there too


class WatchedTree:
    """The watches of one inotify instance over a skills directory that may come and go.

    `limit` is the errno of the limit that keeps some folders unwatched, 0 if none does.
    """

    def __init__(self, root: Path, inotify: Inotify) -> None:
        self._root = Path(os.path.abspath(root))
        self._inotify = inotify
        self._root_watch = -2  # no event has this number
        self._above: dict[int, set[str]] = {}  # watch → names that lead to the root
        self._skills: dict[str, set[int]] = {}  # skill → its watches
        self._owners: dict[int, set[str]] = {}  # the reverse: links make several skills of one
        self._links: set[str] = set()  # skills that are links
        self._identity: tuple[int, int] | None = None
        self.limit = 0

    def establish(self) -> None:
        """Watch the upper levels anew, as they are now: the root, skills, folders in skills."""
        for old in (self._root_watch, *self._above, *self._owners):
            self._inotify.remove(old)
        self._root_watch = -2
        self._above, self._skills, self._owners, self._links = {}, {}, {}, set()
        self.limit = 0
        for path in {self._root, Path(os.path.realpath(self._root))}:
            self._watch_above(path)
        self._identity = _identity(self._root)
        watch = self._add(str(self._root), _CONTENT)
        if watch is None:
            return
        self._root_watch = watch
        try:
            names = candidate_names(self._root)
        except OSError as error:
            _log.debug("%s can't be listed: %s", self._root, error)
            return
        for name in names:
            self._sync(name, 1)

    def deepen(self) -> bool:
        """Watch the folders further down too, and return whether there are any.

        By itself, because it takes longer, and so that at a limit the upper levels come first.
        """
        before = len(self._owners)
        for name in list(self._skills):
            self._sync(name, _DEPTH)
        return len(self._owners) > before

    def moved(self) -> bool:
        """Whether the path leads to another directory than the one that is watched."""
        return _identity(self._root) != self._identity

    def changed(self, events: Iterable[Event]) -> frozenset[str] | None:
        """Follow the events, and return the skills that they concern, or None, or `EVERYTHING`."""
        names: set[str] = set()
        stale: set[str] = set()  # skills whose folders have changed
        for event in events:
            if event.mask & OVERFLOW or self._concerns_root(event):
                self.establish()
                self.deepen()
                return EVERYTHING
            if event.watch == self._root_watch:
                if is_shown(event.name):
                    affected = {event.name} | self._links
                    names |= affected
                    stale |= affected
            elif event.watch in self._owners and _matters(event.name):
                names |= self._owners[event.watch]
                if not event.name or event.mask & ISDIR:
                    stale |= self._owners[event.watch]
        for name in stale:
            self._sync(name, _DEPTH)
        return frozenset(names) or None

    def _concerns_root(self, event: Event) -> bool:
        if event.watch in self._above:
            return not event.name or event.name in self._above[event.watch]
        return event.watch == self._root_watch and not event.name

    def _watch_above(self, path: Path) -> None:
        """Watch the next folder above `path` that is there, for what leads to it."""
        while True:
            name, folder = path.name, path.parent
            while not os.path.isdir(folder) and folder != folder.parent:
                name, folder = folder.name, folder.parent
            watch = self._add(str(folder), _NAMES)
            if watch is not None:
                self._above.setdefault(watch, set()).add(name)
            if watch is None or folder == path.parent or not os.path.isdir(folder / name):
                return  # else it has appeared in this very moment

    def _sync(self, name: str, depth: int) -> None:
        """Make the watches of one skill fit the folders that it has now."""
        before = self._skills.pop(name, set())
        self._links.discard(name)
        watches = set()
        for folder in self._folders(name, depth):
            watch = self._add(folder, _CONTENT)
            if watch is not None:
                watches.add(watch)
                self._owners.setdefault(watch, set()).add(name)
        if watches:
            self._skills[name] = watches
        for watch in before - watches:
            self._owners[watch].discard(name)
            if not self._owners[watch]:
                del self._owners[watch]
                self._inotify.remove(watch)

    def _folders(self, name: str, depth: int) -> Iterator[str]:
        """The folders to watch for a skill, upper levels first."""
        folder = self._root / name
        if not is_plain(name):
            return
        if os.path.islink(folder):
            self._links.add(name)
            if link_problem(self._root, name):
                return
        level = [str(folder)]
        count = 0
        while level and count < _MOST:
            yield from level[: _MOST - count]
            count += len(level)
            depth -= 1
            level = [below for upper in level for below in _below(upper)] if depth >= 0 else []

    def _add(self, folder: str, mask: int) -> int | None:
        try:
            return self._inotify.add(folder, mask)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.ENOMEM):
                self.limit = error.errno
            return None  # gone, no folder or closed to us: the folder above tells when it changes


def _matters(name: str) -> bool:
    """Whether what has this name in a skill's folders, or such a folder itself, is of interest."""
    return not name or is_shown(name) or name == _MARKS


def _below(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [
                entry.path
                for entry in entries
                if entry.is_dir(follow_symlinks=entry.name == "data")
                if is_shown(entry.name) and entry.name != "images"  # LeRobot's, while it records
            ]
    except OSError:
        return []


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
