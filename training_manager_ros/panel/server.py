"""The panel server as one thing to start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from training_manager_ros import paths
from training_manager_ros.panel.access import Access
from training_manager_ros.panel.app import make_app
from training_manager_ros.panel.guesses import Guesses
from training_manager_ros.panel.handlers import Panel
from training_manager_ros.panel.hosts import HostPolicy
from training_manager_ros.panel.library import Library
from training_manager_ros.panel.log_link import LogLink, SecretsFilter
from training_manager_ros.panel.pairing import Pairing, load_pairing
from training_manager_ros.panel.sessions import Sessions
from training_manager_ros.panel.workers import Workers

__all__ = ["MEDIA_BYTES", "STATIC", "CantListen", "PanelOptions", "PanelServer"]

_log = logging.getLogger("training_manager.panel")

STATIC = Path(__file__).parent / "static"
MEDIA_BYTES = 2 * 1024**3  # of encoded videos kept
_EVERYWHERE = ("", "0.0.0.0", "::", "*")
_LARGEST_HEADERS = 32 * 1024
_LARGEST_BODY = 64 * 1024
_IDLE_FOR = 120.0  # seconds without a request, or within its headers
_BODY_WITHIN = 10.0
_FAREWELL = 1.0  # seconds for connections, and for work, to end by themselves


@dataclass(frozen=True)
class PanelOptions:
    """What a panel server is started with."""

    skills_dir: Path
    bridge_port: int
    host: str = ""  # "": all interfaces
    port: int = 8080  # 0: any free one
    auth: bool = True
    allowed_hosts: tuple[str, ...] = ()  # names besides the machine's own
    media_bytes: int = MEDIA_BYTES
    static_dir: Path = STATIC
    cache_dir: Path | None = None
    state_dir: Path | None = None


class CantListen(Exception):
    """Raised when the address can't be listened on; `taken` if something else has it."""

    def __init__(self, port: int, error: OSError) -> None:
        super().__init__(error.strerror or str(error))
        self.port = port
        self.errno = error.errno


class PanelServer:
    """Listens from `start` to `stop`. Made within a running asyncio loop."""

    def __init__(self, options: PanelOptions) -> None:
        self.options = options
        self.everywhere = options.host in _EVERYWHERE
        try:
            self._sockets = bind_sockets(options.port, None if self.everywhere else options.host)
        except OSError as error:
            raise CantListen(options.port, error) from error
        self.port = int(self._sockets[0].getsockname()[1])
        state = options.state_dir or paths.state_dir()
        self.token_file = state / "pairing-token"
        self.pairing = load_pairing(self.token_file) if options.auth else None
        bridge_url = f"ws://127.0.0.1:{options.bridge_port}"
        self.panel = Panel(
            library=Library(
                options.skills_dir, options.cache_dir or paths.cache_dir(), options.media_bytes
            ),
            skills_dir=options.skills_dir,
            static_dir=options.static_dir,
            bridge_url=bridge_url,
            access=self._access(self.pairing, state) if self.pairing else None,
            hosts=HostPolicy(self._names()),
            token_place=_shortened(self.token_file),
            reading=Workers("read", threads=8, waiting=10_000),
            decoding=Workers("decode", threads=2, waiting=100),
        )
        self._server = HTTPServer(
            make_app(self.panel),
            max_header_size=_LARGEST_HEADERS,
            max_body_size=_LARGEST_BODY,
            idle_connection_timeout=_IDLE_FOR,
            body_timeout=_BODY_WITHIN,
        )
        self._log_link = LogLink(bridge_url)
        if self.pairing:
            self._log_link.addFilter(SecretsFilter([self.pairing.token]))
        self._publishing: asyncio.Task[None] | None = None

    def _access(self, pairing: Pairing, state: Path) -> Access:
        sessions = Sessions(state / f"sessions-{self.port}.json", pairing)
        return Access(pairing, sessions, Guesses(), f"training_manager_{self.port}")

    def _names(self) -> tuple[str, ...]:
        """Names that the user gave, the one to listen on among them."""
        host = () if self.everywhere else (self.options.host,)
        return (*host, *self.options.allowed_hosts)

    def start(self) -> None:
        """Begin to listen."""
        logging.getLogger("training_manager").addHandler(self._log_link)
        self._publishing = asyncio.create_task(self._log_link.run())
        self._server.add_sockets(self._sockets)
        if self.panel.access is None:
            _log.warning(
                "--no-auth: whoever reaches port %d may see and change all skills%s.",
                self.port,
                ", from the whole network" if self._seen_from_outside() else "",
            )
        _log.info("The panel server listens on port %d.", self.port)

    def _seen_from_outside(self) -> bool:
        return self.everywhere or not all(
            listening.getsockname()[0] in ("127.0.0.1", "::1") for listening in self._sockets
        )

    async def stop(self) -> None:
        """End all connections and what is under way; takes about two seconds at most."""
        self._server.stop()
        for gateway in list(self.panel.sockets):
            gateway.go_away()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._server.close_all_connections(), _FAREWELL)
        logging.getLogger("training_manager").removeHandler(self._log_link)
        if self._publishing is not None:
            self._publishing.cancel()
            await asyncio.wait({self._publishing}, timeout=_FAREWELL)
        self.panel.reading.close()
        self.panel.decoding.close()
        await _in_at_most(_FAREWELL, self.panel.library.close)

    def close_sockets(self) -> None:
        """Give the port back if `start` was never called."""
        for listening in self._sockets:
            listening.close()


async def _in_at_most(seconds: float, work: Callable[[], None]) -> None:
    """Run `work` in a thread that may be left behind."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    deadline = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)


def _shortened(path: Path) -> str:
    """A path for strangers: says where to look, not who works here."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except ValueError:
        return f"$XDG_STATE_HOME/{path.parent.name}/{path.name}"


def free_loopback_port() -> int:
    """A port on 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
