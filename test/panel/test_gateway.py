"""The way from a browser's socket to the bridge and back, with a bridge of our own making."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from tornado.httpclient import HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketClosedError, WebSocketHandler, websocket_connect

from training_manager_ros.panel.app import make_app


class FakeBridge:
    """A WebSocket server that echoes, and floods on "flood"; counts what it could hand over."""

    def __init__(self) -> None:
        bridge = self
        self.clients: list[WebSocketHandler] = []
        self.logs = 0
        self.flooded = 0
        self.flooding: asyncio.Future[None] | None = None
        self.received = 0

        class Handler(WebSocketHandler):
            def open(self) -> None:
                self.set_nodelay(True)
                bridge.clients.append(self)

            async def on_message(self, message: str | bytes) -> None:
                if isinstance(message, str) and '"advertise"' in message:  # the server's own log
                    bridge.clients.remove(self)
                    bridge.logs += 1
                    return
                if self not in bridge.clients:
                    return
                bridge.received += 1
                if message == "flood":
                    bridge.flooding = asyncio.ensure_future(bridge.flood(self))
                elif message == "end":
                    self.close()
                elif message == "sleep":
                    await asyncio.sleep(3600)
                else:
                    await self.write_message(message, binary=isinstance(message, bytes))

            def on_close(self) -> None:
                if self in bridge.clients:
                    bridge.clients.remove(self)

        self.app = Application([("/", Handler)], websocket_max_message_size=64 * 1024 * 1024)

    async def flood(self, client: WebSocketHandler) -> None:
        try:
            while True:
                await client.write_message(f"{self.flooded:08d}".ljust(100_000, "x"))
                self.flooded += 1
        except WebSocketClosedError:
            return

    @asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator[int]:
        sockets = bind_sockets(port, "127.0.0.1")
        server = HTTPServer(self.app)
        server.add_sockets(sockets)
        try:
            yield sockets[0].getsockname()[1]
        finally:
            server.stop()
            for client in list(self.clients):
                client.close()
            await server.close_all_connections()


async def connect(panel, compressed=False, **options):
    request = HTTPRequest(panel.socket_url, headers=dict(panel.session_headers()))
    return await websocket_connect(
        request, compression_options={} if compressed else None, **options
    )


async def until(condition, seconds=10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.01)


def with_bridge(start_panel, test, **options) -> None:
    """Run `test(panel, bridge)` with a bridge in this thread and the panel in its own."""

    async def run() -> None:
        bridge = FakeBridge()
        async with bridge.listening() as port:
            panel = start_panel(bridge_port=port, **options)
            await until(lambda: bridge.logs)
            await test(panel, bridge)

    asyncio.run(run())


def test_messages_pass_both_ways_unchanged(start_panel) -> None:
    async def test(panel, bridge) -> None:
        socket = await connect(panel)
        for message in ['{"op": "x"}', "ü" * 1000, b"\x00\xff" * 1000, "", "a" * 3_000_000]:
            await socket.write_message(message, binary=isinstance(message, bytes))
            assert await socket.read_message() == message
        socket.close()
        await until(lambda: not bridge.clients)

    with_bridge(start_panel, test)


def test_many_messages_keep_their_order(start_panel) -> None:
    async def test(panel, bridge) -> None:
        socket = await connect(panel)

        async def send() -> None:
            for number in range(2000):
                await socket.write_message(str(number))

        sending = asyncio.ensure_future(send())
        assert [await socket.read_message() for _ in range(2000)] == [str(n) for n in range(2000)]
        await sending
        socket.close()

    with_bridge(start_panel, test)


def test_the_browsers_side_is_compressed(start_panel) -> None:
    async def test(panel, bridge) -> None:
        socket = await connect(panel, compressed=True)
        assert "permessage-deflate" in socket.headers["Sec-WebSocket-Extensions"]
        text = json.dumps({"op": "publish", "msg": {"skills": ["the same"] * 50_000}})
        await socket.write_message(text)
        assert await socket.read_message() == text
        assert socket.protocol._wire_bytes_in < len(text) / 20
        socket.close()

    with_bridge(start_panel, test)


def test_sockets_do_not_mix(start_panel) -> None:
    async def test(panel, bridge) -> None:
        one, two = await connect(panel), await connect(panel)
        await one.write_message("one")
        await two.write_message("two")
        assert await one.read_message() == "one"
        assert await two.read_message() == "two"
        one.close()
        await until(lambda: len(bridge.clients) == 1)
        await two.write_message("still")
        assert await two.read_message() == "still"
        two.close()

    with_bridge(start_panel, test)


def test_without_a_bridge_the_browser_is_told_to_come_back(panel) -> None:
    async def test() -> None:
        socket = await connect(panel)
        assert await socket.read_message() is None
        assert socket.close_code == 1013
        assert "not running yet" in socket.close_reason
        await until(lambda: not panel.server.panel.sockets)

    asyncio.run(test())


def test_a_bridge_that_ends_is_passed_on(start_panel) -> None:
    async def test(panel, bridge) -> None:
        socket = await connect(panel)
        await socket.write_message("end")
        assert await socket.read_message() is None
        assert socket.close_code == 1013

    with_bridge(start_panel, test)


def test_something_that_is_no_bridge(start_panel) -> None:
    async def test() -> None:
        async def answer(reader, writer) -> None:
            writer.write(b"SSH-2.0-OpenSSH\r\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            panel = start_panel(bridge_port=server.sockets[0].getsockname()[1])
            socket = await connect(panel)
            assert await socket.read_message() is None
            assert socket.close_code == 1013

    asyncio.run(test())


def test_a_slow_browser_holds_the_bridge_back(start_panel) -> None:
    """The bridge sees that its client does not read: nothing piles up in between."""

    async def test(panel, bridge) -> None:
        socket = await connect(panel)
        await socket.write_message("flood")
        assert (await socket.read_message()).startswith("00000000")
        before, quiet_since = -1, time.monotonic()
        while time.monotonic() - quiet_since < 0.5:  # nobody reads: the flood stops by itself
            if bridge.flooded != before:
                before, quiet_since = bridge.flooded, time.monotonic()
            assert bridge.flooded < 400, "40 MB went somewhere"
            await asyncio.sleep(0.02)
        for number in range(1, 1000):  # all of it arrives when the browser reads on
            assert (await socket.read_message()).startswith(f"{number:08d}")
        socket.close()
        await until(lambda: not bridge.clients)

    with_bridge(start_panel, test)


def test_a_slow_bridge_holds_the_browser_back(start_panel) -> None:
    async def test(panel, bridge) -> None:
        socket = await connect(panel)
        await socket.write_message("sleep")
        sent = 0

        async def send() -> None:
            nonlocal sent
            while True:
                await socket.write_message("x" * 100_000)
                sent += 1

        sending = asyncio.ensure_future(send())
        before, quiet_since = -1, time.monotonic()
        while time.monotonic() - quiet_since < 0.5:
            if sent != before:
                before, quiet_since = sent, time.monotonic()
            assert sent < 400, "40 MB went somewhere"
            await asyncio.sleep(0.02)
        sending.cancel()
        assert bridge.received == 1

    with_bridge(start_panel, test)


def test_too_large_a_message_ends_the_socket_alone(start_panel) -> None:
    async def test(panel, bridge) -> None:
        other = await connect(panel)
        socket = await connect(panel)
        with suppress(WebSocketClosedError):
            await socket.write_message("a" * 5_000_000)
        assert await socket.read_message() is None
        await other.write_message("here")
        assert await other.read_message() == "here"
        other.close()

    with_bridge(start_panel, test)


def test_signing_out_closes_the_sessions_sockets_alone(start_panel) -> None:
    async def test(panel, bridge) -> None:
        headers = dict(panel.session_headers())
        mine = [
            await websocket_connect(HTTPRequest(panel.socket_url, headers=headers))
            for _ in range(2)
        ]
        other = await connect(panel)
        with panel.stranger() as client:
            answer = await asyncio.to_thread(
                client.post, "/sign-out", headers={"Cookie": headers["Cookie"]}
            )
            assert answer.status_code == 303
        for socket in mine:
            assert await socket.read_message() is None
            assert socket.close_code == 4401
        await other.write_message("here")
        assert await other.read_message() == "here"
        other.close()

    with_bridge(start_panel, test)


def test_a_server_that_ends_says_goodbye(start_panel) -> None:
    async def test(panel, bridge) -> None:
        socket = await connect(panel)
        await asyncio.to_thread(start_panel.stop)
        assert await socket.read_message() is None
        assert socket.close_code == 1001

    with_bridge(start_panel, test)


def test_a_browser_that_vanishes_leaves_nothing(start_panel) -> None:
    async def test(panel, bridge) -> None:
        socket = await connect(panel)
        await until(lambda: len(bridge.clients) >= 1)
        socket.protocol.stream.close()
        await until(lambda: not bridge.clients)
        await until(lambda: not panel.server.panel.sockets)

    with_bridge(start_panel, test)


def with_short_patience(panel) -> str:
    """Another server over the same panel, for which a second without a sign of life is long."""

    def serve() -> int:
        hasty = replace(panel.server.panel, ping_every=0.05, dead_after=1.0)
        sockets = bind_sockets(0, "127.0.0.1")
        HTTPServer(make_app(hasty)).add_sockets(sockets)
        return int(sockets[0].getsockname()[1])

    return f"ws://127.0.0.1:{panel.call(serve)}/rosbridge"


def test_a_silent_browser_that_answers_pings_stays(start_panel) -> None:
    async def test(panel, bridge) -> None:
        url = with_short_patience(panel)
        socket = await websocket_connect(HTTPRequest(url, headers=dict(panel.session_headers())))
        await asyncio.sleep(2)
        await socket.write_message("here")
        assert await socket.read_message() == "here"
        socket.close()

    with_bridge(start_panel, test)


def test_a_browser_without_a_sign_of_life_is_given_up(start_panel) -> None:
    async def test(panel, bridge) -> None:
        url = with_short_patience(panel)
        port = int(url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        lines = [
            "GET /rosbridge HTTP/1.1",
            *(f"{name}: {value}" for name, value in panel.session_headers()),
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 101")
        await until(lambda: len(bridge.clients) == 1)
        rest = await asyncio.wait_for(reader.read(), 10)  # up to its end
        assert rest.count(b"\x89\x00") > 3  # it was asked
        await until(lambda: not bridge.clients)
        writer.close()

    with_bridge(start_panel, test)


@pytest.mark.parametrize(
    "frames", [b"\xff\xff\xff\xff", b"\x83\x80\x00\x00\x00\x00", b"\x88\x80\x00\x00\x00\x00"]
)
def test_broken_frames_end_one_socket(start_panel, frames) -> None:
    async def test(panel, bridge) -> None:
        socket = await connect(panel)
        await socket.protocol.stream.write(frames)
        assert await socket.read_message() is None
        again = await connect(panel)
        await again.write_message("here")
        assert await again.read_message() == "here"
        again.close()

    with_bridge(start_panel, test)
