"""The running server: listens, conducts, ends on SIGTERM. Runs go on without it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tornado.netutil import bind_sockets

from training_manager_ros.errors import Conflict, InvalidInput
from training_manager_ros.orchestrator.engines import Engine
from training_manager_ros.orchestrator.local_client import kept_port, write_local_client
from training_manager_ros.orchestrator.services import DataFolder, build
from training_manager_ros.orchestrator.web.app import make_server

__all__ = ["ServerOptions", "is_loopback", "serve"]

log = logging.getLogger("training_manager.orchestrator")
GOODBYE = 5.0  # s that open requests get to end


@dataclass(frozen=True)
class ServerOptions:
    """What is decided on the command line."""

    host: str
    port: int  # 0: any free one
    data_dir: Path
    authenticated: bool = True
    local_key: Path | None = None


def is_loopback(host: str) -> bool:
    """Whether a server on that address can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def serve(
    options: ServerOptions,
    make_engine: Callable[[DataFolder], Engine],
    ready: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the address once it listens.

    Raises `InvalidInput` or `Conflict` with what to change where it can't start.
    """
    if not options.authenticated and not is_loopback(options.host):
        raise InvalidInput("--no-auth is only allowed on a loopback address (127.0.0.1).")
    if not 0 <= options.port <= 65535:  # a larger one would be another port to the system
        raise InvalidInput(f"{options.port} is no port; it must be from 0 to 65535.")
    folder = DataFolder(options.data_dir)
    folder.lock()
    try:
        sockets = _listen(options)
        services = build(
            folder,
            folder.settings(),
            lambda: make_engine(folder),
            time.time,
            options.authenticated,
        )
        host = f"[{options.host}]" if ":" in options.host else options.host
        address = f"http://{host}:{sockets[0].getsockname()[1]}"
        if options.local_key is not None:
            write_local_client(services.accounts, options.local_key, address)
        server = make_server(services)
        server.add_sockets(sockets)
        conducting = asyncio.get_running_loop().create_task(services.conductor.conduct())
        stop = _told_to_stop()  # first, as whoever hears the address may end the server at once
        ready(address)
        await _stopped(stop, conducting)
        server.stop()
        if services.settings.stop_runs:
            await services.conductor.stop_runs()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(server.close_all_connections(), GOODBYE)
        conducting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await conducting
        services.close()
    finally:
        folder.release()


def _listen(options: ServerOptions) -> list[socket.socket]:
    port = options.port
    if not port and options.local_key is not None:
        port = kept_port(options.local_key, options.host)
    try:
        return bind_sockets(port, options.host)
    except OSError as error:
        where = f"{options.host}:{options.port}"
        raise Conflict(f"Can't listen on {where}: {error.strerror}.") from error


def _told_to_stop() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _stopped(stop: asyncio.Event, conducting: asyncio.Task[None]) -> None:
    waiting = asyncio.get_running_loop().create_task(stop.wait())
    await asyncio.wait({waiting, conducting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if conducting.done():
        conducting.result()  # raises: it never ends by itself
    log.info("stopping")
