from __future__ import annotations

import threading

import pytest

from training_manager_ros.errors import Cancelled
from training_manager_ros.jobs import Control, Progress
from training_manager_ros.levers import Levers


def test_reports_are_thinned_out_and_stages_are_not():
    now = [0.0]
    seen: list[Progress] = []
    control = Control(seen.append, clock=lambda: now[0])
    control.stage("copying", items=100, size=1000)
    for _ in range(100):
        now[0] += 0.05
        control.advance(items=1, size=10)
    assert 20 <= len(seen) <= 27
    assert seen[0] == Progress("copying", 0, 100, 0, 1000)
    control.stage("syncing")
    assert seen[-1] == Progress("syncing")


def test_a_paused_work_waits_at_its_next_look():
    levers = Levers()
    control = Control(levers=levers)
    control.check()
    levers.pause()
    passed = threading.Event()
    thread = threading.Thread(target=lambda: (control.advance(items=1), passed.set()))
    thread.start()
    assert not passed.wait(0.1)
    levers.resume()
    assert passed.wait(10)
    thread.join()


@pytest.mark.parametrize("paused", [False, True])
def test_cancelled_work_is_told_also_where_it_holds_still(paused: bool):
    levers = Levers()
    if paused:
        levers.pause()
    control = Control(levers=levers)
    caught = threading.Event()

    def work() -> None:
        try:
            while True:
                control.check()
        except Cancelled:
            caught.set()

    thread = threading.Thread(target=work)
    thread.start()
    levers.cancel()
    assert caught.wait(10)
    thread.join()


def test_listeners_are_told_at_once_and_after_changes():
    levers = Levers()
    seen: list[tuple[bool, bool]] = []
    with levers.listening(lambda: seen.append((levers.paused, levers.cancelled))):
        levers.pause()
        levers.resume()
        levers.cancel()
    levers.pause()
    assert seen == [(False, False), (True, False), (False, False), (False, True)]
