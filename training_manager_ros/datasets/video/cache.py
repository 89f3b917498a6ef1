"""A folder of files that can be made again: bounded, and shared by several processes.

A file is written beside under a hidden name and appears by one rename, so what can be seen is
whole. Its writer holds a lock on the hidden file; what nobody holds is the leftover of a crash and
goes. Which file was used last is told by its time of access; its time of change stays, since a
browser takes another one for another file.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["FileCache"]

_log = logging.getLogger("training_manager.video")

_PART = ".part"
_SMALL_SHARE = 64  # the folder is looked through each time 1/64 of its limit was added


class FileCache:
    """Files by name, at most `max_bytes` together; those used longest ago go first.

    Safe for threads and processes. The file that was made last stays even if it is larger than
    `max_bytes` alone. Where the folder can't be used, nothing is found and `make` raises `OSError`.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._added = 0  # bytes since the folder was last looked through
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._trim()
        except OSError as error:
            _log.warning("Nothing can be kept in %s: %s", folder, error.strerror)

    def get(self, name: str) -> Path | None:
        """The file of that name, marked as used now; None where it is not there."""
        path = self._folder / name
        try:
            os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
        except OSError:
            return None
        return path

    def discard(self, name: str) -> None:
        """Forget a file that turned out to be no good."""
        (self._folder / name).unlink(missing_ok=True)

    @contextmanager
    def make(self, name: str) -> Iterator[Path]:
        """A path to write to; when the block ends without an error it becomes the file `name`."""
        part, descriptor = self._claim(name)
        try:
            yield part
            os.fsync(descriptor)
            size = os.fstat(descriptor).st_size
            os.replace(part, self._folder / name)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
        with self._lock:
            self._added += size
            due = self._added * _SMALL_SHARE > self._max_bytes
        if due:
            self._trim()

    def _claim(self, name: str) -> tuple[Path, int]:
        """Make a hidden file and lock it, in spite of others who may take it for a leftover."""
        while True:
            part = self._folder / f".{name}.{uuid.uuid4().hex}{_PART}"
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return part, descriptor
            os.close(descriptor)

    def _trim(self) -> None:
        with self._lock:
            self._added = 0
        files = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):  # another process trims, too
                    if entry.name.endswith(_PART):
                        _remove_if_abandoned(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        status = entry.stat(follow_symlinks=False)
                        files.append((status.st_atime_ns, status.st_size, entry.path))
        files.sort()
        total = sum(size for _, size, _ in files)
        for _, size, path in files[:-1]:
            if total <= self._max_bytes:
                break
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
            total -= size


def _remove_if_abandoned(path: str) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)
    except BlockingIOError:
        pass  # somebody writes to it
    finally:
        os.close(descriptor)
