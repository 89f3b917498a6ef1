"""The monitor of runs, against a real server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fault_server import FaultServer, ServerThread

from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.models import ServerRun
from training_manager_ros.training.monitor import RunMonitor
from training_manager_ros.training.runs import RunsState

MakeClient = Callable[..., TrainingClient]

pytestmark = pytest.mark.test_server_alone("the runs of all its skills are numbered together")


class Watch:
    """What a monitor told, and a way to wait for it."""

    def __init__(self) -> None:
        self.states: list[RunsState] = []
        self.done: list[tuple[str, int]] = []
        self._changed = threading.Condition()

    def change(self, state: RunsState) -> None:
        with self._changed:
            self.states.append(state)
            self._changed.notify_all()

    def run_done(self, skill: str, run: ServerRun) -> None:
        with self._changed:
            self.done.append((skill, run.run_id))
            self._changed.notify_all()

    def until(self, wanted: Callable[[RunsState], bool]) -> RunsState:
        with self._changed:
            assert self._changed.wait_for(lambda: wanted(self.states[-1]), 20)
            return self.states[-1]

    def until_done(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.done, 20)


def put_runs(server: FaultServer, skills: int, runs: int, status: str = "done") -> dict[str, str]:
    ids = {f"skill-{n}": f"id-{n}" for n in range(skills)}
    for skill_id in ids.values():
        server.skills[skill_id] = {"skill_id": skill_id, "name": skill_id}
        for number in range(runs):
            server.runs[skill_id, number] = {
                "skill_id": skill_id,
                "run_id": number,
                "status": status,
                "created_at": f"2025-01-01T00:00:{number:02}",
            }
    return ids


@contextmanager
def monitoring(
    client: TrainingClient, ids: dict[str, str], path: Path, **changes: Any
) -> Iterator[tuple[RunMonitor, Watch]]:
    watch = Watch()
    settings = {"active_seconds": 0.05, **changes}
    monitor = RunMonitor(
        client, lambda: ids, path / "runs.json", watch.change, watch.run_done, **settings
    )
    monitor.start()
    try:
        yield monitor, watch
    finally:
        monitor.stop()


def count(state: RunsState) -> int:
    return sum(len(known.runs) for known in state.skills.values())


@pytest.mark.parametrize("features", [(), ("runs",)], ids=["plain", "all at once"])
def test_500_runs_of_100_skills(
    client: TrainingClient, server: FaultServer, tmp_path: Path, features: tuple[str, ...]
) -> None:
    server.faults.features = features
    server.faults.latency = 0.05
    ids = put_runs(server, 100, 5)
    monitor = RunMonitor(client, lambda: ids, tmp_path / "runs.json", lambda state: None)
    assert count(monitor.refresh()) == 500
    assert server.most_in_flight <= 8
    if features:
        assert len(server.calls) == 4  # discovery, token, what server it is, all runs
    else:
        assert server.most_in_flight >= 5


@pytest.mark.parametrize("features", [None, ("runs",)], ids=["plain", "all at once"])
def test_a_run_is_followed_to_its_end(
    client: TrainingClient,
    server: FaultServer,
    tmp_path: Path,
    features: tuple[str, ...] | None,
) -> None:
    server.faults.features = features
    ids = put_runs(server, 3, 2)
    for skill in ("id-1", "id-2"):
        server.runs[skill, 1]["status"] = "waiting_for_approval"
    with monitoring(client, ids, tmp_path) as (_, watch):
        watch.until(lambda state: count(state) == 6)
        for status in ("booting", "running", "done"):
            server.runs["id-1", 1]["status"] = status
            watch.until(lambda state, s=status: state.skills["skill-1"].runs[0].status == s)  # type: ignore[misc]
        watch.until_done()
        assert set(watch.done) == {("skill-1", 1)}
        asked = [path for _, path in server.calls]
        server.runs["id-2", 1]["status"] = "done"
        watch.until(lambda state: state.skills["skill-2"].runs[0].status == "done")
    assert asked.count("/skills/id-0/runs") <= 1  # nothing of it is active


def test_idle_runs_are_hardly_ever_asked_for(
    client: TrainingClient, server: FaultServer, tmp_path: Path
) -> None:
    ids = put_runs(server, 3, 2)
    with monitoring(client, ids, tmp_path) as (_, watch):
        watch.until(lambda state: count(state) == 6)
        before = len(server.calls)
        time.sleep(0.5)
        assert len(server.calls) == before


def test_a_server_that_is_away_fails_no_run(
    client: TrainingClient,
    thread: ServerThread,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ids = put_runs(thread.server, 1, 1, "running")
    caplog.set_level(logging.INFO, "training_manager.training")
    with monitoring(client, ids, tmp_path) as (monitor, watch):
        watch.until(lambda state: count(state) == 1)
        thread.stop()
        lost = watch.until(lambda state: state.lost_since is not None)
        assert lost.skills["skill-0"].runs[0].status == "running"
        assert "training server" in lost.problem
        thread.start()
        found = monitor.refresh()
        assert (found.lost_since, found.problem) == (None, "")
    said = [record.getMessage() for record in caplog.records]
    assert sum("connection to the training server is lost" in line for line in said) == 1
    assert sum("answers again" in line for line in said) == 1


def test_a_refused_key_is_told_in_words(
    client: TrainingClient, server: FaultServer, tmp_path: Path
) -> None:
    server.faults.sign_in_status = 403
    with monitoring(client, put_runs(server, 1, 1), tmp_path) as (_, watch):
        state = watch.until(lambda state: bool(state.problem))
    assert "does not accept the service key" in state.problem


def test_a_skill_that_the_server_does_not_know_hides_no_other(
    client: TrainingClient, server: FaultServer, tmp_path: Path
) -> None:
    ids = {**put_runs(server, 2, 1), "stale": "gone"}
    with monitoring(client, ids, tmp_path) as (_, watch):
        state = watch.until(lambda state: count(state) == 2)
    assert "upload it again" in state.skills["stale"].problem
    assert state.lost_since is None


def test_after_a_restart_what_was_known_is_there_at_once(
    thread: ServerThread, make_client: MakeClient, tmp_path: Path
) -> None:
    ids = put_runs(thread.server, 2, 3, "running")
    with monitoring(make_client(thread.server), ids, tmp_path) as (_, watch):
        watch.until(lambda state: count(state) == 6)
    thread.server.runs["id-1", 2]["status"] = "done"
    thread.stop()
    with monitoring(make_client(thread.server), ids, tmp_path) as (monitor, watch):
        assert count(watch.states[0]) == 6
        watch.until(lambda state: state.lost_since is not None)
        assert count(monitor.state) == 6
        thread.start()
        monitor.refresh()
        watch.until_done()
    assert set(watch.done) == {("skill-1", 2)}  # it turned done while nobody looked


def test_results_are_told_of_until_they_are_downloaded(
    client: TrainingClient, server: FaultServer, tmp_path: Path
) -> None:
    ids = put_runs(server, 1, 3, "done")
    server.runs["id-0", 2]["status"] = "running"
    with monitoring(client, ids, tmp_path) as (monitor, watch):
        watch.until(lambda state: count(state) == 3)
        server.runs["id-0", 2]["status"] = "done"
        watch.until_done()
        for _ in range(2):
            monitor.refresh()
        assert set(watch.done) == {("skill-0", 2)}  # the others were done before
        assert len(watch.done) >= 3
        server.runs["id-0", 2]["status"] = "downloaded"
        monitor.refresh()
        told = len(watch.done)
        monitor.refresh()
        assert len(watch.done) == told


def test_results_that_nobody_wants_are_told_of_no_more(
    thread: ServerThread, make_client: MakeClient, tmp_path: Path
) -> None:
    ids = put_runs(thread.server, 1, 1, "running")
    with monitoring(make_client(thread.server), ids, tmp_path) as (monitor, watch):
        watch.until(lambda state: count(state) == 1)
        thread.server.runs["id-0", 0]["status"] = "done"
        watch.until_done()
    with monitoring(make_client(thread.server), ids, tmp_path) as (monitor, watch):
        monitor.refresh()
        watch.until_done()  # that it is to be fetched outlives a restart
        monitor.not_to_fetch("skill-0", 0)
        watch.done.clear()
        monitor.refresh()
        assert watch.done == []


def test_results_that_the_server_does_not_know_any_more(
    client: TrainingClient, server: FaultServer, tmp_path: Path
) -> None:
    ids = put_runs(server, 1, 1, "running")
    with monitoring(client, ids, tmp_path, active_seconds=60.0) as (monitor, watch):
        watch.until(lambda state: count(state) == 1)
        server.runs["id-0", 0]["status"] = "done"
        monitor.refresh()
        watch.until_done()
        del server.skills["id-0"]
        watch.done.clear()
        assert monitor.refresh().skills["skill-0"].problem
        assert watch.done == []


def test_a_run_that_began_and_ended_while_nobody_looked(
    thread: ServerThread, make_client: MakeClient, tmp_path: Path
) -> None:
    ids = put_runs(thread.server, 1, 0)
    with monitoring(make_client(thread.server), ids, tmp_path) as (monitor, _):
        monitor.refresh()
    put_runs(thread.server, 1, 1, "done")
    with monitoring(make_client(thread.server), ids, tmp_path) as (monitor, watch):
        monitor.refresh()
        watch.until_done()
    fresh = tmp_path / "fresh"  # for who begins today it is an old one
    with monitoring(make_client(thread.server), ids, fresh) as (monitor, watch):
        monitor.refresh()
        assert watch.done == []


def test_a_failed_run_is_left_alone_until_it_is_taken_up_again(
    client: TrainingClient, server: FaultServer, tmp_path: Path
) -> None:
    ids = put_runs(server, 1, 1, "running")
    server.runs["id-0", 0]["error_message"] = "CUDA out of memory"
    with monitoring(client, ids, tmp_path) as (monitor, watch):
        watch.until(lambda state: count(state) == 1)
        before = len(server.calls)
        time.sleep(0.5)
        assert len(server.calls) == before
        server.runs["id-0", 0]["error_message"] = None
        monitor.refresh()
        server.runs["id-0", 0]["status"] = "done"
        watch.until_done()


def test_questions_that_are_asked_all_the_time_are_details_in_the_log(
    client: TrainingClient, server: FaultServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "training_manager.training")
    ids = {**put_runs(server, 1, 1, "running"), "stale": "gone"}
    with monitoring(client, ids, tmp_path) as (monitor, watch):
        watch.until(lambda state: count(state) == 1)
        server.runs["id-0", 0]["status"] = "booting"
        watch.until(lambda state: state.newest()[0][1].status == "booting")
        polls = [r for r in caplog.records if r.getMessage().startswith("GET /skills/id-0/runs")]
        assert {record.levelno for record in polls} == {logging.DEBUG}
        monitor.refresh(["skill-0"])
    asked = [r for r in caplog.records if r.levelno == logging.INFO]
    assert [r.getMessage().split(" ")[1] for r in asked] == ["/skills/id-0/runs"]
    warned = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert [line.split(":")[0] for line in warned] == ["stale"]


@pytest.mark.parametrize("status", [403, 404])
def test_a_server_that_does_not_list_all_runs_after_all(
    server: FaultServer, make_client: MakeClient, tmp_path: Path, status: int
) -> None:
    server.faults.features = ("runs",)
    ids = put_runs(server, 2, 1, "running")

    class Refusing(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/runs":
                return httpx.Response(status)
            return await super().handle_async_request(request)

    with monitoring(make_client(server, transport=Refusing()), ids, tmp_path) as (_, watch):
        watch.until(lambda state: count(state) == 2)
        server.runs["id-1", 0]["status"] = "booting"
        watch.until(lambda state: state.skills["skill-1"].runs[0].status == "booting")


def test_a_new_run_is_followed_soon(
    client: TrainingClient, server: FaultServer, tmp_path: Path
) -> None:
    ids = put_runs(server, 1, 0)
    with monitoring(client, ids, tmp_path) as (monitor, watch):
        watch.until(lambda state: bool(state.skills))
        run = client.create_run("id-0", {"preset": "act-default"})
        monitor.refresh(["skill-0"])
        server.runs["id-0", run.run_id]["status"] = "running"
        watch.until(lambda state: count(state) == 1 and state.newest()[0][1].status == "running")
