"""Brings this process's log records to the node, which shows them with everybody's.

A rosbridge client of its own: the panel server has no ROS in it. While there is no bridge, the
newest records wait.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Sequence

from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

from training_manager_ros.panel.gateway import BRIDGE_FAILURES, connect_to_bridge

__all__ = ["LogLink", "SecretsFilter", "ros_log"]

_INPUT = "/training_manager/log_input"
_LOGS = "/training_manager/logs"
_TYPE = "rcl_interfaces/msg/Log"
_WAITING_RECORDS = 200
_NODE_WITHIN = 20.0  # seconds that records wait for the node; then they are sent anyhow
_MATCHING = 0.5  # seconds for publisher and subscription to find each other
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds between attempts to reach the bridge
_LONGEST = 8000  # characters of one message


class SecretsFilter(logging.Filter):
    """Blots out secrets in messages and tracebacks, should one ever get there."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if secret]

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; every record passes."""
        message = record.getMessage()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        for secret in self._secrets:
            if secret in message:
                message = message.replace(secret, "…")
                record.msg, record.args = message, None
            if record.exc_text and secret in record.exc_text:
                record.exc_text = record.exc_text.replace(secret, "…")
        return True


def ros_log(record: logging.LogRecord) -> dict[str, object]:
    """A record as rcl_interfaces/msg/Log; Python's levels and ROS's are the same numbers."""
    seconds = int(record.created)
    text = record.getMessage()
    if record.exc_text:
        text = f"{text}\n{record.exc_text}"
    return {
        "stamp": {"sec": seconds, "nanosec": int((record.created - seconds) * 1e9)},
        "level": max(10, min(50, record.levelno // 10 * 10)),
        "name": record.name,
        "msg": text[:_LONGEST],
        "file": record.filename,
        "function": record.funcName or "",
        "line": record.lineno,
    }


class LogLink(logging.Handler):
    """A logging handler; `run` carries the records to the bridge as long as the server runs."""

    def __init__(self, bridge_url: str) -> None:
        super().__init__()
        self._url = bridge_url
        self._waiting: deque[str] = deque(maxlen=_WAITING_RECORDS)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._more = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record; from any thread."""
        message = {"op": "publish", "topic": _INPUT, "msg": ros_log(record)}
        self._waiting.append(json.dumps(message))
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._more.set)

    async def run(self) -> None:
        """Keep a connection to the bridge and publish on it; ends when cancelled."""
        self._loop = asyncio.get_running_loop()
        attempt = 0
        while True:
            try:
                connection = await connect_to_bridge(self._url)
            except BRIDGE_FAILURES:
                await asyncio.sleep(_PAUSES[min(attempt, len(_PAUSES) - 1)])
                attempt += 1
                continue
            attempt = 0
            try:
                await self._publish_on(connection)
            except WebSocketClosedError:
                await asyncio.sleep(_PAUSES[0])
            finally:
                connection.close()

    async def _publish_on(self, connection: WebSocketClientConnection) -> None:
        advertise = {"op": "advertise", "topic": _INPUT, "type": _TYPE}
        await connection.write_message(json.dumps(advertise))
        await self._wait_for_node(connection)
        reader = asyncio.ensure_future(_read_to_the_end(connection))
        reader.add_done_callback(lambda _: self._more.set())
        try:
            while not reader.done():
                self._more.clear()
                while self._waiting:
                    await connection.write_message(self._waiting[0])
                    self._waiting.popleft()
                await self._more.wait()
        finally:
            reader.cancel()

    async def _wait_for_node(self, connection: WebSocketClientConnection) -> None:
        """Wait until the node's latched log arrives: what is published before gets lost."""
        subscribe = {"op": "subscribe", "topic": _LOGS, "type": _TYPE, "queue_length": 1}
        await connection.write_message(json.dumps(subscribe))
        # Not wait_for, which forgets to be cancelled if the connection ends at the same moment.
        reader = asyncio.ensure_future(_read_until_published(connection))
        try:
            await asyncio.wait({reader}, timeout=_NODE_WITHIN)
        finally:
            reader.cancel()
        if not reader.done():
            return
        reader.result()
        await connection.write_message(json.dumps({"op": "unsubscribe", "topic": _LOGS}))
        await asyncio.sleep(_MATCHING)


async def _read_until_published(connection: WebSocketClientConnection) -> None:
    while True:
        message = await connection.read_message()
        if message is None:
            raise WebSocketClosedError
        if json.loads(message).get("op") == "publish":
            return


async def _read_to_the_end(connection: WebSocketClientConnection) -> None:
    """Read what the bridge says, until it ends; logging it would publish it and be answered."""
    while await connection.read_message() is not None:
        pass
