"""Background work: one at a time, newest first, shared, and not tried again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from training_manager_ros.datasets.video.lane import Lane, Ticket
from training_manager_ros.errors import TrainingManagerError, Unreadable

DEADLINE = 20.0


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lane(clock: Clock) -> Iterator[Lane]:
    lane = Lane("test", clock)
    yield lane
    lane.close()


class Gate:
    """Work that says when it began and goes on when it is let."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.started = threading.Semaphore(0)
        self.let = threading.Semaphore(0)

    def __call__(self, ticket: Ticket) -> None:
        self.begun.append(ticket.key)
        self.started.release()
        while not self.let.acquire(timeout=0.01):
            if ticket.stopping:
                raise TrainingManagerError("stopped")

    def wait_for_start(self) -> None:
        assert self.started.acquire(timeout=DEADLINE)


def fail_with(error: Exception, calls: list[str]) -> Callable[[Ticket], None]:
    def work(ticket: Ticket) -> None:
        calls.append(ticket.key)
        raise error

    return work


def test_the_newest_request_is_next(lane: Lane) -> None:
    gate = Gate()
    tickets = [lane.ask("a", gate)]
    gate.wait_for_start()
    tickets += [lane.ask(key, gate) for key in "bcd"]
    gate.let.release(4)
    assert all(ticket.wait(DEADLINE) for ticket in tickets)
    assert gate.begun == ["a", "d", "c", "b"]


def test_requests_for_the_same_share_one_ticket(lane: Lane) -> None:
    gate = Gate()
    running = lane.ask("a", gate)
    gate.wait_for_start()
    waiting = lane.ask("b", gate)
    assert lane.ask("a", gate) is running
    assert lane.ask("b", gate) is waiting
    gate.let.release(2)
    assert waiting.wait(DEADLINE)
    assert gate.begun == ["a", "b"]
    assert not running.error


def test_a_broken_file_is_not_tried_again(lane: Lane, clock: Clock) -> None:
    calls: list[str] = []
    work = fail_with(Unreadable("It is cut off."), calls)
    ticket = lane.ask("a", work)
    assert ticket.wait(DEADLINE)
    clock.now += 1e6
    again = lane.ask("a", work)
    assert again is ticket
    assert again.error == "It is cut off."
    assert calls == ["a"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (TrainingManagerError("The encoder was killed."), "The encoder was killed."),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_what_is_not_the_files_fault_is_tried_after_a_minute(
    lane: Lane, clock: Clock, error: Exception, sentence: str
) -> None:
    calls: list[str] = []
    work = fail_with(error, calls)
    assert lane.ask("a", work).wait(DEADLINE)
    clock.now += 59
    assert sentence in lane.ask("a", work).error
    assert calls == ["a"]
    clock.now += 2
    again = lane.ask("a", work)
    assert again.wait(DEADLINE)
    assert calls == ["a", "a"]


def test_work_that_nobody_asks_for_gives_way(lane: Lane, clock: Clock) -> None:
    gate = Gate()
    lane.ask("a", gate)
    gate.wait_for_start()
    clock.now += 15
    lane.ask("b", gate)
    lane.ask("a", gate)  # still wanted
    clock.now += 15
    lane.ask("b", gate)
    assert gate.begun == ["a"]
    clock.now += 10
    lane.ask("b", gate)
    gate.wait_for_start()
    assert gate.begun == ["a", "b"]
    gate.let.release()
    assert lane.ask("b", gate).wait(DEADLINE)


def test_work_goes_on_while_nothing_else_waits(lane: Lane, clock: Clock) -> None:
    gate = Gate()
    ticket = lane.ask("a", gate)
    gate.wait_for_start()
    clock.now += 1e6
    assert lane.ask("a", gate) is ticket
    assert not ticket.stopping


def test_an_error_that_nobody_thought_of_does_not_stop_the_lane(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[object] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    calls: list[str] = []
    broken = lane.ask("a", fail_with(ZeroDivisionError("oops"), calls))
    assert broken.wait(DEADLINE)
    assert "log" in broken.error
    fine = lane.ask("b", lambda ticket: calls.append(ticket.key))
    assert fine.wait(DEADLINE)
    assert not fine.error
    assert calls == ["a", "b"]
    assert reported


def test_closing_ends_work_and_refuses_more() -> None:
    lane, gate = Lane("test"), Gate()
    running = lane.ask("a", gate)
    gate.wait_for_start()
    lane.ask("b", gate)
    lane.close()
    assert running.wait(0)
    refused = lane.ask("c", gate)
    assert refused.wait(0)
    assert "shutting down" in refused.error
    assert gate.begun == ["a"]
