"""Linux's inotify, as thin as it can be: single folders, told apart by the kernel's numbers.

Libraries watch whole trees, with an event for every write; here a recording in progress writes
all the time, and most folders below a skill say nothing about it.
"""

from __future__ import annotations

import ctypes
import os
import struct
from typing import NamedTuple

__all__ = ["Event", "Inotify"]

# linux/inotify.h
ATTRIB = 0x00000004
CLOSE_WRITE = 0x00000008
MOVED_FROM = 0x00000040
MOVED_TO = 0x00000080
CREATE = 0x00000100
DELETE = 0x00000200
DELETE_SELF = 0x00000400
MOVE_SELF = 0x00000800
OVERFLOW = 0x00004000  # events were lost
ISDIR = 0x40000000  # the entry is a folder
_ONLYDIR = 0x01000000

_HEADER = struct.Struct("iIII")  # watch, mask, cookie, length of the name that follows
_BUFFER = 256 * 1024


class Event(NamedTuple):
    """Something that happened to the entry `name` of a watched folder, or to the folder ("")."""

    watch: int  # -1 for an overflow
    mask: int
    name: str


class Inotify:
    """One inotify instance. Raises `OSError` with the system's errno, ENOSPC at its limits."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self._checked(self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))

    def add(self, folder: str, mask: int) -> int:
        """Watch a folder and return the watch's number: the same for the same folder."""
        return self._checked(
            self._libc.inotify_add_watch(
                self.descriptor, os.fsencode(folder), ctypes.c_uint32(mask | _ONLYDIR)
            ),
            folder,
        )

    def remove(self, watch: int) -> None:
        """Stop a watch; one that is over already is no error."""
        self._libc.inotify_rm_watch(self.descriptor, watch)

    def read(self) -> list[Event]:
        """What has happened; empty if nothing has."""
        try:
            data = os.read(self.descriptor, _BUFFER)
        except BlockingIOError:
            return []
        events = []
        position = 0
        while position < len(data):
            watch, mask, _, length = _HEADER.unpack_from(data, position)
            position += _HEADER.size
            name = data[position : position + length].rstrip(b"\0")
            events.append(Event(watch, mask, os.fsdecode(name)))
            position += length
        return events

    def close(self) -> None:
        """Stop all watches."""
        os.close(self.descriptor)

    @staticmethod
    def _checked(result: int, path: str = "") -> int:
        if result < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
        return result
