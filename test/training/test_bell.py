from __future__ import annotations

import threading
import time

import anyio

from training_manager_ros.training.bell import Bell


def test_it_wakes_from_any_thread_and_is_not_missed() -> None:
    bell = Bell()
    took: list[float] = []

    async def sleep(seconds: float) -> None:
        started = time.monotonic()
        await bell.wait(seconds)
        took.append(time.monotonic() - started)

    async def work() -> None:
        bell.ring()  # before anybody waits
        await sleep(60)
        threading.Timer(0.05, bell.ring).start()
        await sleep(60)
        await sleep(0.05)  # nobody rings any more

    anyio.run(work)
    assert took[0] < 5
    assert took[1] < 30
    assert took[2] >= 0.04
    bell.ring()  # the loop is closed: nothing happens
