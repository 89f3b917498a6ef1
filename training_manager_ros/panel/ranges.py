"""Conditional and range requests: what part of a file a request asks for (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime

__all__ = ["NOT_MODIFIED", "Part", "Revision", "Unsatisfiable", "is_known", "part_asked_for"]

NOT_MODIFIED = 304
_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?("[^"]*")')


class Unsatisfiable(Exception):
    """Raised when a range lies behind the end of the file."""


@dataclass(frozen=True)
class Revision:
    """What a file is now: changes with every write and every replacement."""

    etag: str  # strong, with its quotes
    size: int
    modified: float | None  # seconds since the epoch; None where that says nothing

    @property
    def last_modified(self) -> str | None:
        """The time of change as HTTP writes it."""
        return None if self.modified is None else formatdate(self.modified, usegmt=True)


@dataclass(frozen=True)
class Part:
    """Bytes `start` to `stop` (exclusive) of a file; `whole` if no range was asked for."""

    start: int
    stop: int
    whole: bool


def is_known(headers: Mapping[str, str], revision: Revision) -> bool:
    """Whether the client has this revision already, so that 304 is the answer."""
    tags = headers.get("If-None-Match")
    if tags is not None:
        return tags.strip() == "*" or revision.etag in _TAG.findall(tags)
    since = headers.get("If-Modified-Since")
    if since is None or revision.modified is None:
        return False
    try:
        return int(revision.modified) <= parsedate_to_datetime(since).timestamp()
    except (TypeError, ValueError, OverflowError):
        return False


def part_asked_for(method: str, headers: Mapping[str, str], revision: Revision) -> Part:
    """The part of a file to send. Several ranges at once get the whole file, which is allowed.

    Raises `Unsatisfiable` if there is no such part.
    """
    whole = Part(0, revision.size, True)
    match = _RANGE.fullmatch(headers.get("Range", "")) if method == "GET" else None
    if match is None or not _still_holds(headers.get("If-Range"), revision):
        return whole
    first, last = match[1], match[2]
    if not first and not last:
        return whole
    if not first:
        length = min(int(last), revision.size)
        if length == 0:
            raise Unsatisfiable
        return Part(revision.size - length, revision.size, False)
    start = int(first)
    if last and int(last) < start:
        return whole  # no valid range, so it is ignored
    if start >= revision.size:
        raise Unsatisfiable
    return Part(start, min(int(last) + 1, revision.size) if last else revision.size, False)


def _still_holds(condition: str | None, revision: Revision) -> bool:
    """Whether If-Range, a strong ETag or a date, names this revision."""
    if condition is None:
        return True
    condition = condition.strip()
    return condition in (revision.etag, revision.last_modified)
