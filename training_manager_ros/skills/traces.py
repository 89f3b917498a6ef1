"""Telling by a few stats whether anything that a skill's row was made from has changed.

Every folder of the dataset is among the traces, so a file that comes, goes or is renamed shows in
its folder's times; so is every small index file. Episodes themselves are not: nobody writes them
in place. Only what is so fresh that somebody may still be writing it is watched by itself.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Trace", "Traces", "trace", "unchanged", "walk"]

_INDEX_SUFFIXES = (".json", ".jsonl")
_FRESH_NS = 10 * 10**9  # changed so lately that somebody may be at work on it
_TICK_NS = 2 * 10**9  # so lately that another change may leave the same time (FAT: 2 s)


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
    newest_ns: int  # newest change of a file of the dataset; 0 = it has none
    sure: bool  # False: a change could leave all of this as it is, so don't trust it


def trace(folder: str, path: str) -> Trace:
    """The trace of one path as it is now."""
    try:
        return _trace(path, os.stat(os.path.join(folder, path) if path else folder))
    except (OSError, ValueError):
        return Trace(path, -1, 0, 0, 0)


def unchanged(folder: str, traces: Iterable[Trace]) -> bool:
    """Whether all of it is still as it was."""
    return all(trace(folder, old.path) == old for old in traces)


def walk(folder: str, now_ns: int) -> Traces:
    """Trace what a skill is made from. Take it before reading: what changes later then shows."""
    kept = [trace(folder, ""), trace(folder, "metadata.json"), trace(folder, "data")]
    fresh: list[Trace] = []
    newest = 0
    links = False
    pending = ["data"] if kept[2].inode >= 0 else []
    while pending:
        directory = pending.pop()
        if directory != "data":
            kept.append(trace(folder, directory))
        try:
            with os.scandir(os.path.join(folder, directory)) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    path = f"{directory}/{entry.name}"
                    status = entry.stat(follow_symlinks=False)
                    links = links or stat.S_ISLNK(status.st_mode)
                    if stat.S_ISDIR(status.st_mode):
                        pending.append(path)
                        continue
                    newest = max(newest, status.st_mtime_ns)
                    if entry.name.endswith(_INDEX_SUFFIXES):
                        kept.append(_trace(path, status))
                    elif now_ns - status.st_ctime_ns < _FRESH_NS:
                        fresh.append(_trace(path, status))
        except OSError:  # it is gone or closed to us: its own trace says when that changes
            continue
    settled = all(old.ctime_ns < now_ns - _TICK_NS for old in (*kept, *fresh))
    return Traces(tuple(kept), tuple(fresh), newest, settled and not links)


def settled(traces: Iterable[Trace], now_ns: int) -> bool:
    """Whether files that were fresh once have rested long enough to be left out of the traces."""
    return all(old.ctime_ns < now_ns - _FRESH_NS for old in traces)


def _trace(path: str, status: os.stat_result) -> Trace:
    return Trace(path, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
