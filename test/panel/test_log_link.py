"""What the panel server logs reaches the node by way of the bridge."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterator

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from training_manager_ros.panel.log_link import LogLink, SecretsFilter, ros_log
from training_manager_ros.panel.server import free_loopback_port


def record(message: str, *args: object, level: int = logging.INFO, **more: object):
    return logging.LogRecord("training_manager.x", level, "/a/b.py", 7, message, args, **more)  # type: ignore[arg-type]


class RecordingBridge:
    """Keeps what is published; its node's latched log comes after `node_after` seconds."""

    def __init__(self, node_after: float = 0.0) -> None:
        bridge = self
        self.operations: list[str] = []
        self.published: list[dict[str, object]] = []
        self.clients: list[WebSocketHandler] = []

        class Handler(WebSocketHandler):
            def open(self) -> None:
                bridge.clients.append(self)

            async def on_message(self, message: str | bytes) -> None:
                operation = json.loads(message)
                bridge.operations.append(operation["op"])
                if operation["op"] == "subscribe":
                    await asyncio.sleep(node_after)
                    await self.write_message(json.dumps({"op": "publish", "msg": {}}))
                elif operation["op"] == "publish":
                    assert operation["topic"] == "/training_manager/log_input"
                    bridge.published.append(operation["msg"])

        self._app = Application([("/", Handler)])

    def start(self, port: int = 0) -> int:
        self._sockets = bind_sockets(port, "127.0.0.1")
        self._server = HTTPServer(self._app)
        self._server.add_sockets(self._sockets)
        return int(self._sockets[0].getsockname()[1])

    async def stop(self) -> None:
        self._server.stop()
        for client in self.clients:
            client.close()
        await self._server.close_all_connections()

    def messages(self) -> list[object]:
        return [message["msg"] for message in self.published]


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    logger = logging.Logger("training_manager.test")
    yield logger
    logger.handlers.clear()


async def until(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.01)


async def end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


def test_records_reach_the_bridge(logger: logging.Logger) -> None:
    async def test() -> None:
        bridge = RecordingBridge()
        link = LogLink(f"ws://127.0.0.1:{bridge.start()}")
        logger.addHandler(link)
        logger.info("before there is a connection")
        task = asyncio.create_task(link.run())
        await until(lambda: bridge.published)
        await asyncio.to_thread(logger.warning, "from a thread: %d", 5)
        await until(lambda: len(bridge.published) == 2)
        assert bridge.operations[:2] == ["advertise", "subscribe"]
        assert bridge.messages() == ["before there is a connection", "from a thread: 5"]
        await end(task)
        await bridge.stop()

    asyncio.run(test())


def test_records_wait_for_the_node(logger: logging.Logger) -> None:
    """A topic without a subscriber keeps nothing."""

    async def test() -> None:
        bridge = RecordingBridge(node_after=1.0)
        link = LogLink(f"ws://127.0.0.1:{bridge.start()}")
        logger.addHandler(link)
        task = asyncio.create_task(link.run())
        logger.info("early")
        await until(lambda: "subscribe" in bridge.operations)
        assert not bridge.published
        await until(lambda: bridge.messages() == ["early"])
        assert "unsubscribe" in bridge.operations
        await end(task)
        await bridge.stop()

    asyncio.run(test())


def test_the_newest_records_wait_for_a_bridge_that_comes_late_and_again(
    logger: logging.Logger,
) -> None:
    async def test() -> None:
        port = free_loopback_port()
        link = LogLink(f"ws://127.0.0.1:{port}")
        logger.addHandler(link)
        task = asyncio.create_task(link.run())
        for number in range(1000):
            logger.info("%d", number)
        first = RecordingBridge()
        first.start(port)
        await until(lambda: len(first.published) == 200)
        assert first.messages() == [str(number) for number in range(800, 1000)]
        await first.stop()
        second = RecordingBridge()
        second.start(port)
        await until(lambda: "advertise" in second.operations)
        logger.info("after the restart")
        await until(lambda: "after the restart" in second.messages())
        await end(task)
        await second.stop()

    asyncio.run(test())


def test_a_record_as_ros_has_it() -> None:
    entry = record("%s is %d", "x", 5, level=logging.WARNING, exc_info=None, func="work")
    entry.created = 1_800_000_000.25
    assert ros_log(entry) == {
        "stamp": {"sec": 1_800_000_000, "nanosec": 250_000_000},
        "level": 30,
        "name": "training_manager.x",
        "msg": "x is 5",
        "file": "b.py",
        "function": "work",
        "line": 7,
    }


@pytest.mark.parametrize(
    ("level", "ros"), [(1, 10), (10, 10), (25, 20), (30, 30), (40, 40), (50, 50), (99, 50)]
)
def test_levels(level: int, ros: int) -> None:
    assert ros_log(record("x", level=level, exc_info=None))["level"] == ros


def test_a_message_is_not_endless() -> None:
    assert len(str(ros_log(record("x" * 1_000_000, exc_info=None))["msg"])) < 10_000


def test_secrets_are_blotted_out_of_messages_arguments_and_tracebacks() -> None:
    logger = logging.Logger("training_manager.test")
    seen: list[str] = []

    class Keep(logging.Handler):
        def emit(self, entry: logging.LogRecord) -> None:
            seen.append(self.format(entry))

    handler = Keep()
    handler.addFilter(SecretsFilter(["s3cret", ""]))
    logger.addHandler(handler)
    logger.info("s3cret")
    logger.info("%s and %r", "s3cret", {"a": "s3cret"})
    logger.info("100%% of %s", "nothing")
    try:
        raise ValueError("it was s3cret")
    except ValueError:
        logger.exception("failed")
    assert "s3cret" not in "".join(seen)
    assert seen[0] == "…"
    assert seen[2] == "100% of nothing"
    assert "it was …" in seen[3]


@pytest.mark.parametrize("node_after", [0.0, 3600.0])
def test_it_ends_when_the_bridge_ends_at_the_same_moment(node_after: float) -> None:
    async def test() -> None:
        for turns in range(8):
            bridge = RecordingBridge(node_after)
            task = asyncio.create_task(LogLink(f"ws://127.0.0.1:{bridge.start()}").run())
            await until(lambda bridge=bridge: "subscribe" in bridge.operations)
            stopping = asyncio.ensure_future(bridge.stop())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task}, timeout=5)
            assert task.done()
            await stopping

    asyncio.run(test())
