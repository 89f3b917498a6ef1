"""Naming an episode's videos in data/dataset_metadata.json, which the recorder appends to.

The recorder takes no lock, and rewrites the file in place: it reads the list, adds an episode and
writes all of it. So ours is made of what the list is at this very moment and put in its place only
if nobody wrote meanwhile. The old file stays within reach: a recorder that had it open already then
writes its new episode there, from where it is taken over.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.edit.files import Files, explained
from training_manager_ros.datasets.jsonfile import read_json, to_text
from training_manager_ros.errors import Conflict, Unreadable
from training_manager_ros.skills.locking import LockedFile, LockTimeout, locked

__all__ = ["LIST", "list_videos", "rescue_episodes"]

LIST = "dataset_metadata.json"
_BEFORE = ".dataset_metadata.json.before"
_PATIENCE = 10.0  # seconds for others to finish writing
_PAUSE = 0.02  # seconds between two tries

Edit = Callable[[Mapping[str, Any]], Mapping[str, Any]]
Videos = Mapping[str, Sequence[str]]  # an episode's file: its videos


def list_videos(data: Path, videos: Videos, files: Files, patience: float = _PATIENCE) -> None:
    """Name videos in the list in `data`, beside those that are named already; all or nothing.

    An episode that is not listed (any more) is let alone; `patience` is how many seconds others may
    take to finish writing. Raises `Unreadable` where the list stays
    broken, `Conflict` where somebody keeps it locked, and `DiskProblem`.
    """
    rescue_episodes(data, files)
    _change(data, lambda value: _with_videos(value, videos), files, patience)


def rescue_episodes(data: Path, files: Files) -> None:
    """Take over what was recorded into an old list while a new one was put in its place."""
    before = data / _BEFORE
    if not before.exists():
        return
    with contextlib.suppress(Unreadable):  # never finished, so nobody waits for it
        old = _settled(before)
        _change(data, lambda value: _with_episodes(value, old, data), files)
    files.change(data, lambda folder: (folder / _BEFORE).unlink(missing_ok=True))


def _change(data: Path, edit: Edit, files: Files, patience: float = _PATIENCE) -> None:
    path = data / LIST
    deadline = time.monotonic() + patience
    while True:
        try:
            with explained(path), locked(path, patience) as lock:
                value = read_json(path)
                new = edit(value)
                if new == value:
                    return
                if _replace(lock, data, new, files):
                    break
        except LockTimeout:
            raise Conflict(f"{LIST} is in use by another program; try again.") from None
        except Unreadable:  # it is being written at this moment
            if time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            raise Conflict(f"{LIST} is written all the time by another program; try again.")
        time.sleep(_PAUSE)
    rescue_episodes(data, files)


def _replace(lock: LockedFile, data: Path, value: Mapping[str, Any], files: Files) -> bool:
    content = (json.dumps(value, indent=4) + "\n").encode()
    replaced = False

    def replace(folder: Path) -> None:
        nonlocal replaced
        before = folder / _BEFORE
        before.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not every file system has links
            os.link(folder / LIST, before)
        replaced = lock.replace(content)
        if not replaced:
            before.unlink(missing_ok=True)

    files.change(data, replace)
    return replaced


def _with_videos(value: Mapping[str, Any], videos: Videos) -> Mapping[str, Any]:
    def listed(item: Any) -> Any:
        new = videos.get(to_text(item.get("file_name"))) if isinstance(item, dict) else None
        if new is None:
            return item
        old = item.get("video_files")
        return {**item, "video_files": sorted({*(old if isinstance(old, list) else []), *new})}

    episodes = value.get("episodes")
    if not isinstance(episodes, list):
        raise Unreadable(f"{LIST} has no list of episodes.")
    new_episodes = [listed(item) for item in episodes]
    if new_episodes == episodes:
        return value
    return {**value, "dataset_type": "h264", "episodes": new_episodes}


def _with_episodes(
    value: Mapping[str, Any], old: Mapping[str, Any], data: Path
) -> Mapping[str, Any]:
    """Append what only the old list has and was recorded: its file is there."""
    episodes = value.get("episodes")
    others = old.get("episodes")
    if not isinstance(episodes, list) or not isinstance(others, list):
        return value
    known = {item.get("file_name") for item in episodes if isinstance(item, dict)}
    lost = [item for item in others if isinstance(item, dict) and _is_new(item, known, data)]
    if not lost:
        return value
    together = [*episodes, *lost]
    return {**value, "number_of_episodes": len(together), "episodes": together}


def _is_new(item: Mapping[str, Any], known: set[Any], data: Path) -> bool:
    name = item.get("file_name")
    return isinstance(name, str) and name not in known and (data / name).is_file()


def _settled(path: Path) -> Mapping[str, Any]:
    """The list once it can be read; the recorder may be writing it."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return read_json(path)
        except Unreadable:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)
