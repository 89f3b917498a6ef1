"""A fault server without a network, and hours that pass in a moment: for what takes patience."""

from __future__ import annotations

import asyncio
import selectors
import socket
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
from anyio import CapacityLimiter, to_thread
from fault_server import FaultServer, Request

_T = TypeVar("_T")


class _Selector(selectors.DefaultSelector):
    """Where nothing is ready, the time is moved on instead of waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.threads: CapacityLimiter | None = None  # of the work done in threads

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or (self.threads is not None and self.threads.borrowed_tokens):
            started = time.monotonic()
            ready = super().select(timeout)
            self.now += time.monotonic() - started  # threads take their time, on any machine
            return ready
        ready = super().select(0)
        if not ready:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only while everybody sleeps, and then at once."""

    def __init__(self) -> None:
        self._waits = _Selector()
        super().__init__(self._waits)

    def time(self) -> float:
        """Seconds since it began."""
        return self._waits.now

    def follow(self, threads: CapacityLimiter) -> None:
        """Let time pass as it does while one of these threads is at work."""
        self._waits.threads = threads


def in_virtual_time(work: Callable[[], Awaitable[_T]]) -> tuple[_T, float]:
    """The result of the work, and how many seconds it took."""
    loop = VirtualLoop()

    async def run() -> _T:
        loop.follow(to_thread.current_default_thread_limiter())
        return await work()

    try:
        result = loop.run_until_complete(run())
        loop.run_until_complete(loop.shutdown_default_executor())
        return result, loop.time()
    finally:
        loop.close()


class InMemory(httpx.AsyncBaseTransport):
    """Hands requests to a fault server directly; names are resolved when `resolves` says so."""

    def __init__(self, server: FaultServer, resolves: Callable[[httpx.Request], bool]) -> None:
        self._server = server
        self._resolves = resolves

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The server's answer."""
        if not self._resolves(request):
            error = httpx.ConnectError("no address")
            error.__cause__ = socket.gaierror(-3, "Temporary failure in name resolution")
            raise error
        body = b"".join([part async for part in request.stream])  # type: ignore[union-attr]
        reader = asyncio.StreamReader()
        reader.feed_data(body)
        reader.feed_eof()
        asked = Request(
            method=request.method,
            path=request.url.raw_path.decode().partition("?")[0],
            query=dict(request.url.params),
            headers={name.lower(): value for name, value in request.headers.items()},
            reader=reader,
            length=len(body),
        )
        answer = await self._server._answer(asked)
        length = answer.length if answer.length is not None else len(answer.body)
        headers = {"Content-Length": str(length), **answer.headers}
        content = b"" if request.method == "HEAD" else answer.body
        return httpx.Response(answer.status, headers=headers, stream=httpx.ByteStream(content))
