"""Calling services of ROS: one client a service, kept while it is used."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from training_manager_ros.bridge.decode import from_json
from training_manager_ros.bridge.encode import to_json
from training_manager_ros.bridge.graph import one_type, service_types
from training_manager_ros.bridge.interfaces import service_class
from training_manager_ros.bridge.rosthread import RosThread
from training_manager_ros.bridge.sweeper import Sweeper
from training_manager_ros.errors import NotFound, TrainingManagerError

__all__ = ["DISCOVERY", "KEPT", "NoAnswer", "Services", "pauses"]

# How long to look for a service or action that isn't there (it may be starting), in seconds.
DISCOVERY = 2.0
# Requests at one service at a time: ROS keeps ten for a server that is busy, and loses the rest.
IN_FLIGHT = 10
# How long an unused client is kept, in seconds.
KEPT = 60.0


class NoAnswer(TrainingManagerError):
    """Raised when a server did not answer within the time limit, or went away."""


@dataclass
class _Client:
    type: str
    cls: Any
    entity: Any
    used: float = 0.0
    pending: int = 0


@dataclass
class _Turns:
    """Whose turn it is at one service."""

    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(IN_FLIGHT))
    calls: int = 0


class Services:
    """All service clients."""

    def __init__(self, ros: RosThread, loop: asyncio.AbstractEventLoop) -> None:
        self._ros = ros
        self._clients: dict[str, _Client] = {}  # in the executor's thread only
        self._turns: dict[str, _Turns] = {}
        self._searches: dict[str, asyncio.Future[None]] = {}
        self._sweeper = Sweeper(ros, loop, KEPT, self._sweep)

    async def call(self, service: str, arguments: Any, timeout: float | None) -> Any:
        """Call and wait for the response, as a JSON value. `timeout` is in seconds; None waits.

        Raises `NotFound` if there is no such service, `InvalidInput` if the arguments do not fit,
        `NoAnswer` when the time is over.
        """
        try:
            return to_json(await asyncio.wait_for(self._in_turn(service, arguments), timeout))
        except asyncio.TimeoutError:
            raise NoAnswer(f"The service {service} did not answer within {timeout:g} s.") from None
        finally:
            self._sweeper.wake()

    async def _in_turn(self, service: str, arguments: Any) -> Any:
        turns = self._turns.setdefault(service, _Turns())
        turns.calls += 1
        try:
            async with turns.slots:
                return await self._call(service, arguments)
        finally:
            turns.calls -= 1
            if turns.calls == 0:
                del self._turns[service]

    async def _call(self, service: str, arguments: Any) -> Any:
        try:
            return await self._response(service, arguments)
        except _NotReady:
            await self._found(service)
        try:
            return await self._response(service, arguments)
        except _NotReady:
            raise NotFound(_missing(service)) from None

    async def _response(self, service: str, arguments: Any) -> Any:
        client: _Client | None = None

        def begin() -> Any:
            nonlocal client
            client = self._ready(service)
            if client is None:
                raise _NotReady
            future = client.entity.call_async(from_json(client.cls.Request, arguments))
            client.pending += 1
            future.add_done_callback(done)
            return future

        def done(_: Any) -> None:
            assert client is not None
            client.pending -= 1
            client.used = time.monotonic()

        def abandon(future: Any) -> None:
            assert client is not None
            client.entity.remove_pending_request(future)
            done(future)

        return await self._ros.result_of(begin, abandon)

    async def _found(self, service: str) -> None:
        """Wait until the service is there; however many calls wait, one looks."""
        search = self._searches.get(service)
        if search is None:
            search = asyncio.ensure_future(self._search(service))
            self._searches[service] = search
            search.add_done_callback(lambda done: self._searched(service, done))
        await asyncio.shield(search)

    def _searched(self, service: str, search: asyncio.Future[None]) -> None:
        del self._searches[service]
        if not search.cancelled():
            search.exception()  # whoever waited has had it; there may be nobody any more

    async def _search(self, service: str) -> None:
        for pause in pauses(DISCOVERY):
            await asyncio.sleep(pause)
            if await self._ros.run(self._ready, service) is not None:
                return
        raise NotFound(_missing(service))

    # In the executor's thread

    def _ready(self, service: str) -> _Client | None:
        """A client whose server is there; None if there is none yet."""
        client = self._clients.get(service)
        if client is None or not client.entity.service_is_ready():
            types = service_types(self._ros.node, service)
            # Our own client stands on the graph too, with the type that the server used to have.
            others = [t for t in types if client is None or t != client.type]
            found = one_type("service", service, others if len(types) > 1 else types)
            if found is None:
                return None
            if client is None or client.type != found:
                self._drop(service)
                cls = service_class(found)
                client = _Client(found, cls, self._ros.node.create_client(cls, service))
                self._clients[service] = client
            if not client.entity.service_is_ready():
                return None
        return client

    def _drop(self, service: str) -> None:
        client = self._clients.pop(service, None)
        if client is not None:
            self._ros.node.destroy_client(client.entity)

    def _sweep(self) -> bool:
        before = time.monotonic() - KEPT
        for service, client in list(self._clients.items()):
            if client.pending == 0 and client.used < before:
                self._drop(service)
        return bool(self._clients)


class _NotReady(Exception):
    """Nobody serves the service yet."""


def _missing(service: str) -> str:
    return f"There is no service {service}; is its node running?"


def pauses(limit: float) -> list[float]:
    """Pauses between looks at the graph, short ones first; they add up to about `limit` seconds."""
    return [0.01, 0.02, 0.03, 0.04] + [0.05] * int((limit - 0.1) / 0.05)
