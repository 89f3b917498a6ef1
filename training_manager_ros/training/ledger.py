"""What was uploaded from a skill, with content hashes: `.training_manager/upload.jsonl`.

One line a file, appended as soon as the file is on the server and verified, so that after a kill
only files are uploaded again that were under way. A line that is torn is skipped.
A hash is believed as long as size, time and inode are the same. The folder's own inode is noted,
too: a copy of the folder, which has the same ledger, is known by it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

from training_manager_ros.errors import Conflict, TrainingManagerError
from training_manager_ros.training.manifest import Stamp
from training_manager_ros.training.reading import Json, text, whole
from training_manager_ros.training.statefile import read_lines

__all__ = [
    "STATE_FOLDER",
    "Complete",
    "Ledger",
    "LedgerWriter",
    "Record",
    "claim",
    "locked",
    "read_ledger",
    "writing",
]

STATE_FOLDER = ".training_manager"  # in the skill's folder; hidden, so never uploaded
FILE = "upload.jsonl"


@dataclass(frozen=True)
class Record:
    """The last thing known about a file."""

    stamp: Stamp
    md5: str
    uploaded: bool  # to the skill_id that the ledger is about


@dataclass(frozen=True)
class Complete:
    """The last upload that was whole."""

    episodes: int
    at: str  # ISO 8601, UTC


@dataclass
class Ledger:
    """The ledger's content; records are by file name."""

    server: str = ""
    skill_id: str = ""
    inode: int | None = None  # of the folder that was uploaded
    records: dict[str, Record] = field(default_factory=dict)
    complete: Complete | None = None

    def take(self, line: Json) -> None:
        """Add one line."""
        if "skill_id" in line:
            self.server, self.skill_id = text(line.get("server")), text(line.get("skill_id"))
            self.inode = whole(line.get("inode"))
            self.complete = None
            self.records = {
                name: Record(known.stamp, known.md5, False) for name, known in self.records.items()
            }
        elif "complete" in line:
            self.complete = Complete(whole(line["complete"]) or 0, text(line.get("at")))
        elif "file" in line:
            size, mtime, inode = (whole(line.get(key)) for key in ("size", "mtime", "inode"))
            md5 = text(line.get("md5"))
            if size is not None and mtime is not None and inode is not None and md5:
                stamp = Stamp(size, mtime, inode)
                self.records[text(line["file"])] = Record(stamp, md5, line.get("up") is True)

    def as_lines(self) -> list[dict[str, object]]:
        """The lines that give this content."""
        lines: list[dict[str, object]] = [
            {"server": self.server, "skill_id": self.skill_id, "inode": self.inode}
        ]
        lines += [_line(name, record) for name, record in self.records.items()]
        if self.complete is not None:
            lines.append({"complete": self.complete.episodes, "at": self.complete.at})
        return lines


def read_ledger(folder: Path) -> Ledger:
    """The ledger of a skill; an empty one if there is none or nothing of it can be read."""
    ledger = Ledger()
    for line in read_lines(folder / STATE_FOLDER / FILE):
        ledger.take(line)
    return ledger


class LedgerWriter:
    """Appends to the ledger of a skill while it is being uploaded."""

    def __init__(self, folder: Path, server: str, skill_id: str) -> None:
        self.ledger = read_ledger(folder)
        self._folder = folder
        self._path = folder / STATE_FOLDER / FILE
        if (self.ledger.server, self.ledger.skill_id) != (server, skill_id):
            self.ledger.take({"server": server, "skill_id": skill_id})
        with writing(folder):
            self.ledger.inode = folder.stat().st_ino
            # Written anew at each start: short again, and no torn line left at its end.
            _write(self._path, self.ledger)
            self._file: IO[bytes] = self._path.open("ab", buffering=0)

    def __enter__(self) -> LedgerWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def record(self, name: str, stamp: Stamp, md5: str, *, uploaded: bool) -> None:
        """Note a file's hash, and whether the file is on the server now."""
        self._append(_line(name, Record(stamp, md5, uploaded)))

    def complete(self, episodes: int) -> None:
        """Note that all files are on the server now."""
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._append({"complete": episodes, "at": at})

    def _append(self, line: dict[str, object]) -> None:
        self.ledger.take(line)
        with writing(self._folder):
            self._file.write(_written(line))


def claim(folder: Path) -> None:
    """Begin an empty ledger that names this folder, and no skill on a server yet."""
    with writing(folder):
        path = folder / STATE_FOLDER / FILE
        path.parent.mkdir(exist_ok=True)
        _write(path, Ledger(inode=folder.stat().st_ino))


@contextlib.contextmanager
def locked(folder: Path, what: str) -> Iterator[None]:
    """Hold a skill for one upload or download, against all processes of this machine.

    Raises `Conflict` if somebody else holds it.
    """
    with contextlib.ExitStack() as stack:
        with writing(folder):
            state = folder / STATE_FOLDER
            state.mkdir(exist_ok=True)
            lock = stack.enter_context((state / f"{what}.lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = f"Another {what.partition('-')[0]} of {folder.name}"
            raise Conflict(f"{other} is running already; wait until it is done.") from None
        yield


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say in words why a skill's folder can't be written."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TrainingManagerError("The disk is full; make room and start again.") from error
        remedy = {
            errno.EACCES: " Give the user that runs this program access to it.",
            errno.EPERM: " Give the user that runs this program access to it.",
            errno.EROFS: " Mount its disk for writing first.",
        }.get(error.errno or 0, "")
        raise TrainingManagerError(
            f"The folder of {folder.name} can't be written: {error.strerror}.{remedy}"
        ) from error


def _line(name: str, record: Record) -> dict[str, object]:
    stamp = record.stamp
    return {
        "file": name,
        "size": stamp.size,
        "mtime": stamp.mtime_ns,
        "inode": stamp.inode,
        "md5": record.md5,
        "up": record.uploaded,
    }


def _written(line: dict[str, object]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _write(path: Path, ledger: Ledger) -> None:
    fresh = path.with_suffix(".tmp")
    with fresh.open("wb") as file:
        file.writelines(_written(line) for line in ledger.as_lines())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
