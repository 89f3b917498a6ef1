"""One file on its way to the server: found unchanged, or sent, verified and written down."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import Enum
from io import BytesIO
from typing import BinaryIO

import anyio
import httpx
from anyio import to_thread

from training_manager_ros.training.checksums import md5, stored
from training_manager_ros.training.ledger import LedgerWriter, Record
from training_manager_ros.training.manifest import LocalFile, Stamp, stamp_of
from training_manager_ros.training.models import Listing, StoredObject
from training_manager_ros.training.siblings import Siblings
from training_manager_ros.training.store import CHUNK, PLAIN, look, note
from training_manager_ros.training.transfer import (
    Damaged,
    FileFailed,
    Means,
    Permanent,
    TransferFailed,
    check_status,
    persist,
    reached,
    undamaged,
)
from training_manager_ros.training.urls import UploadUrls

__all__ = ["Changed", "FileUploader", "Step", "decide"]

HASH_CHUNK = 4 * CHUNK
HASHING = 2  # files that are hashed at once, for the disk's sake


class Changed(Exception):
    """The file is not what it was when it was listed; it is to be listed again."""


class Step(Enum):
    """What there is to do with a file."""

    KEEP = "nothing"
    COMPARE = "hash it, and send it if it differs from what is stored"
    SEND = "send it"


def decide(stamp: Stamp, record: Record | None, told: StoredObject | None) -> Step:
    """What there is to do with a file, by its status alone.

    `record` is the ledger's, `told` what the server's list says (None: not on the server).
    """
    if told is None:
        return Step.SEND
    if told.size is not None and told.size != stamp.size:
        return Step.SEND
    if record is None or not record.uploaded:
        return Step.COMPARE
    if told.md5 is not None and told.md5 != record.md5:
        return Step.COMPARE  # somebody else put something else there
    if record.stamp == stamp:
        return Step.KEEP
    return Step.COMPARE if record.stamp.size == stamp.size else Step.SEND


@dataclass(frozen=True)
class _Sent:
    stamp: Stamp
    md5: str
    answered: StoredObject
    look_at: str  # an address, or ""


class FileUploader:
    """Uploads files of one skill; one instance an upload."""

    def __init__(
        self,
        means: Means,
        urls: UploadUrls,
        ledger: LedgerWriter,
        listing: Listing,
        siblings: Siblings,
        contents: Mapping[str, bytes],  # files that are sent as they were at an earlier moment
    ) -> None:
        self._means = means
        self._urls = urls
        self._ledger = ledger
        self._listing = listing
        self._siblings = siblings
        self._contents = contents
        self._hashing = anyio.CapacityLimiter(HASHING)

    def step(self, file: LocalFile) -> Step:
        """What there is to do with a file."""
        return decide(file.stamp, self._record(file), self._told(file.name))

    async def bring(self, file: LocalFile) -> str:
        """See to it that the file is on the server; its MD5 where it had to be sent, else "".

        Raises `Changed` if the file changes meanwhile or is gone, and `FileFailed`
        or `Unavailable` with a text that names the file.
        """
        if self.step(file) is Step.COMPARE:
            try:
                there = await self._is_stored(file)
            except OSError as error:
                raise FileFailed(f"{file.name}: {_unreadable(error)}") from None
            if there:
                self._means.meter.credit(file.stamp.size)
                return ""
        sent = await undamaged(lambda: self._send(file), file.name)
        self._ledger.record(file.name, sent.stamp, sent.md5, uploaded=True)
        self._urls.done(file.name)
        return sent.md5

    def _record(self, file: LocalFile) -> Record | None:
        return self._ledger.ledger.records.get(file.name)

    def _told(self, name: str) -> StoredObject | None:
        if name not in self._listing.files:
            return None
        return self._listing.objects.get(name, StoredObject())

    async def _is_stored(self, file: LocalFile) -> bool:
        """Whether the server has exactly this content, as far as that can be found out."""
        record = self._record(file)
        there = self._told(file.name)
        if there is None or there.md5 is None:
            if record is not None and record.uploaded:
                there = StoredObject(record.stamp.size, record.md5)
            else:
                there = await self._look_once(file.name)
        if there is None or there.md5 is None or there.size not in (None, file.stamp.size):
            return False
        digest = await self._digest(file, record)
        same = digest == there.md5
        self._ledger.record(file.name, file.stamp, digest, uploaded=same)
        return same

    async def _look_once(self, name: str) -> StoredObject | None:
        try:
            async with self._means.lanes.lane():
                return await look(self._means, self._listing.files[name], name)
        except TransferFailed:
            return None  # then the file is sent again, which is right in any case

    async def _digest(self, file: LocalFile, record: Record | None) -> str:
        if record is not None and record.stamp == file.stamp:
            return record.md5
        known = await self._siblings.md5_of(file.stamp)
        if known:
            return known
        async with self._hashing:
            digest = md5()
            with await to_thread.run_sync(self._open, file) as opened:

                def step() -> bool:
                    chunk = opened.read(HASH_CHUNK)
                    digest.update(chunk)
                    return bool(chunk)

                while await to_thread.run_sync(step):
                    await self._means.pace.take(0)
            return digest.hexdigest()

    async def _send(self, file: LocalFile) -> _Sent:
        async def put(fresh: bool) -> _Sent:
            return await self._put(file, fresh)

        sent = await persist(put, file.name, self._means)
        found: StoredObject | None = sent.answered
        if found is None or found.md5 is None:
            found = await self._find(file.name, sent.look_at)
        problem = _difference(sent, found)
        if problem:
            self._means.meter.credit(-sent.stamp.size)
            raise Damaged(problem)
        return sent

    async def _find(self, name: str, address: str) -> StoredObject | None:
        async def find(fresh: bool) -> StoredObject | None:
            url = address
            if fresh or not url:
                url = (await self._urls.get(name, fresh=True)).download
            if not url:
                raise Permanent("the server gives no address to check it at; start again later.")
            return await look(self._means, url, name)

        return await persist(find, name, self._means)

    async def _put(self, file: LocalFile, fresh: bool) -> _Sent:
        addresses = await self._urls.get(file.name, fresh=fresh)
        size = file.stamp.size
        digest = md5()
        moved = 0
        try:
            with await to_thread.run_sync(self._open, file) as opened:

                def read(most: int) -> bytes:
                    chunk = opened.read(most)
                    digest.update(chunk)
                    return chunk

                async def body() -> AsyncIterator[bytes]:
                    nonlocal moved
                    while moved < size:
                        chunk = await to_thread.run_sync(read, min(CHUNK, size - moved))
                        if not chunk:
                            raise Changed(file.name)
                        await self._means.pace.take(len(chunk))
                        yield chunk
                        moved += len(chunk)
                        self._means.meter.moved(len(chunk))

                answer = await self._answer(file.name, addresses.upload, size, body())
                self._check_unchanged(file, opened)
        except BaseException as error:
            self._means.meter.credit(-moved)
            if isinstance(error, OSError):
                raise Permanent(_unreadable(error)) from None
            raise
        return _Sent(file.stamp, digest.hexdigest(), stored(answer.headers), addresses.download)

    def _open(self, file: LocalFile) -> BinaryIO:
        content = self._contents.get(file.name)
        if content is not None:
            return BytesIO(content)
        try:
            opened = file.path.open("rb", buffering=0)
        except FileNotFoundError:
            raise Changed(file.name) from None
        try:
            self._check_unchanged(file, opened)
        except Changed:
            opened.close()
            raise
        return opened

    def _check_unchanged(self, file: LocalFile, opened: BinaryIO) -> None:
        if file.name in self._contents:
            return
        if {Stamp.of(os.fstat(opened.fileno())), stamp_of(file.path)} != {file.stamp}:
            raise Changed(file.name)

    async def _answer(
        self, name: str, url: str, size: int, body: AsyncIterator[bytes]
    ) -> httpx.Response:
        headers = {
            **PLAIN,
            "Content-Type": "application/octet-stream",
            "Content-Length": str(size),
        }
        started = time.monotonic()
        try:
            answer = await self._means.http.put(
                url, content=body, headers=headers, timeout=self._means.timeout
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise reached(error) from None
        note("PUT", name, answer.status_code, started)
        check_status(answer.status_code, answer.headers)
        return answer


def _unreadable(error: OSError) -> str:
    return f"it can't be read: {error.strerror}. Mend that, and upload the rest then."


def _difference(sent: _Sent, found: StoredObject | None) -> str:
    """How what is stored differs from what was sent; "" if it does not, as far as one can tell."""
    if found is None:
        return "the store took it and does not have it"
    if found.md5 is not None:
        same = found.md5 == sent.md5
        return "" if same else "the store has something else than what was sent, by its hash"
    if found.size is None:
        return "the store tells neither size nor hash of what it has, so it can't be verified"
    size = sent.stamp.size
    return "" if found.size == size else f"the store has {found.size} bytes of {size}"
