"""The WebSocket server: who may connect, how large a message may be, how silent a client."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Collection

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from training_manager_ros.bridge.outbox import Outbox
from training_manager_ros.bridge.session import Bridge, Session
from training_manager_ros.errors import Conflict, InvalidInput

__all__ = ["Server", "listen"]

# WebSocket's codes for why a connection ends.
GOING_AWAY = 1001
POLICY_VIOLATION = 1008
GOODBYE = 0.3  # seconds
PING_INTERVAL = 30.0
PING_TIMEOUT = 30.0
# The kernel would buffer megabytes for a slow reader: old state, by the time it is read.
SEND_BUFFER = 256 * 1024

_log = logging.getLogger("training_manager.bridge")


def listen(address: str, port: int) -> list[socket.socket]:
    """Sockets that listen there; port 0 takes a free one.

    Raises `Conflict` if the port is taken, `InvalidInput` if the address isn't this machine's.
    """
    try:
        sockets = bind_sockets(port, address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Conflict(
                f"Port {port} on {address} is taken. "
                "End the program that uses it, or choose another with --port."
            ) from None
        raise InvalidInput(f"The bridge can't listen on {address}:{port}: {error}") from None
    for listening in sockets:  # accepted connections inherit it
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    return sockets


class Server:
    """Accepts clients until it is stopped."""

    def __init__(
        self,
        sockets: list[socket.socket],
        bridge: Bridge,
        allowed_origins: Collection[str],
        max_message_size: int,
    ) -> None:
        self._clients: set[_Client] = set()
        settings = {
            "bridge": bridge,
            "clients": self._clients,
            "allowed_origins": frozenset(allowed_origins),
            "max_message_size": max_message_size,
        }
        application = Application(
            [("/", _Client, settings)],
            websocket_ping_interval=PING_INTERVAL,
            websocket_ping_timeout=PING_TIMEOUT,
            # Somewhat too large a message is answered; one far too large ends the connection.
            websocket_max_message_size=2 * max_message_size,
        )
        self._server = HTTPServer(application)
        self._server.add_sockets(sockets)

    async def stop(self) -> None:
        """Accept nobody more, and say goodbye; who doesn't answer is cut off."""
        self._server.stop()
        for client in self._clients:
            client.close(GOING_AWAY, "the bridge ends")
        deadline = asyncio.get_running_loop().time() + GOODBYE
        while self._clients and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        for client in list(self._clients):
            client.on_close()


class _Client(WebSocketHandler):
    """One connection."""

    def initialize(
        self,
        bridge: Bridge,
        clients: set[_Client],
        allowed_origins: frozenset[str],
        max_message_size: int,
    ) -> None:
        self._bridge = bridge
        self._clients = clients
        self._allowed_origins = allowed_origins
        self._max_message_size = max_message_size
        self._session: Session | None = None

    def prepare(self) -> None:
        # Not in check_origin alone, which tornado doesn't ask where Origin and Host agree: a web
        # page that has its name resolved to this machine would come in by that.
        for name in ("Origin", "Sec-Websocket-Origin"):
            origin = self.request.headers.get(name)
            if origin is not None and origin not in self._allowed_origins:
                raise HTTPError(403, f"requests from {origin} are not allowed")

    def check_origin(self, origin: str) -> bool:
        return origin in self._allowed_origins

    def open(self, *args: str, **kwargs: str) -> None:
        self.set_nodelay(True)
        outbox = Outbox(self._write, self._drop, self._bridge.loop)
        self._session = Session(self._bridge, outbox)
        self._clients.add(self)
        _log.info("A client has connected")

    async def on_message(self, message: str | bytes) -> None:
        # tornado reads the client's next message when this is done.
        session = self._session
        if session is None:
            return
        if isinstance(message, bytes):
            session.refuse("This bridge takes JSON text only, no binary messages.")
        elif len(message) > self._max_message_size:
            session.refuse(
                f"The message is larger than the {self._max_message_size} bytes that are allowed."
            )
        else:
            await session.handle(message)

    def on_close(self) -> None:
        self._clients.discard(self)
        if self._session is not None:
            self._session.close()
            self._session = None
            _log.info("A client has disconnected")

    def _write(self, text: str) -> asyncio.Future[None]:
        try:
            return asyncio.ensure_future(self.write_message(text))
        except WebSocketClosedError as error:
            gone: asyncio.Future[None] = self._bridge.loop.create_future()
            gone.set_exception(error)
            return gone

    def _drop(self, reason: str) -> None:
        _log.warning("A client is dropped: %s", reason)
        if self._session is not None:
            self._session.close()
        self.close(
            POLICY_VIOLATION, reason
        )  # tornado cuts the connection if this isn't taken either
