"""A part of a run's log as text: bytes by offset, cut where characters begin.

A server gives any bytes of a log, and its pieces end anywhere. What is handed on begins and ends
between two characters, so that parts that follow each other are the whole text.
"""

from __future__ import annotations

import codecs
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

__all__ = ["LogBytes", "RunLog", "read_part"]

LONGEST = 4  # bytes of a character


@dataclass(frozen=True)
class RunLog:
    """A part of a run's log; ask for `next_offset` next."""

    text: str
    start: int
    next_offset: int
    complete: bool  # nothing more will come after this


@dataclass(frozen=True)
class LogBytes:
    """What the server gives of a log."""

    data: bytes
    start: int
    complete: bool  # nothing more will come after this


Ask = Callable[[int, int], Awaitable[LogBytes]]


async def read_part(ask: Ask, offset: int, limit: int) -> RunLog:
    """The part from `offset` on (negative: from the end), about `limit` bytes long.

    `ask` gives bytes by offset and limit. The part begins later where the offset is within a
    character, and is a few bytes longer where it would be shorter than a character. What is no
    UTF-8 becomes U+FFFD.
    """
    part = await ask(offset, limit)
    start, data, complete = part.start, part.data, part.complete
    if data and start > 0 and _continues(data[0]):
        torn = _torn(await _between(ask, max(0, start - LONGEST + 1), start), data)
        start, data = start + torn, data[torn:]
    text, used = _decoded(data, whole=complete)
    while part.data and not text and not complete:
        more = await ask(start + len(data), limit)
        complete = more.complete
        gap = more.start != start + len(data)
        if not gap:
            data += more.data
        text, used = _decoded(data, whole=complete or gap)
        if gap or not more.data:
            break
    return RunLog(text, start, start + used, complete)


async def _between(ask: Ask, start: int, end: int) -> bytes:
    """Those bytes, which may come in pieces; none where some of them are gone."""
    data = b""
    while start + len(data) < end:
        part = await ask(start + len(data), end - start - len(data))
        if not part.data or part.start != start + len(data):
            return b""
        data += part.data
    return data


def _decoded(data: bytes, *, whole: bool) -> tuple[str, int]:
    """The text, and how many bytes it took: all, or all but an unfinished character at the end."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, final=whole)
    return text, len(data) - len(decoder.getstate()[0])


def _continues(byte: int) -> bool:
    return byte & 0b1100_0000 == 0b1000_0000


def _torn(before: bytes, data: bytes) -> int:
    """How many bytes at the start of `data` belong to a character that begins in `before`."""
    for back in range(1, len(before) + 1):
        for on in range(1, min(LONGEST, len(data) + 1)):
            try:
                torn = len((before[-back:] + data[:on]).decode()) == 1
            except UnicodeDecodeError:
                continue
            if torn:
                return on
    return 0
