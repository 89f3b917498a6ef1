"""Telling by a few stats whether anything that a skill's row was made from has changed.

Every folder of the dataset is among the traces, so a file that comes, goes or is renamed shows in
its folder's times; so is every index file. Episodes themselves are not: nobody writes them in
place. Only what is so fresh that somebody may still be writing it is watched by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from training_manager_ros.datasets.edit.marks import MARKS_FILE

__all__ = ["Trace", "Traces", "rested", "trace", "unchanged", "walk"]

_SECOND = 10**9
_FRESH_NS = 10 * _SECOND  # a file changed so lately may still be written
_BUSY_NS = 3600 * _SECOND  # only in a folder that got its last file so lately can there be one
_TICK_NS = 2 * _SECOND  # changed so lately that another change may leave the same time (FAT: 2 s)


class Trace(NamedTuple):
    """What the system says about one path, relative to the skill's folder; "" is the folder."""

    path: str
    inode: int  # -1: nothing there
    size: int
    mtime_ns: int
    ctime_ns: int


@dataclass(frozen=True)
class Traces:
    """What a skill was made from."""

    kept: tuple[Trace, ...]
    fresh: tuple[Trace, ...]  # files that may still grow; of no more interest once they are older
    newest_ns: int  # newest change of metadata.json, an index file of the dataset or its marks
    sure: bool  # False: a change could leave all of this as it is, so don't trust it


def trace(folder: str, path: str) -> Trace:
    """The trace of one path as it is now."""
    try:
        return _trace(path, os.stat(f"{folder}/{path}" if path else folder))
    except (OSError, ValueError):
        return Trace(path, -1, 0, 0, 0)


def unchanged(folder: str, traces: Iterable[Trace]) -> bool:
    """Whether all of it is still as it was."""
    return all(trace(folder, old.path) == old for old in traces)


def walk(folder: str, now_ns: int) -> Traces:
    """Trace what a skill is made from. Take it before reading: what changes later then shows."""
    folders = [trace(folder, "")]
    files = [trace(folder, "metadata.json"), trace(folder, MARKS_FILE)]
    fresh: list[Trace] = []
    links = False
    pending = ["data"]
    while pending:
        directory = trace(folder, pending.pop())
        folders.append(directory)
        busy = now_ns - directory.mtime_ns < _BUSY_NS
        try:
            with os.scandir(f"{folder}/{directory.path}") as entries:
                for entry in entries:
                    name = entry.name
                    if name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(f"{directory.path}/{name}")
                    elif entry.is_symlink():
                        links = True
                    elif name.endswith((".json", ".jsonl")):
                        files.append(trace(folder, f"{directory.path}/{name}"))
                    elif busy:
                        status = entry.stat(follow_symlinks=False)
                        if now_ns - status.st_ctime_ns < _FRESH_NS:
                            fresh.append(_trace(f"{directory.path}/{name}", status))
        except OSError:  # it is gone or closed to us: its own trace says when that changes
            continue
    kept = (*folders, *files)
    settled = all(old.ctime_ns < now_ns - _TICK_NS for old in (*kept, *fresh))
    newest = max(old.mtime_ns for old in files)
    return Traces(kept, tuple(fresh), newest, settled and not links)


def rested(traces: Iterable[Trace], now_ns: int) -> bool:
    """Whether files that were fresh once have been left alone long enough not to matter."""
    return all(old.ctime_ns < now_ns - _FRESH_NS for old in traces)


def _trace(path: str, status: os.stat_result) -> Trace:
    return Trace(path, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
