"""Reading metadata.json: never half of it, never blocked by it, and never fooled by it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training_manager_ros.errors import Conflict, NotFound, Unreadable
from training_manager_ros.skills.folders import METADATA
from training_manager_ros.skills.jsontext import kind, parse_json
from training_manager_ros.skills.locking import LockTimeout, without_writers

__all__ = ["MAX_BYTES", "Metadata", "StaleRevision", "metadata_path", "read_metadata"]

MAX_BYTES = 2**20  # far more than any skill needs; a larger file is not read at all
_PATIENCE = 0.5  # seconds to wait for a writer that is at work on a file that looks broken


@dataclass(frozen=True)
class Metadata:
    """A metadata.json as it was at one moment."""

    text: str  # as on disk; bytes that are no UTF-8 are replaced
    revision: str  # of exactly these bytes
    value: Mapping[str, Any] | None  # None where the text is no JSON object
    problem: str = ""  # why `value` is None, and what to do


class StaleRevision(Conflict):
    """Raised when metadata.json is not, or no longer, what a patch was made from.

    Also when another program keeps it locked. `current` is what it is now.
    """

    def __init__(self, message: str, current: Metadata) -> None:
        super().__init__(message)
        self.current = current


def read_metadata(folder: Path) -> Metadata:
    """Read a skill folder's metadata.json; also one that is not valid JSON.

    Takes no lock, but where the text looks broken a writer at work gets a moment to finish.
    Raises `NotFound` where there is none, and `Unreadable` where it can't be read.
    """
    path = metadata_path(folder)
    deadline = time.monotonic() + _PATIENCE
    metadata = read_file(path)
    while metadata.value is None and time.monotonic() < deadline:
        try:
            with without_writers(path, timeout=0):
                return read_file(path)
        except LockTimeout:
            time.sleep(0.002)
            metadata = read_file(path)
        except OSError:  # it was replaced or closed to us in this moment
            break
    return metadata


def metadata_path(folder: Path) -> Path:
    """Where the metadata.json really is: a link is followed within the skills directory only.

    Raises as `read_metadata` does.
    """
    path = folder / METADATA
    with readable(folder):
        if not stat.S_ISLNK(path.lstat().st_mode):
            return path
        real = Path(os.path.realpath(path, strict=True))
        if Path(os.path.realpath(folder.parent)) not in real.parents:
            raise Unreadable(
                f"{METADATA} of {folder.name} is a link that leads out of the skills directory, "
                "which is not followed; put the file itself there."
            )
        return real


def read_file(path: Path) -> Metadata:
    """Read the file at `path` (see `metadata_path`) as it is at this moment."""
    with readable(path.parent):
        # Opening a FIFO or a device could block or do something, so look first and never wait.
        _require_file(path, path.stat().st_mode)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            _require_file(path, status.st_mode)
            data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"{METADATA} of {path.parent.name} has {max(status.st_size, len(data)):,} bytes, "
            f"which is more than the {MAX_BYTES:,} that are read; make it smaller."
        )
    return parse_metadata(data)


def parse_metadata(data: bytes) -> Metadata:
    """What the bytes of a metadata.json say."""
    revision = hashlib.sha256(data).hexdigest()[:32]
    value = None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", "replace")
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"is not UTF-8 text (line {line})"
    else:
        problem = ""
        try:
            value = parse_json(text)
        except ValueError as error:
            problem = "is empty" if not text.strip() else str(error)
        else:
            if not isinstance(value, dict):
                problem = f"must hold a JSON object, not {kind(value)}"
    if problem:
        return Metadata(text, revision, None, f"{METADATA} {problem}; correct it by hand.")
    return Metadata(text, revision, value)


@contextlib.contextmanager
def readable(folder: Path) -> Iterator[None]:
    """Turn what the system says about a skill's metadata.json into `NotFound` or `Unreadable`."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        if os.path.lexists(folder / METADATA):
            raise Unreadable(
                f"{METADATA} of {folder.name} is a link that leads nowhere; "
                "remove it or bring back what it points to."
            ) from error
        raise NotFound(f"There is no {METADATA} in {folder.name}, so it is no skill.") from error
    except PermissionError as error:
        raise Unreadable(
            f"{METADATA} of {folder.name} can't be read: no permission; "
            "give the user that runs this program access to the folder and the file."
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unreadable(f"{METADATA} of {folder.name} can't be read: {reason}.") from error


def _require_file(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise Unreadable(
            f"{METADATA} of {path.parent.name} is {what}; move it away and put the file there."
        )
