"""A session that is closed while one of its requests is worked on keeps nothing."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from training_manager_ros.bridge.globs import Globs
from training_manager_ros.bridge.outbox import HIGH_WATER, Outbox
from training_manager_ros.bridge.session import Bridge, Session


class Ros:
    """Stands for all of ROS: what is asked for is done once `go` is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.kept: set[str] = set()

    async def join(self, topic: str, type_name: str | None, listener: object) -> None:
        await self.go.wait()
        self.kept.add(topic)

    def leave(self, topic: str, listener: object) -> None:
        self.kept.discard(topic)

    async def advertise(self, user: object, topic: str, *_: object) -> None:
        await self.go.wait()
        self.kept.add(topic)

    async def publish(self, user: object, topic: str, value: object) -> None:
        await self.go.wait()
        self.kept.add(topic)

    def release(self, user: object, topic: str) -> None:
        self.kept.discard(topic)


def written(text: str) -> asyncio.Future[None]:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


def session(ros: Any, write: Any = written) -> Session:
    loop, every = asyncio.get_running_loop(), Globs(("*",))
    bridge = Bridge(loop, ros, ros, ros, ros, every, every, every)
    return Session(bridge, Outbox(write, lambda reason: None, loop))


REQUESTS = [
    {"op": "subscribe", "topic": "/t"},
    {"op": "advertise", "topic": "/t", "type": "std_msgs/String"},
    {"op": "publish", "topic": "/t", "msg": {}},
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request["op"])
@pytest.mark.parametrize("closed", [False, True])
def test_what_comes_too_late_is_given_back(request_: dict[str, Any], closed: bool) -> None:
    async def test() -> None:
        ros = Ros()
        client = session(ros)
        working = asyncio.ensure_future(client.handle(json.dumps(request_)))
        await asyncio.sleep(0)
        if closed:
            client.close()
        ros.go.set()
        await working
        assert ros.kept == (set() if closed else {"/t"})
        if not closed:
            client.close()
            assert ros.kept == set()

    asyncio.run(test())


def test_a_closed_session_works_on_nothing_that_waited() -> None:
    async def test() -> None:
        ros = Ros()
        ros.go.set()
        never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        client = session(ros, lambda text: never)
        client.refuse("x" * HIGH_WATER)
        working = asyncio.ensure_future(client.handle(json.dumps(REQUESTS[0])))
        await asyncio.sleep(0)
        client.close()
        await working
        assert ros.kept == set()

    asyncio.run(test())
