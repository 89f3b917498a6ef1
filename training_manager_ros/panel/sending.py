"""Sends files: by range, in chunks, at the client's pace, without blocking on a slow disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tornado.web import Finish

from training_manager_ros.errors import NotFound, Unreadable
from training_manager_ros.panel.handlers import PanelHandler, Refused
from training_manager_ros.panel.ranges import (
    NOT_MODIFIED,
    Part,
    Revision,
    Unsatisfiable,
    is_known,
    part_asked_for,
)

__all__ = [
    "CHUNK",
    "OpenFile",
    "open_file",
    "revision_of",
    "revision_of_made",
    "send_file",
    "send_not_modified",
]

CHUNK = 512 * 1024  # bytes in memory for each client


@dataclass(frozen=True)
class OpenFile:
    """A file that is open for reading: it stays the same one if it is replaced meanwhile."""

    descriptor: int
    revision: Revision
    identify: Callable[[os.stat_result], Revision]

    def read(self, start: int, length: int) -> bytes:
        """Bytes from `start` on; b"" if the file is not what it was any more."""
        chunk = os.pread(self.descriptor, length, start)
        return chunk if self.identify(os.fstat(self.descriptor)) == self.revision else b""

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)


def open_file(path: Path, identify: Callable[[os.stat_result], Revision]) -> OpenFile:
    """Open a regular file; `identify` makes a revision of its stat.

    Raises `NotFound`, or `Unreadable` if it is no file or can't be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound(f"{path.name} is not there (any more).") from None
    except OSError as error:
        raise Unreadable(f"{path.name} can't be opened: {error.strerror}.") from error
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise Unreadable(f"{path.name} is no regular file.")
    return OpenFile(descriptor, identify(facts), identify)


def revision_of(facts: os.stat_result, variant: str = "") -> Revision:
    """What identifies the present content of a file, from its stat.

    `variant` tells representations of one file apart.
    """
    parts = f"{facts.st_mtime_ns:x}-{facts.st_size:x}-{facts.st_ino:x}{variant and '-' + variant}"
    return Revision(f'"{parts}"', facts.st_size, facts.st_mtime)


def revision_of_made(facts: os.stat_result) -> Revision:
    """The same for a file of the cache: never changed once it is there, but touched by each use."""
    return Revision(f'"{facts.st_size:x}-{facts.st_ino:x}"', facts.st_size, None)


def send_not_modified(handler: PanelHandler, revision: Revision) -> bool:
    """Set the validators; answer 304 and give True if the client has this revision."""
    handler.set_header("ETag", revision.etag)
    if revision.last_modified is not None:
        handler.set_header("Last-Modified", revision.last_modified)
    if not is_known(handler.request.headers, revision):
        return False
    handler.set_status(NOT_MODIFIED)
    handler.finish()
    return True


async def send_file(handler: PanelHandler, file: OpenFile, content_type: str) -> None:
    """Answer GET or HEAD with a file, or the part that is asked for."""
    revision = file.revision
    handler.set_header("Accept-Ranges", "bytes")
    if send_not_modified(handler, revision):
        return
    method = handler.request.method or ""
    try:
        part = part_asked_for(method, handler.request.headers, revision)
    except Unsatisfiable:
        raise Refused(
            416,
            "The file ends before this range.",
            {"Content-Range": f"bytes */{revision.size}"},
        ) from None
    handler.set_header("Content-Type", content_type)
    handler.set_header("Content-Length", str(part.stop - part.start))
    if not part.whole:
        handler.set_status(206)
        content_range = f"bytes {part.start}-{part.stop - 1}/{revision.size}"
        handler.set_header("Content-Range", content_range)
    if method != "HEAD":
        await _send_part(handler, file, part)
    await handler.finish()


async def _send_part(handler: PanelHandler, file: OpenFile, part: Part) -> None:
    position = part.start
    while position < part.stop:
        length = min(CHUNK, part.stop - position)
        chunk = await handler.panel.reading.run(partial(file.read, position, length))
        if not chunk:
            # Changed or cut short by another program: only a broken connection tells the client.
            connection = handler.request.connection
            if connection is not None:
                connection.stream.close()  # type: ignore[attr-defined]
            raise Finish
        handler.write(chunk)
        await handler.flush()  # goes on when the kernel has taken it all
        position += len(chunk)
