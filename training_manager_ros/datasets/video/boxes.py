"""The boxes that an MP4 file is made of, read and built as bytes (ISO/IEC 14496-12, 4.2)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["Extent", "box", "child", "children", "full_box", "top_level"]


@dataclass(frozen=True)
class Extent:
    """Where a top-level box lies in its file."""

    kind: bytes
    start: int  # of its header
    content: int  # first byte after the header
    end: int  # first byte after it, as declared: beyond the file's end where that is cut off


def top_level(file: BinaryIO) -> Iterator[Extent]:
    """The boxes of a file in order; stops at what is no box."""
    size_of_file = os.fstat(file.fileno()).st_size
    start = 0
    while start + 8 <= size_of_file:
        file.seek(start)
        header = file.read(16)
        size, kind = struct.unpack_from(">I4s", header)
        content = start + 8
        if size == 1 and len(header) == 16:
            (size,) = struct.unpack_from(">Q", header, 8)
            content = start + 16
        elif size == 0:
            size = size_of_file - start
        if size < content - start:
            return
        yield Extent(kind, start, content, start + size)
        start += size


def children(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the boxes inside a box; stops at what is no box."""
    start = 0
    while start + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        content = start + 8
        if size == 1 and start + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, start + 8)
            content = start + 16
        elif size == 0:
            size = len(data) - start
        if size < content - start or start + size > len(data):
            return
        yield kind, data[content : start + size]
        start += size


def child(data: bytes, *path: bytes) -> bytes | None:
    """The content of the box at `path` below `data`; None where there is none."""
    for wanted in path:
        found = next((content for kind, content in children(data) if kind == wanted), None)
        if found is None:
            return None
        data = found
    return data


def box(kind: bytes, *content: bytes) -> bytes:
    """A box around `content`."""
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full_box(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box whose content begins with a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)
