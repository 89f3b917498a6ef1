"""One file on its way from the server: beside its place, resumed, verified, unpacked, moved in."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx
from anyio import to_thread

from training_manager_ros.training.checksums import Hash, md5, stored
from training_manager_ros.training.control import Control
from training_manager_ros.training.ledger import writing
from training_manager_ros.training.models import StoredObject
from training_manager_ros.training.names import COMPRESSED
from training_manager_ros.training.reading import parse_json, text, whole
from training_manager_ros.training.result_urls import ResultUrls
from training_manager_ros.training.results import Results
from training_manager_ros.training.store import PLAIN, length_of, note, total_of
from training_manager_ros.training.transfer import (
    Damaged,
    FileFailed,
    Means,
    Passing,
    Permanent,
    check_status,
    persist,
    reached,
    undamaged,
)
from training_manager_ros.training.unpack import Broken, require_room, unpack

__all__ = ["FileDownloader", "size_of"]

BLOCK = 1 << 20  # bytes written at once


@dataclass(frozen=True)
class _Source:
    """What a part is a part of; a part may be continued only if it is still the same."""

    validator: str = ""  # an ETag or a time, for If-Range
    size: int | None = None
    md5: str | None = None

    @classmethod
    def of(cls, headers: httpx.Headers) -> _Source:
        return cls(_validator(headers), length_of(headers), stored(headers).md5)

    @classmethod
    def read(cls, path: Path) -> _Source:
        value: object = None
        with suppress(OSError, ValueError):
            value = parse_json(path.read_bytes())
        if not isinstance(value, dict):
            return cls()
        return cls(
            text(value.get("validator")), whole(value.get("size")), text(value.get("md5")) or None
        )

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(vars(self)))


@dataclass(frozen=True)
class _Rest:
    source: _Source
    have: int  # bytes of the part that stay
    digest: Hash  # of those
    more: bool  # the answer's body belongs behind them


@dataclass(frozen=True)
class _Received:
    source: _Source
    size: int
    md5: str


class FileDownloader:
    """Downloads files of one run; one instance a download."""

    def __init__(
        self,
        means: Means,
        urls: ResultUrls,
        results: Results,
        control: Control,
        *,
        final: bool,
    ) -> None:
        self._means = means
        self._urls = urls
        self._results = results
        self._control = control
        self._final = final
        self._expected: dict[str, int] = {}  # bytes that the meter was told of

    def expect(self, name: str, size: int) -> None:
        """Tell the meter how large a file is, once it is known."""
        self._means.meter.expect(0, size - self._expected.get(name, 0))
        self._expected[name] = size

    async def fetch(self, name: str, path: str, told: StoredObject) -> None:
        """Bring a file to its place below the run's folder.

        `told` is what is known of what is stored. Raises `FileFailed` or `Unavailable` with a text
        that names the file.
        """
        if not self._final:
            told = StoredObject()  # it may have changed since; what the store sends with it counts
        await undamaged(lambda: self._fetch(name, path, told), name)

    async def _fetch(self, name: str, path: str, told: StoredObject) -> None:
        part = self._results.part(name)

        async def attempt(fresh: bool) -> _Received:
            return await self._receive(name, part, fresh)

        received = await persist(attempt, name, self._means)
        expected = told.md5 or received.source.md5
        size = received.size
        content = received.md5  # of what comes to its place
        problem = ""
        if expected is not None and received.md5 != expected:
            problem = "what arrived is not what is stored, by its hash"
        elif told.size not in (None, size):
            problem = f"{size} bytes arrived of {told.size}"
        ready = part
        if name.endswith(COMPRESSED) and not problem:
            ready = part.with_suffix(".unpacked")
            try:
                content = await to_thread.run_sync(self._unpack, part, ready)
            except Broken as error:
                if expected is not None:
                    raise FileFailed(
                        f"{name}: the run left it broken ({error}); the run has to be made again."
                    ) from None
                problem = f"it can't be unpacked: {error}"
        if problem:
            await to_thread.run_sync(_forget, part)
            self._means.meter.credit(-size)
            raise Damaged(problem)
        await to_thread.run_sync(self._place, ready, name, path, received.md5, content)
        await to_thread.run_sync(_forget, part)

    def _unpack(self, part: Path, ready: Path) -> str:
        with writing(self._results.skill):
            return unpack(part, ready, self._control)

    def _place(self, ready: Path, name: str, path: str, digest: str, content: str) -> None:
        self._results.put(ready, name, path, digest, content, final=self._final)

    async def _receive(self, name: str, part: Path, fresh: bool) -> _Received:
        """One attempt to get the rest of a file."""
        url = await self._urls.get(name, fresh=fresh)
        meter = self._means.meter
        noted = part.with_suffix(".json")
        source = await to_thread.run_sync(_Source.read, noted)
        have = await to_thread.run_sync(size_of, part) if source.validator else 0
        if have and have == source.size:
            have -= 1  # so that the store still says of what file this is all
        headers = dict(PLAIN)
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": source.validator}
        counted = 0  # bytes of this file that the meter holds
        moved = 0
        started = time.monotonic()
        try:
            async with self._means.http.stream(
                "GET", url, headers=headers, timeout=self._means.timeout
            ) as answer:
                note("GET", name, answer.status_code, started)
                rest = await self._rest(answer, part, have, source)
                have, digest = rest.have, rest.digest
                if rest.source.size is not None:
                    self.expect(name, rest.source.size)
                meter.credit(have)
                counted = have
                with writing(self._results.skill):
                    opened = await to_thread.run_sync(_opened, part, have)
                    if rest.source is not source:
                        # Not before the part is empty: it must not be taken for one of this source.
                        await to_thread.run_sync(rest.source.write, noted)
                source = rest.source

                def take(block: bytes) -> None:
                    with writing(self._results.skill):
                        require_room(part.parent)
                        _write(opened, block)
                    digest.update(block)

                with opened:
                    async for block in _blocks(answer if rest.more else None):
                        await self._means.pace.take(len(block))
                        await to_thread.run_sync(take, block)
                        moved += len(block)
                        counted += len(block)
                        meter.moved(len(block))
                    with writing(self._results.skill):
                        await to_thread.run_sync(os.fsync, opened.fileno())
            size = have + moved
            if source.size is not None and size != source.size:
                raise Passing(f"{size} bytes arrived of {source.size}", moved=moved > 0)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            meter.credit(-counted)  # what has arrived counts again when the rest is asked for
            raise reached(error, moved=moved > 0) from None
        except BaseException:
            meter.credit(-counted)
            raise
        self.expect(name, size)
        return _Received(source, size, digest.hexdigest())

    async def _rest(self, answer: httpx.Response, part: Path, have: int, source: _Source) -> _Rest:
        """What an answer means for the part that is there."""
        status, headers = answer.status_code, answer.headers
        if status == 404:
            raise Permanent("the server lists it, but it is not there; download again later.")
        if status == 416 and source.size is None and have == total_of(headers):
            return _Rest(source, have, await to_thread.run_sync(_digest, part, have), more=False)
        if status == 416 or (status == 206 and not _continues(headers, have, source)):
            await to_thread.run_sync(_forget, part)
            raise Passing("the stored file changed meanwhile")
        check_status(status, headers)
        if headers.get("content-encoding", "identity") != "identity":
            raise Permanent("the store sends it otherwise than asked for; ask those who run it.")
        if status == 206:
            return _Rest(source, have, await to_thread.run_sync(_digest, part, have), more=True)
        return _Rest(_Source.of(headers), 0, md5(), more=True)


async def _blocks(answer: httpx.Response | None) -> AsyncIterator[bytes]:
    """The body in pieces that are worth a write; what arrived before a break is not lost."""
    if answer is None:
        return
    buffer = bytearray()
    try:
        async for piece in answer.aiter_raw():
            buffer += piece
            if len(buffer) >= BLOCK:
                yield bytes(buffer)
                buffer.clear()
    except httpx.TransportError:
        if buffer:
            yield bytes(buffer)
        raise
    if buffer:
        yield bytes(buffer)


def _continues(headers: httpx.Headers, have: int, source: _Source) -> bool:
    """Whether a partial answer is the part that was asked for; not all stores heed If-Range."""
    starts = headers.get("content-range", "").startswith(f"bytes {have}-")
    same = _validator(headers) in ("", source.validator)
    return have > 0 and starts and same and source.size in (None, total_of(headers))


def _validator(headers: httpx.Headers) -> str:
    tag: str = headers.get("etag", "")
    return tag if tag and not tag.startswith("W/") else headers.get("last-modified", "")


def _write(file: BinaryIO, block: bytes) -> None:
    rest = memoryview(block)
    while rest:  # a disk that becomes full takes a part of it first
        rest = rest[file.write(rest) :]


def _opened(part: Path, have: int) -> BinaryIO:
    opened = part.open("r+b" if have else "wb", buffering=0)
    opened.truncate(have)
    opened.seek(have)
    return opened


def size_of(part: Path) -> int:
    """Bytes of a file that have arrived."""
    try:
        return part.stat().st_size
    except FileNotFoundError:
        return 0


def _digest(part: Path, size: int) -> Hash:
    digest = md5()
    with part.open("rb", buffering=0) as opened:
        while block := opened.read(min(BLOCK, size)):
            digest.update(block)
            size -= len(block)
    return digest


def _forget(part: Path) -> None:
    for path in (part, part.with_suffix(".json"), part.with_suffix(".unpacked")):
        path.unlink(missing_ok=True)
