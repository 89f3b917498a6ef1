"""Which files of a skill's folder are uploaded, and what tells that one has changed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training_manager_ros.errors import Unreadable

__all__ = ["LocalFile", "Stamp", "is_index", "scan", "stamp_of"]

NEVER = frozenset({"metadata.json", "server-skill.json"})  # directly in the skill's folder


@dataclass(frozen=True)
class Stamp:
    """What a file's status says about its content; equal stamps mean equal content."""

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """From a file's status."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


@dataclass(frozen=True)
class LocalFile:
    """A file to be uploaded; `name` is relative to the skill's folder, with `/`."""

    name: str
    path: Path
    stamp: Stamp


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a file; None if there is none (any more)."""
    try:
        return Stamp.of(path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_index(name: str) -> bool:
    """Whether a file says which other files there are.

    Those are uploaded last, so that nobody reads there of what is not uploaded yet.
    """
    return name == "data/dataset_metadata.json" or name.startswith("data/meta/")


def scan(folder: Path) -> list[LocalFile]:
    """Every file directly in the skill's folder and everything below `data/`, sorted by name.

    Not hidden ones (a recording in progress is one), nor `__pycache__`, nor what describes the
    skill itself, nor what a link leads to outside of the skills folder: it may be anybody's.
    Raises `Unreadable` for a name that can't be sent or a folder that can't be read.
    """
    fence = Path(os.path.realpath(folder.parent))
    files = [file for file in _files(folder, "", fence) if file.name not in NEVER]
    files += _below(folder / "data", "data/", set(), fence)
    for file in files:
        if not _sendable(file.name):
            raise Unreadable(f"{file.name!r} has a name that can't be sent; rename the file.")
    return sorted(files, key=lambda file: file.name)


def _below(
    folder: Path, prefix: str, seen: set[tuple[int, int]], fence: Path
) -> Iterator[LocalFile]:
    if not _inside(folder, fence):
        return
    status = _status(folder)
    if status is None or not stat.S_ISDIR(status.st_mode):
        return
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))  # a link to a folder above must not go round for ever
    yield from _files(folder, prefix, fence)
    for entry in _entries(folder):
        if not entry.is_file(follow_symlinks=False):
            yield from _below(folder / entry.name, f"{prefix}{entry.name}/", seen, fence)


def _files(folder: Path, prefix: str, fence: Path) -> Iterator[LocalFile]:
    for entry in _entries(folder):
        path = folder / entry.name
        if entry.is_symlink() and not _inside(path, fence):
            continue
        status = _status(path)
        if status is not None and stat.S_ISREG(status.st_mode):
            yield LocalFile(prefix + entry.name, path, Stamp.of(status))


def _status(path: Path) -> os.stat_result | None:
    """None for what is gone since, and for links to nowhere."""
    try:
        return path.stat()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return None
        raise Unreadable(f"{path} can't be read: {error.strerror}.") from None


def _inside(path: Path, fence: Path) -> bool:
    return not path.is_symlink() or Path(os.path.realpath(path)).is_relative_to(fence)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [e for e in entries if not e.name.startswith(".") and e.name != "__pycache__"]
    except OSError as error:
        raise Unreadable(f"{folder} can't be read: {error.strerror}.") from None


def _sendable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return "\\" not in name and name.isprintable()
