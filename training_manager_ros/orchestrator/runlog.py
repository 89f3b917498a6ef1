"""A run's log: read by offset, while it is written and after; the middle of a long one is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Chunk", "log_end", "log_tail", "read_log", "whole_log"]

PIECE = 1 << 20  # bytes read at once


@dataclass(frozen=True)
class Chunk:
    """A piece of a log; `start` is past what was asked for where that was dropped."""

    data: bytes
    start: int
    next: int


def read_log(folder: Path, offset: int, limit: int) -> Chunk:
    """At most `limit` bytes from `offset` on; empty at the end."""
    for start in _starts(folder):
        try:
            with (folder / f"{start:015d}").open("rb") as file:
                size = file.seek(0, 2)
                if start + size <= offset:
                    continue
                begin = max(offset, start)
                file.seek(begin - start)
                data = file.read(limit)
        except FileNotFoundError:  # dropped while we looked
            continue
        return Chunk(data, begin, begin + len(data))
    return Chunk(b"", offset, offset)


def log_end(folder: Path) -> int:
    """The offset that the next byte will get."""
    starts = _starts(folder)
    return starts[-1] + (folder / f"{starts[-1]:015d}").stat().st_size if starts else 0


def log_tail(folder: Path, lines: int = 15, limit: int = 4000) -> str:
    """The last lines as a person would see them: of a bar that was drawn over, its last state."""
    end = log_end(folder)
    data = b""
    chunk = read_log(folder, max(0, end - 4 * limit), 4 * limit)
    while chunk.data:
        data += chunk.data
        chunk = read_log(folder, chunk.next, 4 * limit)
    text = data.decode("utf-8", "replace").replace("\0", "")
    shown = [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in text.split("\n")]
    kept = [line for line in shown if line and not line.startswith("[training-manager]")]
    return "\n".join(kept[-lines:])[-limit:]


def whole_log(folder: Path) -> Iterator[bytes]:
    """All that is left of a log, with a line where something was dropped."""
    offset = 0
    while (chunk := read_log(folder, offset, PIECE)).data:
        if chunk.start > offset:
            yield f"\n[{chunk.start - offset} bytes were left out]\n".encode()
        yield chunk.data
        offset = chunk.next


def _starts(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit())
