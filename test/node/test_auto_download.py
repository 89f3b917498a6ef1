"""Downloads that start by themselves: when, how often, and when no more."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from training_manager_ros.errors import Conflict, TrainingManagerError, Unavailable
from training_manager_ros.jobs import Job, JobState
from training_manager_ros.node.auto_download import AutoDownload

MINUTE = 60.0


class World:
    """What an `AutoDownload` does, and the time that it is."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.enabled = True
        self.error: TrainingManagerError | None = None
        self.started: list[tuple[str, int]] = []
        self.given_up: list[tuple[str, int]] = []
        self.downloads = AutoDownload(
            self._submit,
            lambda skill, run_id: self.given_up.append((skill, run_id)),
            lambda: self.enabled,
            lambda: self.now,
        )

    def _submit(self, skill: str, run_id: int) -> None:
        self.started.append((skill, run_id))
        if self.error is not None:
            raise self.error

    def done(self, run_id: int = 1) -> None:
        """Tell that a run is done, and wait for what comes of it."""
        before = set(threading.enumerate())
        self.downloads.done("pick", run_id)
        for thread in set(threading.enumerate()) - before:
            thread.join(20)

    def tries_within(self, minutes: float) -> int:
        """How often it is tried when the server tells every minute that the run is done."""
        before = len(self.started)
        for _ in range(int(minutes)):
            if self.given_up:
                break
            self.done()
            self.now += MINUTE
        return len(self.started) - before


@pytest.fixture
def world() -> World:
    return World()


def job(state: JobState, job_id: str = "a", **changes: Any) -> Job:
    facts = {"kind": "download_run", "arguments": {"skill": "pick", "run_id": 1}, **changes}
    return Job(id=job_id, reads=("pick",), writes=(), created=0.0, state=state, **facts)


def test_a_run_that_is_done_is_downloaded_once(world: World) -> None:
    for _ in range(3):
        world.done(1)
        world.done(2)
    assert world.started == [("pick", 1), ("pick", 2)]


def test_what_fails_is_tried_again_later_and_later_but_not_for_ever(world: World) -> None:
    assert world.tries_within(5) == 1
    assert world.tries_within(60) == 3  # after 5, 15 and 35 minutes
    assert world.given_up == []
    assert world.tries_within(24 * 60) == 6
    assert world.given_up == [("pick", 1)]


@pytest.mark.parametrize("error", [Unavailable("no network"), TrainingManagerError("full")])
def test_what_can_not_be_started_is_tried_again(world: World, error: TrainingManagerError) -> None:
    world.error = error
    assert world.tries_within(6) == 2


def test_a_download_that_goes_on_is_no_failure(world: World) -> None:
    world.error = Conflict("The same job is already running.")
    assert world.tries_within(24 * 60) > 100
    assert world.given_up == []


def test_what_is_in_its_way_is_said_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "training_manager.training")
    for text in ("Deactivate it first.", "Jobs are not to be had."):
        world.error = Conflict(text)
        assert world.tries_within(20) > 1
        assert caplog.messages == [f"pick: no download of run 1 begins now: {text}"]
        caplog.clear()


def test_what_is_not_wanted_is_given_up(world: World) -> None:
    world.enabled = False
    world.done()
    world.enabled = True
    world.done()  # told before it was heard
    assert (world.started, world.given_up) == ([], [("pick", 1)])


def test_what_a_user_cancels_is_given_up_once(world: World) -> None:
    world.done()
    world.downloads.jobs_changed([job(JobState.RUNNING), job(JobState.FAILED, "b")])
    assert world.given_up == []
    for _ in range(2):
        other = job(JobState.CANCELLED, "c", kind="upload_skill", arguments={"skill": "pick"})
        world.downloads.jobs_changed([job(JobState.CANCELLED), other])
    assert world.given_up == [("pick", 1)]
    world.done()
    assert world.started == [("pick", 1)]
