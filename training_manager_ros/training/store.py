"""What the store has under a signed address."""

from __future__ import annotations

import logging
import re
import time

import httpx

from training_manager_ros.training.checksums import stored
from training_manager_ros.training.models import StoredObject
from training_manager_ros.training.transfer import Means, check_status, reached

__all__ = ["CHUNK", "PLAIN", "length_of", "look", "note", "total_of"]

log = logging.getLogger("training_manager.training")

CHUNK = 256 * 1024  # bytes read, hashed and sent at once
PLAIN = {"Accept-Encoding": "identity"}  # sizes and hashes are about the bytes as they are
_TOTAL = re.compile(r"bytes (?:[0-9]+-[0-9]+|\*)/([0-9]{1,18})")


def note(method: str, name: str, status: int, started: float) -> None:
    """Log a transfer by the file's name: its address is a secret."""
    log.info("%s %s %d %.0f ms", method, name, status, (time.monotonic() - started) * 1e3)


def total_of(headers: httpx.Headers) -> int | None:
    """The size of the whole object, from an answer to a Range request."""
    match = _TOTAL.fullmatch(headers.get("content-range", ""))
    return int(match.group(1)) if match else None


def length_of(headers: httpx.Headers) -> int | None:
    """How long the answer's body is."""
    digits = headers.get("content-length", "")
    return int(digits) if digits.isdecimal() and len(digits) < 19 else None


async def look(means: Means, url: str, name: str) -> StoredObject | None:
    """Size and hash of what is stored; None if nothing is there.

    Raises what `check_status` and `reached` give. Where an address is signed for GET alone, one
    byte is asked for instead.
    """
    started = time.monotonic()
    try:
        answer = await means.http.head(url, headers=PLAIN)
        note("HEAD", name, answer.status_code, started)
        if answer.status_code in (400, 403, 405, 501):
            one = {**PLAIN, "Range": "bytes=0-0"}
            started = time.monotonic()
            async with means.http.stream("GET", url, headers=one) as answer:
                note("GET", name, answer.status_code, started)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise reached(error) from None
    if answer.status_code == 404:
        return None
    if answer.status_code in (206, 416):
        return stored(_without_part_hash(answer.headers), total_of(answer.headers))
    check_status(answer.status_code, answer.headers)
    return stored(answer.headers, length_of(answer.headers))


def _without_part_hash(headers: httpx.Headers) -> httpx.Headers:
    whole = httpx.Headers(headers)
    whole.pop("content-md5", None)  # it is the part's
    return whole
