"""What lies in a dataset's folder, seen by one walk: names, sizes and times of change.

Everything that is later opened is looked up here, so a path in some metadata can't lead anywhere
else: what is hidden or leads out of the skills folder by a link is not in the listing at all.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from training_manager_ros.datasets.problem import Problem

__all__ = ["FileEntry", "Listing", "ranges", "scan", "shown", "some"]


class FileEntry(NamedTuple):
    """A regular file as the walk saw it."""

    path: str  # absolute
    size: int  # bytes
    mtime_ns: int


@dataclass(frozen=True)
class Listing:
    """The files below a folder; keys are relative to it, with "/" between parts."""

    files: Mapping[str, FileEntry]
    problems: tuple[Problem, ...]  # what was left out, and why

    @property
    def size_bytes(self) -> int:
        """Size of all files together."""
        return sum(entry.size for entry in self.files.values())


def scan(folder: str, fence: str) -> Listing:
    """Walk `folder` once. Links are followed as long as they stay below the real path `fence`.

    Hidden files and folders are left out (a recording in progress is one), and so is whatever
    can't be read: with a problem, never with an error.
    """
    files: dict[str, FileEntry] = {}
    problems: list[Problem] = []
    seen: set[tuple[int, int]] = set()
    pending = [(os.path.abspath(folder), "")]
    while pending:
        directory, prefix = pending.pop()
        try:
            if os.path.islink(directory) and not _inside(directory, fence):
                problems.append(_leads_out(prefix.rstrip("/") or os.path.basename(directory)))
                continue
            status = os.stat(directory)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(directory) as entries:
                for entry in entries:
                    name = entry.name
                    if name.startswith(".") or name == "__pycache__":
                        continue
                    try:
                        if entry.is_dir():
                            pending.append((entry.path, f"{prefix}{name}/"))
                            continue
                        if entry.is_symlink() and not _inside(entry.path, fence):
                            problems.append(_leads_out(prefix + name))
                            continue
                        status = entry.stat()
                    except OSError as error:
                        problems.append(
                            Problem(
                                "file-unreadable",
                                f"{shown(prefix + name)} can't be read: {error.strerror}.",
                            )
                        )
                        continue
                    if stat.S_ISREG(status.st_mode):
                        files[prefix + name] = FileEntry(
                            entry.path, status.st_size, status.st_mtime_ns
                        )
        except OSError as error:
            where = shown(prefix.rstrip("/") or os.path.basename(directory))
            problems.append(
                Problem("file-unreadable", f"The folder {where} can't be read: {error.strerror}.")
            )
    return Listing(files, tuple(sorted(problems)))


def _inside(path: str, fence: str) -> bool:
    real = os.path.realpath(path)
    return real == fence or real.startswith(fence.rstrip("/") + "/")


def _leads_out(name: str) -> Problem:
    return Problem(
        "leads-elsewhere",
        f"{shown(name)} is a link that leads out of the skills folder and is not followed; "
        "put the file itself there.",
    )


def shown(name: str) -> str:
    """A file name as it can be shown: bytes that are no UTF-8 become question marks."""
    return name if name.isascii() else name.encode("utf-8", "replace").decode("utf-8")


def some(names: Iterable[str]) -> str:
    """The first three names and how many more there are, for a sentence."""
    ordered = list(names)
    head = ", ".join(shown(name) for name in ordered[:3])
    return head if len(ordered) <= 3 else f"{head} and {len(ordered) - 3} more"


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers as people write them: "0-4, 7"."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in spans)
