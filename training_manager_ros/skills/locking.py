"""Replacing a file atomically among writers that lock the file itself.

The other programs take an exclusive `flock` on metadata.json, then read and write it by its path.
Readers take no lock, so a new content has to appear by one rename. But a rename puts another file
under the path, and a lock belongs to a file, not to a path. Two things follow:

- Whoever gets the lock may hold that of a file that is no longer there. So it is compared with
  what the path leads to, and taken anew if need be.
- A writer of another program that was waiting meanwhile does not compare: it wakes up with the
  old file's lock and goes on by the path, while a third one could lock the new file. So the new
  file is locked before it appears, and stays locked until nobody has the old one open any more.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["LockTimeout", "LockedFile", "locked", "sync_folder", "without_writers"]

_PAUSE = 0.002  # seconds between two tries to get a lock
_HAND_OVER = 1.0  # seconds that writers who waited for the old file have to come and go


class LockTimeout(Exception):
    """Raised when somebody else holds the lock for too long."""


class LockedFile:
    """A file whose lock is held; made by `locked`."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._seen = _identity(os.fstat(descriptor))

    def replace(self, data: bytes) -> bool:
        """Put `data` in the file's place, with its mode and owner; False if it was changed.

        False means that somebody wrote to it without the lock; then nothing is done. Once only.
        Raises `OSError`, and then nothing is changed either.
        """
        beside = self._path.with_name(f".{self._path.name}.tmp")  # ours alone: we hold the lock
        beside.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(beside, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with os.fdopen(descriptor, "wb", closefd=False) as file:
                file.write(data)
            _take_after(descriptor, os.fstat(self._descriptor))
            os.fsync(descriptor)
            if _identity(self._path.stat()) != self._seen:
                beside.unlink()
                return False
            beside.rename(self._path)
            with contextlib.suppress(OSError):  # it is in place; not every file system can do this
                sync_folder(self._path.parent)
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self._hand_over()
            return True
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)  # with it goes the new file's lock

    def _hand_over(self) -> None:
        """Wait until nobody else has the old file open: a write lease is granted only then."""
        deadline = time.monotonic() + _HAND_OVER
        while time.monotonic() < deadline:
            try:
                fcntl.fcntl(self._descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
                return
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    # Not our file, or a file system without leases. Who waited is awake by now
                    # and needs but a few milliseconds.
                    time.sleep(0.02)
                    return
            time.sleep(_PAUSE / 4)


@contextlib.contextmanager
def locked(path: Path, timeout: float) -> Iterator[LockedFile]:
    """Hold the exclusive lock of the regular file at `path` (no link).

    Raises `LockTimeout` after `timeout` seconds, and `OSError` where it can't be opened to write.
    """
    with _locked(path, timeout, os.O_RDWR, fcntl.LOCK_EX) as descriptor:
        yield LockedFile(path, descriptor)


@contextlib.contextmanager
def without_writers(path: Path, timeout: float) -> Iterator[None]:
    """Hold the shared lock of the regular file at `path`; raises as `locked` does."""
    with _locked(path, timeout, os.O_RDONLY, fcntl.LOCK_SH):
        yield


@contextlib.contextmanager
def _locked(path: Path, timeout: float, access: int, operation: int) -> Iterator[int]:
    deadline = time.monotonic() + timeout
    while (descriptor := _try_lock(path, access, operation)) is None:
        if time.monotonic() >= deadline:
            raise LockTimeout
        time.sleep(_PAUSE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make what was renamed into or inside `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(path: Path, access: int, operation: int) -> int | None:
    """The descriptor of the locked file, or None; never waits, and never keeps a file open."""
    if not stat.S_ISREG(path.lstat().st_mode):  # opening anything else could block
        raise OSError(errno.EINVAL, "it is no regular file")
    flags = os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY
    descriptor = os.open(path, access | flags)
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        ours, there = os.fstat(descriptor), path.lstat()
        if (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino):
            return descriptor
    except BlockingIOError:
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _take_after(descriptor: int, status: os.stat_result) -> None:
    """Give a new file the owner, group and mode of the one that it replaces."""
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        try:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        except PermissionError:  # only root can give files away; the group is what is shared
            with contextlib.suppress(PermissionError):
                os.fchown(descriptor, -1, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
