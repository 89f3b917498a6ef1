"""A slow client: bounded queues, the newest first to stay, dropped when it takes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from rclpy.serialization import serialize_message
from std_msgs.msg import String

from training_manager_ros.bridge.outbox import HIGH_WATER, Outbox, Subscription, Wish
from training_manager_ros.bridge.samples import Sample


class Socket:
    """Takes what is written when it is told to."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.waiting: list[asyncio.Future[None]] = []
        self.open = True
        self.dropped: list[str] = []

    def write(self, text: str) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.written.append(text)
        if self.open:
            future.set_result(None)
        else:
            self.waiting.append(future)
        return future

    async def take(self, count: int = 1) -> None:
        for future in self.waiting[:count]:
            future.set_result(None)
        del self.waiting[:count]
        for _ in range(50):  # each message that is taken makes room for the next
            await asyncio.sleep(0)

    @property
    def texts(self) -> list[str]:
        return [json.loads(text)["msg"]["data"].strip("x") for text in self.written]


def sample(text: str, size: int = 0, latched: bool = False) -> Sample:
    return Sample(serialize_message(String(data=text + "x" * size)), String, latched)


def run(test: Callable[[Socket, Outbox, Subscription], Awaitable[None]], wish: Wish) -> Socket:
    socket = Socket()

    async def inner() -> None:
        loop = asyncio.get_running_loop()
        outbox = Outbox(socket.write, socket.dropped.append, loop, stall_limit=0.2)
        subscription = Subscription("/t", outbox, loop)
        subscription.want("id", wish)
        await test(socket, outbox, subscription)

    asyncio.run(inner())
    return socket


def test_a_client_that_reads_gets_all() -> None:
    async def test(socket: Socket, outbox: Outbox, subscription: Subscription) -> None:
        for number in range(1000):
            subscription.offer(sample(str(number), latched=number % 2 == 0))
        await asyncio.sleep(0)

    assert run(test, Wish()).texts == [str(number) for number in range(1000)]


@pytest.mark.parametrize(
    ("wish", "latched", "kept"),
    [
        (Wish(), True, ["49"]),
        (Wish(queue_length=3), True, ["47", "48", "49"]),
        (Wish(queue_length=5), False, ["45", "46", "47", "48", "49"]),
    ],
)
def test_a_client_that_does_not_read_keeps_the_newest(
    wish: Wish, latched: bool, kept: list[str]
) -> None:
    async def test(socket: Socket, outbox: Outbox, subscription: Subscription) -> None:
        socket.open = False
        subscription.offer(sample("first", HIGH_WATER))  # fills what may be on its way
        for number in range(50):
            subscription.offer(sample(str(number), latched=latched))
        assert socket.texts == ["first"]
        socket.open = True
        await socket.take()

    assert run(test, wish).texts == ["first", *kept]


def test_a_burst_of_a_stream_survives() -> None:
    async def test(socket: Socket, outbox: Outbox, subscription: Subscription) -> None:
        socket.open = False
        subscription.offer(sample("first", HIGH_WATER))
        for number in range(500):
            subscription.offer(sample(str(number)))
        socket.open = True
        await socket.take()

    assert len(run(test, Wish()).texts) == 501


def test_queued_bytes_are_bounded() -> None:
    async def test(socket: Socket, outbox: Outbox, subscription: Subscription) -> None:
        socket.open = False
        for number in range(100):
            subscription.offer(sample(str(number), 1_000_000))
        assert sum(len(s.raw) for s in subscription._queue) <= 4 * 1024 * 1024
        socket.open = True
        await socket.take()

    texts = run(test, Wish(queue_length=10_000)).texts
    assert texts[0] == "0"
    assert texts[-1] == "99"
    assert len(texts) <= 10


def test_what_is_not_sent_is_not_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    converted: list[Any] = []
    original = Sample.json
    monkeypatch.setattr(Sample, "json", lambda s: converted.append(s) or original(s))

    async def test(socket: Socket, outbox: Outbox, subscription: Subscription) -> None:
        socket.open = False
        subscription.offer(sample("first", HIGH_WATER))
        for number in range(50):
            subscription.offer(sample(str(number), latched=True))
        assert len(converted) == 1

    run(test, Wish())


def test_a_client_that_takes_nothing_is_dropped() -> None:
    async def test(socket: Socket, outbox: Outbox, subscription: Subscription) -> None:
        socket.open = False
        subscription.offer(sample("first", HIGH_WATER))
        await asyncio.sleep(0.1)
        assert not socket.dropped
        await asyncio.sleep(0.2)

    assert run(test, Wish()).dropped == ["the client has taken nothing for 0.2 s"]


def test_a_client_that_takes_a_little_is_not_dropped() -> None:
    async def test(socket: Socket, outbox: Outbox, subscription: Subscription) -> None:
        socket.open = False
        for _ in range(6):
            outbox.send("x" * HIGH_WATER)
        for _ in range(5):
            await asyncio.sleep(0.1)
            await socket.take()
        assert not socket.dropped
        outbox.close()

    run(test, Wish())


def test_who_asks_waits_until_answers_are_taken() -> None:
    async def test(socket: Socket, outbox: Outbox, subscription: Subscription) -> None:
        await asyncio.wait_for(outbox.relieved(), 1)
        socket.open = False
        outbox.send("x" * HIGH_WATER)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(outbox.relieved(), 0.05)
        await socket.take()
        await asyncio.wait_for(outbox.relieved(), 1)

    run(test, Wish())


def test_topics_take_turns() -> None:
    async def test(socket: Socket, outbox: Outbox, subscription: Subscription) -> None:
        other = Subscription("/u", outbox, asyncio.get_running_loop())
        other.want(None, Wish())
        socket.open = False
        subscription.offer(sample("first", HIGH_WATER))
        for number in range(3):
            subscription.offer(sample(f"t{number}"))
        for number in range(3):
            other.offer(sample(f"u{number}"))
        socket.open = True
        await socket.take()

    assert run(test, Wish()).texts == ["first", "t0", "u0", "t1", "u1", "t2", "u2"]


def test_several_wishes_combine() -> None:
    async def test(socket: Socket, outbox: Outbox, subscription: Subscription) -> None:
        subscription.want("slow", Wish(throttle=100, queue_length=1))
        for number in range(5):
            subscription.offer(sample(str(number)))
        assert len(socket.written) == 5  # the shorter interval counts: none
        assert subscription.unwant("id")
        assert not subscription.unwant("id")
        subscription.offer(sample("5"))
        subscription.offer(sample("6"))
        assert len(socket.written) == 6
        assert subscription.unwant(None)
        assert not subscription.wanted
        subscription.close()

    run(test, Wish())


def test_a_message_that_can_not_be_converted_does_not_stop_the_others() -> None:
    async def test(socket: Socket, outbox: Outbox, subscription: Subscription) -> None:
        subscription.offer(Sample(b"\0\1\0\0\xff\xff\xff\xff", String, False))
        subscription.offer(sample("next"))

    assert run(test, Wish()).texts == ["next"]
