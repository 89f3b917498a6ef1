"""Passes a browser's WebSocket on to the bridge on loopback, and back, at the slower one's pace."""

from __future__ import annotations

import asyncio
import logging
import time

from tornado.httpclient import HTTPError as HTTPClientError
from tornado.httpclient import HTTPRequest
from tornado.ioloop import PeriodicCallback
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    WebSocketError,
    WebSocketHandler,
    websocket_connect,
)

from training_manager_ros.panel.handlers import PanelHandler, client_address

__all__ = ["BRIDGE_FAILURES", "Gateway", "connect_to_bridge"]

_log = logging.getLogger("training_manager.panel")

_LARGEST_FROM_BRIDGE = 32 * 1024 * 1024
_TRY_AGAIN_LATER = 1013
_GOING_AWAY = 1001
_SESSION_ENDED = 4401

BRIDGE_FAILURES = (OSError, HTTPClientError, WebSocketError, asyncio.TimeoutError)


async def connect_to_bridge(url: str) -> WebSocketClientConnection:
    """Open a WebSocket to the bridge; raises one of `BRIDGE_FAILURES` where there is none."""
    request = HTTPRequest(url, connect_timeout=5.0, request_timeout=5.0)
    return await websocket_connect(request, max_message_size=_LARGEST_FROM_BRIDGE)


class Gateway(PanelHandler, WebSocketHandler):
    """One browser's socket.

    At most one message is under way in each direction: the next one is read from one side when the
    other side's kernel has taken the last. So a slow phone looks like a slow client to the bridge.
    """

    def prepare(self) -> None:
        """Check Host, Origin and session, as for every request."""
        super().prepare()
        self._bridge: WebSocketClientConnection | None = None
        self._pump: asyncio.Task[None] | None = None
        self._heard = time.monotonic()
        self._keepalive = PeriodicCallback(self._check_life, 1000 * self.panel.ping_every)

    def check_origin(self, origin: str) -> bool:
        """Accept: `prepare` has looked at it."""
        return True

    def get_compression_options(self) -> dict[str, int]:
        """Compress lightly: Wi-Fi is slow, and the robot's processor has other work."""
        return {"compression_level": 3, "mem_level": 6}

    async def open(self, *_args: str, **_kwargs: str) -> None:
        """Connect to the bridge, or tell the browser to come back later."""
        self.panel.sockets.add(self)
        self.set_nodelay(True)
        self._keepalive.start()
        try:
            bridge = await connect_to_bridge(self.panel.bridge_url)
        except BRIDGE_FAILURES as error:
            _log.debug("No bridge at %s: %s", self.panel.bridge_url, error)
            self.close(_TRY_AGAIN_LATER, "The bridge to ROS is not running yet.")
            return
        if self.ws_connection is None:  # the browser left meanwhile
            bridge.close()
            return
        self._bridge = bridge
        self._pump = asyncio.create_task(self._pass_to_browser(bridge))
        _log.debug("A panel at %s is connected.", client_address(self.request))

    async def on_message(self, message: str | bytes) -> None:
        """Pass a message on to the bridge; the next one is read only afterwards."""
        self._heard = time.monotonic()
        if self._bridge is None:
            return
        try:
            await self._bridge.write_message(message, binary=isinstance(message, bytes))
        except WebSocketClosedError:
            self._bridge_went_away()

    async def _pass_to_browser(self, bridge: WebSocketClientConnection) -> None:
        while True:
            message = await bridge.read_message()
            if message is None:
                self._bridge_went_away()
                return
            try:
                await self.write_message(message, binary=isinstance(message, bytes))
            except WebSocketClosedError:
                return
            self._heard = time.monotonic()  # it takes what it gets, however slowly

    def _bridge_went_away(self) -> None:
        self.close(_TRY_AGAIN_LATER, "The bridge to ROS ended.")

    def on_pong(self, data: bytes) -> None:
        """Note that the browser is alive."""
        self._heard = time.monotonic()

    def _check_life(self) -> None:
        access = self.panel.access
        if access is not None and not access.sessions.is_open(self.session or ""):
            self.end("The session ended.")
        elif time.monotonic() - self._heard > self.panel.dead_after:
            self._drop()
        else:
            try:
                self.ping()
            except WebSocketClosedError:
                self._keepalive.stop()

    def _drop(self) -> None:
        """Give up on a browser that does not answer: no closing handshake."""
        connection = self.ws_connection
        if connection is not None:
            connection._abort()

    def end(self, reason: str) -> None:
        """Close because the session ended."""
        self.close(_SESSION_ENDED, reason)

    def go_away(self) -> None:
        """Close because the server ends."""
        self.close(_GOING_AWAY, "The panel server ends.")

    def on_close(self) -> None:
        """Clean up; the bridge sees its client leave."""
        self.panel.sockets.discard(self)
        self._keepalive.stop()
        if self._pump is not None:
            self._pump.cancel()
        if self._bridge is not None:
            self._bridge.close()
