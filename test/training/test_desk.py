"""The desk: everything about training that a node offers, without a node."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fault_server import FaultServer, ServerThread

from training_manager_ros.datasets import FactCache, open_dataset
from training_manager_ros.errors import Conflict, InvalidInput, NotFound, Refused
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.desk import DeskOptions, TrainingDesk
from training_manager_ros.training.overview import Overview
from training_manager_ros.training.results import LocalState
from training_manager_ros.training.run_request import RunRequest
from training_manager_ros.training.upload_plan import UploadState

MakeClient = Callable[..., TrainingClient]
SKILL = "fold-towel"
SMALL = RunRequest(hyperparameters={"BATCH_SIZE": 2})


class Desk:
    """A desk over a folder of skills, and what it called back."""

    def __init__(self, client: TrainingClient, skills: Path, **options: Any) -> None:
        self._changed = threading.Condition()
        self.done: list[tuple[str, int]] = []
        self.skills = skills
        facts = FactCache(None)
        self.desk = TrainingDesk(
            client,
            replace(
                DeskOptions(
                    skills_dir=skills,
                    skills=self._ids,
                    dataset=lambda name: open_dataset(skills / name, facts),
                    state_file=skills.parent / "state" / "runs.json",
                    on_change=self._change,
                    on_done=lambda skill, run_id: self.done.append((skill, run_id)),
                ),
                **options,
            ),
        )
        self.desk.monitor.active_seconds = 0.05
        self.desk.start()

    def _ids(self) -> dict[str, str]:
        return {
            path.parent.name: json.loads(path.read_text()).get("training_skill_id") or ""
            for path in self.skills.glob("*/metadata.json")
        }

    def _change(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def until(self, wanted: Callable[[Overview], Any]) -> Overview:
        deadline = time.monotonic() + 20
        with self._changed:
            while not wanted(overview := self.desk.overview()):
                assert time.monotonic() < deadline, overview
                self._changed.wait(1)
            return overview


@pytest.fixture
def skills(sample_skills: Path, tmp_path: Path) -> Path:
    shutil.copytree(sample_skills / SKILL, tmp_path / "skills" / SKILL)
    return tmp_path / "skills"


@pytest.fixture
def made(client: TrainingClient, skills: Path) -> Iterator[Desk]:
    desk = Desk(client, skills)
    yield desk
    desk.desk.stop()


def give_results(server: FaultServer, skill_id: str, run_id: int) -> None:
    for name, data in (("policy_step_50.pth", b"weights"), ("dataset_stats.pt", b"stats")):
        server.add_result(skill_id, run_id, name, data)
    server.runs[skill_id, run_id] |= {"status": "done"}


def test_from_upload_to_roll_back(
    made: Desk, client: TrainingClient, server: FaultServer, skills: Path
) -> None:
    desk = made.desk
    plan, raw = desk.plan_upload(SKILL)
    assert (plan.state, raw) == (UploadState.NEVER, 0)
    with pytest.raises(InvalidInput, match="not been uploaded yet; upload it first"):
        desk.create_run(SKILL, SMALL)
    with pytest.raises(NotFound, match="upload it first"):
        desk.cancel_run(SKILL, 1)
    skill_id = client.upload(skills / SKILL).skill_id
    desk.changed([SKILL])
    made.until(lambda overview: overview.signed_in)

    view = desk.create_run(SKILL, SMALL)
    assert view.run.training_params["env"] == {"BATCH_SIZE": "2"}
    listed = made.until(lambda overview: overview.runs)  # at once, not when it is asked about next
    assert [(v.skill, v.run.run_id) for v in listed.runs] == [(SKILL, view.run.run_id)]
    assert desk.view(SKILL, view.run.run_id).local_state is LocalState.ABSENT
    with pytest.raises(NotFound, match="no run 77"):
        desk.view(SKILL, 77)

    give_results(server, skill_id, view.run.run_id)
    made.until(lambda overview: overview.runs[0].run.status == "done")
    assert made.done == [(SKILL, view.run.run_id)]
    with pytest.raises(NotFound, match="no checkpoint"):
        desk.activate(SKILL, view.run.run_id)
    client.download(skills / SKILL, skill_id, view.run.run_id)
    desk.refresh(SKILL)
    (run,) = desk.overview().runs
    assert (run.run.status, run.local_state, run.in_use) == ("downloaded", LocalState.WHOLE, False)
    used = desk.activate(SKILL, view.run.run_id)
    assert used.checkpoint == f"{view.run.run_id}/policy_step_50.pth"
    desk.changed([SKILL])
    assert desk.overview().runs[0].in_use
    assert desk.deactivate(SKILL, back=True).checkpoint == ""
    with pytest.raises(Conflict):
        desk.deactivate(SKILL, back=True)


def test_a_run_that_is_too_large_is_refused_before_the_server_is_asked(
    made: Desk, client: TrainingClient, server: FaultServer, skills: Path
) -> None:
    client.upload(skills / SKILL)
    made.until(lambda overview: made.desk.offers.answered)
    asked = [call for call in server.calls if call[0] == "POST"]
    with pytest.raises(InvalidInput) as refused:
        made.desk.create_run(SKILL, RunRequest(hyperparameters={"BATCH_SIZE": 8192}))
    assert list(refused.value.fields) == ["hyperparameters.BATCH_SIZE"]
    with pytest.raises(InvalidInput) as refused:
        made.desk.create_run(SKILL, RunRequest(env={"WANDB_API_KEY": "…"}))  # as it was shown
    assert list(refused.value.fields) == ["env.WANDB_API_KEY"]
    with pytest.raises(InvalidInput, match="there is no preset other; there are act-default"):
        made.desk.create_run(SKILL, RunRequest(preset="other"))
    assert [call for call in server.calls if call[0] == "POST"] == asked


def test_what_the_server_does_not_offer(
    made: Desk, client: TrainingClient, server: FaultServer, skills: Path
) -> None:
    skill_id = client.upload(skills / SKILL).skill_id
    run_id = made.desk.create_run(SKILL, SMALL).run.run_id
    with pytest.raises(Refused, match="can't cancel runs"):
        made.desk.cancel_run(SKILL, run_id)
    with pytest.raises(Refused, match="can't show the logs"):
        made.desk.run_log(SKILL, run_id, 0, 100)
    made.until(lambda overview: made.desk.offers.answered)
    assert made.desk.metrics(SKILL, run_id) is None
    assert server.runs[skill_id, run_id]["status"] == "waiting_for_approval"


def test_what_was_known_is_there_after_a_restart_without_the_server(
    thread: ServerThread, make_client: MakeClient, skills: Path
) -> None:
    client = make_client(thread.server)
    client.upload(skills / SKILL)
    first = Desk(client, skills)
    run_id = first.desk.create_run(SKILL, SMALL).run.run_id
    first.desk.stop()
    thread.stop()
    again = Desk(make_client(thread.server), skills)
    assert [view.run.run_id for view in again.desk.overview().runs] == [run_id]
    overview = again.until(lambda overview: overview.lost_since is not None)
    assert "training server" in overview.problem
    assert not overview.signed_in
    again.desk.stop()
    thread.start()


def test_a_skill_that_was_uploaded_elsewhere_is_followed_at_once(
    made: Desk, server: FaultServer, skills: Path
) -> None:
    made.until(lambda overview: overview.signed_in)
    server.skills["s"] = {"skill_id": "s"}
    server.runs["s", 4] = {"skill_id": "s", "run_id": 4, "status": "rejected"}
    (skills / SKILL / "server-skill.json").write_text('{"id": "s"}')  # as the first client did
    made.desk.changed([SKILL])
    assert made.until(lambda overview: overview.runs).runs[0].run.status == "rejected"


def test_settings_that_cannot_be_used_leave_the_server_alone(
    client: TrainingClient, server: FaultServer, skills: Path
) -> None:
    made = Desk(client, skills, problem="server.env: others can read it")
    overview = made.desk.overview()
    assert (overview.problem, overview.signed_in) == ("server.env: others can read it", False)
    with pytest.raises(InvalidInput, match="others can read it"):
        made.desk.refresh()
    assert made.desk.plan_upload(SKILL)[0].state is UploadState.NEVER
    made.desk.stop()
    assert server.calls == []
