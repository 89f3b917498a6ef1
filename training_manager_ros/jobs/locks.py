"""Who may touch a skill: many readers or one writer, across all processes of this machine.

The node's jobs and a command in a shell take the same locks, files below the skills directory that
the kernel frees when a process dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["SkillLocks"]


class SkillLocks:
    """Locks held by one job; as a context manager they are released at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: list[int] = []

    @property
    def descriptors(self) -> list[int]:
        """The open lock files; a process that inherits them holds the locks too."""
        return list(self._held)

    def acquire(self, reads: Iterable[str], writes: Iterable[str]) -> str:
        """Take all locks or none, without waiting. Returns the name of a skill in use, or ""."""
        self._folder.mkdir(parents=True, exist_ok=True)
        wanted = {**dict.fromkeys(reads, fcntl.LOCK_SH), **dict.fromkeys(writes, fcntl.LOCK_EX)}
        for name, mode in sorted(wanted.items()):
            descriptor = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o666)
            self._held.append(descriptor)
            try:
                fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
            except BlockingIOError:
                self.release()
                return name
        return ""

    def release(self) -> None:
        """Give all locks back."""
        while self._held:
            with contextlib.suppress(OSError):
                os.close(self._held.pop())

    def __enter__(self) -> SkillLocks:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
