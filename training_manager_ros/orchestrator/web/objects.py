"""Uploads and downloads of objects by signed URL, for the store in the data folder."""

from __future__ import annotations

import asyncio
import base64
import binascii
import errno
import re

from tornado.http1connection import HTTP1Connection
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, stream_request_body

from training_manager_ros.orchestrator.names import check_name
from training_manager_ros.orchestrator.objects import ObjectInfo, ObjectKey, Place
from training_manager_ros.orchestrator.objects.local import (
    Incoming,
    LocalObjects,
    OpenObject,
    content_md5,
)
from training_manager_ros.orchestrator.services import Services
from training_manager_ros.orchestrator.web.base import PlainHandler

__all__ = ["Objects"]

LARGEST = 1 << 40  # bytes of one object
PIECE = 1 << 18  # bytes read from disk and sent at once
STALL = 600.0  # s without a byte after which an upload is given up
PATH = re.compile(r"([0-9a-f-]{36})/(\d{1,15})/(.+)", re.DOTALL)
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@stream_request_body
class Objects(PlainHandler):
    """/objects/{skill_id}/{run_id}/{name}?expires=…&signature=…"""

    def initialize(self, services: Services) -> None:
        """Called by tornado for each request."""
        super().initialize(services)
        self._incoming: Incoming | None = None
        self._key: ObjectKey | None = None
        self._stalled: asyncio.TimerHandle | None = None

    async def prepare(self) -> None:
        """Check the URL before a byte of the body is read."""
        self._key = self._checked_key()
        if self.request.method == "PUT":
            await self._begin()

    async def data_received(self, chunk: bytes) -> None:
        """The next piece of an upload."""
        if self._incoming is None:
            return
        self._watch_for_stall()
        try:
            await self.thread(self._incoming.write, chunk)
        except OSError as error:
            self._drop()
            raise _as_answer(error) from error

    async def put(self, _: str) -> None:
        """Keep what has arrived; 201 once it can't be lost."""
        assert self._incoming is not None
        self._stop_watching()
        try:
            committed = await self.thread(self._incoming.commit, self._announced_md5())
            info = await self.written(committed)
        except OSError as error:
            raise _as_answer(error) from error
        finally:
            self._drop()
        self._describe(info)
        self.set_status(201)
        self.finish()

    async def head(self, _: str) -> None:
        """Size and hash."""
        found = await self._open()
        found.close()
        self._describe(found.info)
        self.set_header("Content-Length", str(found.info.size))
        self.finish()

    async def get(self, _: str) -> None:
        """The object, or the range that was asked for."""
        found = await self._open()
        try:
            await self._send(found)
        except StreamClosedError:
            return
        finally:
            found.close()

    def on_finish(self) -> None:
        """Nothing of an upload that did not end well is kept."""
        self._stop_watching()
        self._drop()

    def on_connection_close(self) -> None:
        """The client is gone."""
        self._stop_watching()
        self._drop()

    async def _begin(self) -> None:
        length = self.request.headers.get("Content-Length", "")
        if not length.isdigit():
            raise HTTPError(411, "An upload needs a Content-Length.")
        if int(length) > LARGEST:
            raise HTTPError(413, "The file is too large.")
        self._announced_md5()
        connection = self.request.connection
        assert isinstance(connection, HTTP1Connection)
        connection.set_max_body_size(int(length))
        assert self._key is not None
        try:
            self._incoming = await self.thread(self._store.receive, self._key, int(length))
        except OSError as error:
            raise _as_answer(error) from error
        self._watch_for_stall()

    def _checked_key(self) -> ObjectKey:
        path = self.path_args[0] if self.path_args else ""
        action = "put" if self.request.method == "PUT" else "get"
        expires = self.get_query_argument("expires", "")
        signature = self.get_query_argument("signature", "")
        match = PATH.fullmatch(path)
        if match is None or not re.fullmatch(r"\d{1,15}", expires, re.ASCII):
            raise HTTPError(403, "This is no URL of an object: ask the server for one.")
        problem = self.services.signer.problem(action, path, expires, signature)
        if problem:
            raise HTTPError(403, problem)
        return ObjectKey(Place(match[1], int(match[2])), check_name(match[3]))

    @property
    def _store(self) -> LocalObjects:
        assert isinstance(self.services.objects, LocalObjects)
        return self.services.objects

    async def _open(self) -> OpenObject:
        assert self._key is not None
        return await self.thread(self._store.open, self._key)

    async def _send(self, found: OpenObject) -> None:
        info = found.info
        self._describe(info)
        if f'"{info.md5}"' in self.request.headers.get("If-None-Match", ""):
            self.set_status(304)
            self.finish()
            return
        start, stop = self._range(info)
        self.set_header("Content-Length", str(stop - start))
        while start < stop:
            piece = await self.thread(found.read, start, min(PIECE, stop - start))
            start += len(piece)
            self.write(piece)
            await self.flush()
        self.finish()

    def _range(self, info: ObjectInfo) -> tuple[int, int]:
        whole = (0, info.size)
        match = RANGE.fullmatch(self.request.headers.get("Range", ""))
        unchanged = self.request.headers.get("If-Range", f'"{info.md5}"') == f'"{info.md5}"'
        if match is None or not any(match.groups()) or not unchanged:
            return whole
        first, last = match.groups()
        if first:
            start, stop = int(first), min(info.size, int(last) + 1 if last else info.size)
        else:
            start, stop = max(0, info.size - int(last)), info.size
        if start >= stop:
            self.set_header("Content-Range", f"bytes */{info.size}")
            raise HTTPError(416, "The range is outside of the file.")
        self.set_status(206)
        self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{info.size}")
        self.clear_header("Content-MD5")
        return start, stop

    def _describe(self, info: ObjectInfo) -> None:
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", "attachment")
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("ETag", f'"{info.md5}"')
        self.set_header("Content-MD5", content_md5(info))

    def compute_etag(self) -> str | None:
        """Ours is set already; tornado would hash the body again."""
        return None

    def _announced_md5(self) -> str:
        text = self.request.headers.get("Content-MD5", "")
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raw = b"?"
        if text and len(raw) != 16:
            raise HTTPError(400, "Content-MD5 is no MD5 in base64.")
        return raw.hex() if text else ""

    def _watch_for_stall(self) -> None:
        self._stop_watching()
        loop = asyncio.get_running_loop()
        self._stalled = loop.call_later(STALL, self._give_up)

    def _stop_watching(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _give_up(self) -> None:
        connection = self.request.connection
        if isinstance(connection, HTTP1Connection):
            connection.stream.close()

    def _drop(self) -> None:
        if self._incoming is not None:
            self._incoming.discard()
            self._incoming = None


def _as_answer(error: OSError) -> HTTPError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return HTTPError(507, "The server's disk is full: tell its owner.")
    return HTTPError(500, "The server could not write the file.")
