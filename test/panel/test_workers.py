"""Work in threads: bounded, and dropped when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from dataclasses import replace

import httpx
import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from training_manager_ros.errors import Unreadable
from training_manager_ros.panel.app import make_app
from training_manager_ros.panel.library import Picture
from training_manager_ros.panel.ranges import Revision
from training_manager_ros.panel.workers import Busy, Workers


def wait_until(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def test_results_and_errors_come_back() -> None:
    async def test() -> None:
        workers = Workers("test", threads=2, waiting=5)
        assert await workers.run(lambda: 5) == 5

        def fail() -> None:
            raise Unreadable("broken")

        with pytest.raises(Unreadable, match="broken"):
            await workers.run(fail)
        workers.close()

    asyncio.run(test())


def test_too_much_at_once_is_refused_and_later_taken_again() -> None:
    async def test() -> None:
        workers = Workers("test", threads=1, waiting=2)
        go_on = threading.Event()
        tasks = [asyncio.ensure_future(workers.run(go_on.wait)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await workers.run(lambda: None)
        go_on.set()
        assert await asyncio.gather(*tasks) == [True] * 3
        assert await workers.run(lambda: 5) == 5
        workers.close()

    asyncio.run(test())


def test_what_is_cancelled_before_its_turn_never_runs() -> None:
    async def test() -> None:
        workers = Workers("test", threads=1, waiting=5)
        go_on, ran = threading.Event(), []
        first = asyncio.ensure_future(workers.run(go_on.wait))
        second = asyncio.ensure_future(workers.run(lambda: ran.append("second")))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait({second})
        go_on.set()
        await first
        await workers.run(lambda: ran.append("third"))
        assert ran == ["third"]
        workers.close()

    asyncio.run(test())


class SlowLibrary:
    """Frames that come only when they are let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.asked: list[int] = []

    def frame(self, skill, episode, camera, frame, width, headers) -> Picture:
        self.asked.append(frame)
        self.go_on.wait(100)
        return Picture(Revision('"x"', 1, 0.0), b"jpeg")


@pytest.fixture
def slow(panel):
    """A library that holds its threads, and the address of a server over it."""
    library = SlowLibrary()
    workers = Workers("slow", threads=2, waiting=3)

    def serve() -> int:
        held = replace(panel.server.panel, library=library, decoding=workers)
        sockets = bind_sockets(0, "127.0.0.1")
        HTTPServer(make_app(held)).add_sockets(sockets)
        return int(sockets[0].getsockname()[1])

    yield library, panel.call(serve), dict(panel.session_headers())
    library.go_on.set()
    panel.call(workers.close)


def ask(port: int, headers: dict[str, str], frame: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    lines = [f"GET /api/media/x/0/c/frame/{frame}.jpg HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


def test_a_client_that_scrubs_on_leaves_no_work_behind(slow) -> None:
    library, port, headers = slow
    asked = [ask(port, headers, frame) for frame in (0, 1)]
    wait_until(lambda: len(library.asked) == 2)  # both threads are busy
    for frame in range(2, 40):  # each one gives way to the next, as an <img> does
        ask(port, headers, frame).close()
    last = None
    deadline = time.monotonic() + 60
    while last is None:  # once the server has seen that they left, there is room again
        assert time.monotonic() < deadline
        connection = ask(port, headers, 99)
        connection.settimeout(5)  # a refusal comes at once
        try:
            assert connection.recv(12) == b"HTTP/1.1 503"
            connection.close()
        except TimeoutError:
            last = connection
    library.go_on.set()
    last.settimeout(10)
    assert last.recv(12) == b"HTTP/1.1 200"
    assert {0, 1, 99} <= set(library.asked)
    assert len(library.asked) <= 5  # not 41: one or two may leave at the moment of their turn
    for connection in [*asked, last]:
        connection.close()


def test_too_many_at_once_are_told_to_come_back(slow) -> None:
    library, port, headers = slow
    held = [ask(port, headers, frame) for frame in range(5)]
    wait_until(lambda: len(library.asked) == 2)
    url = f"http://127.0.0.1:{port}/api/media/x/0/c/frame/9.jpg"
    deadline = time.monotonic() + 10
    while True:  # until all five have arrived
        assert time.monotonic() < deadline
        try:
            answer = httpx.get(url, headers=headers, trust_env=False, timeout=0.5)
            break
        except httpx.TimeoutException:
            continue
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "Try again" in answer.json()["detail"]
    for connection in held:
        connection.close()
