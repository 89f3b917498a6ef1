"""The client as its callers use it: extras, new runs, threads, closing."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from fault_server import FaultServer

from training_manager_ros.errors import (
    Cancelled,
    InvalidInput,
    Refused,
    TrainingManagerError,
    Unavailable,
)
from training_manager_ros.training.activation import trained_on
from training_manager_ros.training.client import Connection, TrainingClient
from training_manager_ros.training.dataset_facts import DatasetFacts
from training_manager_ros.training.models import RunProgress
from training_manager_ros.training.new_run import create_run
from training_manager_ros.training.presets import ACT_DEFAULT
from training_manager_ros.training.run_request import RunRequest
from training_manager_ros.training.settings import Settings
from training_manager_ros.training.skill_metadata import change_metadata
from training_manager_ros.training.upload_plan import UploadState, plan_upload

MakeSkill = Callable[..., Path]
FACTS = DatasetFacts(("camera_1",), 10, 3, 3000)


def test_a_server_without_extras(client: TrainingClient) -> None:
    assert client.info().features == frozenset()
    assert client.presets() == [ACT_DEFAULT]
    for call in (
        lambda: client.cancel_run("s", 1),
        lambda: client.run_log("s", 1),
        lambda: client.metrics("s", 1),
        lambda: client.approve_run("s", 1),
        lambda: client.reject_run("s", 1),
        lambda: client.delete_skill("s"),
    ):
        with pytest.raises(Refused, match="This training server can't"):
            call()


@pytest.mark.test_server_alone("its run has no log and no curves")
def test_a_server_with_extras(
    client: TrainingClient, server: FaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "training_manager.training")
    server.faults.features = ("cancel", "log", "metrics")
    server.skills["s"] = {"skill_id": "s"}
    server.runs["s", 1] = {"skill_id": "s", "run_id": 1, "status": "running"}
    server.logs["s", 1] = "first\nzw\u00f6lf\n".encode()
    part = client.run_log("s", 1, limit=6)
    assert (part.text, part.start, part.next_offset, part.complete) == ("first\n", 0, 6, False)
    rest = client.run_log("s", 1, part.next_offset)
    assert (rest.text, rest.complete) == ("zw\u00f6lf\n", True)
    assert client.run_log("s", 1, -7).text == "zw\u00f6lf\n"[0:]
    metrics = client.metrics("s", 1)
    assert metrics.progress == RunProgress(20, 100, 0.5, 8.0)
    (first, second) = metrics.curves["loss"]
    assert first == (10, 1.5)
    assert second[0] == 20
    assert math.isnan(second[1])
    assert client.cancel_run("s", 1).error_message == "cancelled"
    # What is asked again and again while somebody looks is not told every time.
    told = [record.getMessage().split()[1] for record in caplog.records]
    assert told[-1] == "/skills/s/runs/1/cancel"
    assert not [path for path in told if path.endswith(("/log", "/metrics"))]


def test_a_new_run(client: TrainingClient, server: FaultServer, make_skill: MakeSkill) -> None:
    folder = make_skill()
    with pytest.raises(InvalidInput, match="pick-cup has not been uploaded yet; upload it first"):
        create_run(client, folder, RunRequest(), FACTS)
    assert server.calls == []
    skill_id = client.upload(folder).skill_id
    request = RunRequest(hyperparameters={"MAX_STEPS": 500})
    run = create_run(client, folder, request, FACTS)
    assert server.runs[skill_id, run.run_id]["training_params"] == {
        "preset": "act-default",
        "source_dir": str(folder),
        "env": {"MAX_STEPS": "500"},
    }
    assert trained_on(folder, skill_id, run.run_id) == FACTS
    with pytest.raises(InvalidInput, match="no preset none"):
        create_run(client, folder, RunRequest(preset="none"), FACTS)
    (folder / "data" / "episode_0.h5").write_bytes(b"changed")
    with pytest.raises(
        InvalidInput, match="has changed since it was uploaded; upload it again first"
    ):
        create_run(client, folder, RunRequest(), FACTS)


def test_plans_of_uploads(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=2, size=100)
    plan = plan_upload(folder, client.server_name)
    assert plan.state is UploadState.NEVER
    assert (plan.episodes, plan.files, len(plan.new), plan.changed) == (2, 5, 5, ())
    assert plan.bytes_to_send == plan.size
    client.upload(folder)
    plan = plan_upload(folder, client.server_name)
    assert (plan.state, plan.new, plan.bytes_to_send) == (UploadState.WHOLE, (), 0)
    (folder / "data" / "episode_1.h5").write_bytes(b"x" * 50)
    (folder / "data" / "extra.txt").write_bytes(b"x" * 7)
    plan = plan_upload(folder, client.server_name)
    assert plan.state is UploadState.CHANGED
    assert (plan.new, plan.changed) == (("data/extra.txt",), ("data/episode_1.h5",))
    assert plan.bytes_to_send == 57
    assert plan_upload(folder, "another.server").state is UploadState.NEVER
    server.faults.corrupt_puts = 10_000
    with pytest.raises(Unavailable):
        client.upload(folder)
    assert plan_upload(folder, client.server_name).state is UploadState.CHANGED


def test_an_upload_by_another_program_is_known_by_its_count(make_skill: MakeSkill) -> None:
    folder = make_skill(episodes=2)
    for count, state in ((2, UploadState.WHOLE), (1, UploadState.CHANGED)):
        change_metadata(
            folder, lambda _, n=count: {"training_skill_id": "s", "uploaded_episode_count": n}
        )
        assert plan_upload(folder, "a.server").state is state


def test_an_upload_that_was_cut_off_is_not_whole(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=10)
    signed = server._signed
    server._signed = lambda key: "" if "episode_3" in key else signed(key)  # type: ignore[method-assign]
    with pytest.raises(TrainingManagerError, match="episode_3"):
        client.upload(folder)
    plan = plan_upload(folder, client.server_name)
    assert plan.state is UploadState.PARTIAL
    assert plan.new == (
        "data/dataset_metadata.json",
        "data/episode_3.h5",
        "data/episode_3_camera_1.mp4",
    )


def test_nothing_happens_before_the_first_call(server: FaultServer) -> None:
    before = threading.active_count()
    client = TrainingClient(Settings(server.url, server.issuer, "key"))
    assert threading.active_count() == before
    assert not client.state.signed_in
    client.close()
    assert server.calls == []


def test_closing_ends_what_runs(
    server: FaultServer, make_client: Callable[..., TrainingClient]
) -> None:
    server.faults.latency = 30
    client = make_client(server)
    ended = threading.Event()

    def call() -> None:
        try:
            client.skills()
        except (Unavailable, Cancelled):
            ended.set()

    thread = threading.Thread(target=call)
    thread.start()
    while not server.calls:
        time.sleep(0.01)
    client.close()
    assert ended.wait(5)
    thread.join()


def test_closing_ends_what_waits(client: TrainingClient) -> None:
    began, ended = threading.Event(), threading.Event()

    async def wait(connection: Connection) -> None:
        began.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    client.background(wait)
    assert began.wait(10)
    client.close()
    assert ended.is_set()


def test_a_callback_that_waits_for_its_client_is_a_mistake_that_shows(
    client: TrainingClient, make_skill: MakeSkill
) -> None:
    with pytest.raises(RuntimeError, match="must not wait"):
        client.upload(make_skill(), report=lambda progress: client.skills() and None)


def test_many_threads_share_a_client(client: TrainingClient, server: FaultServer) -> None:
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda: results.append(len(client.skills()))) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [0] * 20
    assert [path for _, path in server.calls].count("/auth/token") == 1


def test_a_conversion_that_was_interrupted_is_no_loss(
    client: TrainingClient, make_skill: MakeSkill
) -> None:
    """Its original is in raw_data/; the upload converts it before it sends the list of episodes."""
    folder = make_skill(episodes=2)
    client.upload(folder)
    (folder / "raw_data").mkdir()
    (folder / "data" / "episode_1.h5").rename(folder / "raw_data" / "episode_1.h5")
    assert plan_upload(folder, client.server_name).state is UploadState.CHANGED
    with pytest.raises(InvalidInput, match=r"files are missing: data/episode_1\.h5"):
        client.upload(folder)  # without converting
