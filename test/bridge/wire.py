"""A WebSocket client that sends and receives rosbridge's JSON as it is."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

Message = dict[str, Any]


class Client:
    """Synchronous to use; a thread receives."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self.received: list[Message] = []
        self.raw: list[str] = []
        self.closed: tuple[int | None, str | None] | None = None
        self._news = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        request = HTTPRequest(url, headers=headers or {})
        self._connection: WebSocketClientConnection = asyncio.run_coroutine_threadsafe(
            self._connect(request), self._loop
        ).result(10)
        asyncio.run_coroutine_threadsafe(self._receive(), self._loop)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._connection.close)
        self.wait_closed()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def send(self, message: Message | str | bytes) -> None:
        text = json.dumps(message) if isinstance(message, dict) else message
        asyncio.run_coroutine_threadsafe(self._write(text), self._loop).result(10)

    def wait(self, wanted: Callable[[Message], bool], timeout: float = 10.0) -> Message:
        """The first message received that is wanted; it and what came before is taken away."""
        with self._news:
            found: list[int] = []

            def look() -> bool:
                found[:] = [i for i, message in enumerate(self.received) if wanted(message)][:1]
                return bool(found)

            if not self._news.wait_for(look, timeout):
                raise AssertionError(f"not received; but: {str(self.received)[:2000]}")
            message = self.received[found[0]]
            del self.received[: found[0] + 1]
            return message

    def ask(self, message: Message, timeout: float = 10.0) -> Message:
        """Send, and wait for the answer with the same id."""
        self.send(message)
        return self.wait(lambda answer: answer.get("id") == message["id"], timeout)

    def published(self, topic: str, timeout: float = 10.0) -> Any:
        """The next message on a topic."""
        return self.wait(lambda m: m["op"] == "publish" and m["topic"] == topic, timeout)["msg"]

    def wait_closed(self, timeout: float = 10.0) -> tuple[int | None, str | None]:
        with self._news:
            assert self._news.wait_for(lambda: self.closed is not None, timeout), "still open"
        assert self.closed is not None
        return self.closed

    async def _connect(self, request: HTTPRequest) -> WebSocketClientConnection:
        return await websocket_connect(request, max_message_size=64 * 1024 * 1024)

    async def _write(self, text: str | bytes) -> None:
        await self._connection.write_message(text, binary=isinstance(text, bytes))

    async def _receive(self) -> None:
        while True:
            text = await self._connection.read_message()
            with self._news:
                if text is None:
                    self.closed = (self._connection.close_code, self._connection.close_reason)
                else:
                    self.raw.append(str(text))
                    self.received.append(json.loads(text, parse_constant=_no_constant))
                self._news.notify_all()
            if text is None:
                return


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
