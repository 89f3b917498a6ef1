from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from node_client import until

from training_manager_ros.jobs import Job
from training_manager_ros.node.job_feed import JobFeed


class Jobs:
    """Jobs whose count grows, and a feed of them."""

    def __init__(self) -> None:
        self.now: tuple[Job, ...] = ()
        self.alive = True
        self.told: list[tuple[float, int]] = []
        self.feed = JobFeed(lambda: self.now, lambda: self.alive)

    def add(self) -> None:
        self.now = (*self.now, Job(str(len(self.now)), "steps", {}, (), (), 0.0))
        self.feed.changed()

    def listen(self, jobs: tuple[Job, ...]) -> None:
        self.told.append((time.monotonic(), len(jobs)))


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.feed.stop()


def test_many_changes_are_told_five_times_a_second_and_the_last_always(jobs: Jobs):
    jobs.feed.listen(jobs.listen)
    jobs.feed.start()
    until(lambda: jobs.told)
    stop = time.monotonic() + 1.1
    while time.monotonic() < stop:
        jobs.add()
        time.sleep(0.001)
    until(lambda: jobs.told[-1][1] == len(jobs.now))
    times = [at for at, _ in jobs.told]
    assert min(later - at for at, later in pairwise(times)) >= 0.19
    assert len(jobs.told) >= 3


def test_nothing_is_told_while_nothing_changes(jobs: Jobs):
    jobs.feed.listen(jobs.listen)
    jobs.feed.start()
    until(lambda: jobs.told)
    jobs.add()
    until(lambda: len(jobs.told) == 2)
    time.sleep(0.5)
    assert len(jobs.told) == 2


def test_a_listener_that_fails_does_not_silence_the_others(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
):
    def fail(jobs: tuple[Job, ...]) -> None:
        raise RuntimeError("a defect")

    jobs.feed.listen(fail)
    jobs.feed.listen(jobs.listen)
    jobs.feed.start()
    until(lambda: jobs.told)
    jobs.add()
    until(lambda: jobs.told[-1][1] == 1)
    assert "a defect" in caplog.text
    caplog.clear()
    jobs.alive = False  # ROS has been shut down: that nothing can be sent is no defect then
    jobs.add()
    jobs.feed.stop()
    assert "a defect" not in caplog.text


def test_stop_ends_the_thread_also_before_the_start(jobs: Jobs):
    before = threading.active_count()
    jobs.feed.start()
    jobs.feed.stop()
    assert threading.active_count() == before
    JobFeed(lambda: (), lambda: True).stop()
