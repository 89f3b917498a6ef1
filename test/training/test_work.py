"""The parts that long work is made of: control, progress, pauses, lanes, backlog."""

from __future__ import annotations

import threading
import time
from collections.abc import Coroutine
from typing import Any

import anyio
import pytest

from training_manager_ros.errors import Cancelled, Unavailable
from training_manager_ros.training.backlog import Backlog
from training_manager_ros.training.control import Control
from training_manager_ros.training.gate import Gate, obeying
from training_manager_ros.training.lanes import Lanes, Pace
from training_manager_ros.training.pauses import Pauses, is_transient
from training_manager_ros.training.progress import Meter, Progress
from training_manager_ros.training.together import together


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_control_from_another_thread() -> None:
    control = Control()
    control.check()
    control.pause()
    passed = threading.Event()

    def work() -> None:
        control.check()
        passed.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert not passed.wait(0.05)
    control.resume()
    assert passed.wait(5)
    thread.join()
    control.pause()
    control.cancel()
    with pytest.raises(Cancelled):
        control.check()


def test_listeners_are_told_at_once_and_no_longer_than_they_want() -> None:
    control = Control()
    heard: list[bool] = []
    with control.listening(lambda: heard.append(control.paused)):
        control.pause()
        control.resume()
    control.pause()
    assert heard == [False, True, False]


def test_work_is_cancelled_wherever_it_waits() -> None:
    control = Control()

    async def work() -> None:
        async with obeying(control):
            threading.Timer(0.05, control.cancel).start()
            await anyio.sleep_forever()

    started = time.monotonic()
    with pytest.raises(Cancelled):
        anyio.run(work)
    assert time.monotonic() - started < 5


def test_work_that_ended_is_not_cancelled_any_more() -> None:
    control = Control()

    async def work() -> str:
        async with obeying(control):
            pass
        control.cancel()
        return "done"

    assert anyio.run(work) == "done"


def test_an_error_comes_out_of_obedient_work_as_it_is() -> None:
    async def work() -> None:
        async with obeying(Control()):
            raise Unavailable("x")

    with pytest.raises(Unavailable):
        anyio.run(work)


@pytest.mark.parametrize("failures", range(1, 10))
def test_pauses_grow_up_to_the_most(failures: int) -> None:
    pause = Pauses(first=2, most=30).after(failures)
    assert pause is not None
    expected = min(30, 2 * 2 ** (failures - 1))
    assert 0.75 * expected <= pause <= expected


def test_pauses_end_and_heed_the_server() -> None:
    pauses = Pauses(first=1, most=30, attempts=3)
    assert pauses.after(3) is None
    assert pauses.after(1, asked=7) == 7
    assert pauses.after(1, asked=9999) == 30
    assert (pauses.after(1, asked=0) or 0) > 0.7


@pytest.mark.parametrize(
    ("status", "transient"),
    [(408, True), (429, True), (500, True), (503, True), (400, False), (404, False), (200, False)],
)
def test_what_may_pass(status: int, transient: bool) -> None:
    assert is_transient(status) == transient


def test_lanes_are_halved_once_a_second_and_come_back_one_by_one() -> None:
    clock = Clock()

    async def run() -> list[int]:
        lanes = Lanes(8, clock)
        seen = [lanes.open]
        for step in ("narrow", "narrow", "wait", "narrow", "wait", "narrow", "wait", "narrow"):
            if step == "wait":
                clock.now += 1
            else:
                lanes.narrow()
                seen.append(lanes.open)
        for _ in range(9):
            lanes.widen()
        seen.append(lanes.open)
        return seen

    assert anyio.run(run) == [8, 4, 4, 2, 1, 1, 8]


def test_the_pace_is_kept_over_all_lanes() -> None:
    async def run() -> float:
        pace = Pace(Gate(), 100_000)
        started = time.monotonic()
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(pace.take, 10_000)
        return time.monotonic() - started

    assert 0.29 <= anyio.run(run) < 3


def test_progress_rate_and_time_left() -> None:
    clock = Clock()
    meter = Meter(lambda progress: None, clock)
    meter.stage("uploading")
    meter.expect(2, 1000)
    assert meter.progress() == Progress("uploading", 0, 2, 0, 1000)
    clock.now += 2
    meter.moved(100)
    meter.credit(300)
    meter.finished()
    assert meter.progress() == Progress("uploading", 1, 2, 400, 1000, 50.0, 12.0)
    for _ in range(20):
        clock.now += 1
        meter.moved(10)
        last = meter.progress()
    assert last.rate == pytest.approx(10.0)
    clock.now += 11
    stalled = meter.progress()
    assert (stalled.rate, stalled.seconds_left) == (0, None)


def test_the_slower_of_converting_and_sending_decides() -> None:
    clock = Clock()
    meter = Meter(lambda progress: None, clock)
    clock.now += 5
    meter.expect(2, 200)
    meter.converted(0)
    assert meter.progress().seconds_left is None
    clock.now += 5
    meter.moved(100)
    meter.converted(0.1)
    assert meter.progress().seconds_left == pytest.approx(0.9 / 0.02)
    meter.expect(1, 800)
    assert meter.progress().seconds_left == pytest.approx(900 / 10)
    clock.now += 20
    meter.converted(0.5)
    assert meter.progress().seconds_left == pytest.approx(0.5 / 0.02, rel=0.1)  # nothing is sent
    meter.converted(1)
    assert meter.progress().seconds_left is None


def test_the_largest_first() -> None:
    async def run() -> list[str | None]:
        backlog = Backlog[str]()
        for name, size in (("b", 1), ("c", 9), ("a", 1), ("d", 5)):
            backlog.add(name, size, name.upper(), certain=name != "d")
        assert backlog.upcoming(3) == ["c", "a"]
        backlog.close()
        return [await backlog.take() for _ in range(6)]

    assert anyio.run(run) == ["C", "D", "A", "B", None, None]


def test_takers_wait_until_something_comes_or_the_end() -> None:
    async def run() -> list[str]:
        backlog = Backlog[str]()
        got: list[str] = []

        async def taker() -> None:
            while (item := await backlog.take()) is not None:
                got.append(item)

        async with anyio.create_task_group() as group:
            group.start_soon(taker)
            group.start_soon(taker)
            await anyio.sleep(0.01)
            backlog.add("a", 1, "a")
            await anyio.sleep(0.01)
            backlog.close()
        return got

    assert anyio.run(run) == ["a"]


def test_the_first_error_is_raised_as_it_is_and_ends_the_rest() -> None:
    ended: list[str] = []

    async def lasting() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("lasting")

    async def failing() -> None:
        await anyio.sleep(0.01)
        raise Unavailable("first")

    with pytest.raises(Unavailable, match="first"):
        anyio.run(_together, [lasting, failing], [lasting])
    assert ended == ["lasting", "lasting"]


def test_the_background_ends_with_the_work_and_may_fail_it() -> None:
    async def quick() -> None:
        await anyio.sleep(0.01)

    async def failing() -> None:
        raise Unavailable("background")

    anyio.run(_together, [quick], [anyio.sleep_forever])
    with pytest.raises(Unavailable, match="background"):
        anyio.run(_together, [anyio.sleep_forever], [failing])


def _together(work: Any, background: Any) -> Coroutine[Any, Any, None]:
    return together(work, background)
