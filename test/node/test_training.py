"""Training through ROS, against real servers: one that fails as it is told, and our own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from node_client import Manager, Peer, until
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters

from training_manager.action import DownloadRun, UploadSkill
from training_manager.msg import JobList, SkillList, TrainingRun, TrainingRunList
from training_manager.srv import (
    ActivateRun,
    CancelRun,
    CreateRun,
    DeactivateRun,
    GetRun,
    GetTrainingDefaults,
    PlanUpload,
    ReviewRun,
    RunLog,
)

sys.path.insert(0, str(Path(__file__).parents[1] / "training" / "support"))
from fault_server import KEY, FaultServer, ServerThread

RUNS = "/training_manager/runs"
SKILL = "fold-towel"
AS_PRESET = {"min_gpus": -1, "max_gpus": -1}
SMALL = json.dumps({"BATCH_SIZE": 2})


@dataclass
class Cloud:
    """A training server, and how a node signs in there."""

    url: str
    issuer: str
    key: str
    preset: str
    fault: FaultServer | None = None
    features: tuple[str, ...] = ()

    def finish(self, run: TrainingRun) -> None:
        """See to it that a run ends well."""
        if self.fault is None:
            return  # it trains by itself
        for name, data in (("policy_step_50.pth", b"weights"), ("dataset_stats.pt", b"stats")):
            self.fault.add_result(run.skill_id, run.run_id, name, data)
        self.fault.runs[run.skill_id, run.run_id] |= {"status": "done"}


@pytest.fixture
def thread() -> Iterator[ServerThread]:
    thread = ServerThread()
    yield thread
    thread.close()


@pytest.fixture
def cloud(thread: ServerThread) -> Cloud:
    server = thread.server
    return Cloud(server.url, server.issuer, KEY, "act-default", server)


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Cloud]:
    """Our own server as a process, as a user starts it."""
    folder, key_file = tmp_path / "server", tmp_path / "key.env"
    folder.mkdir()
    (folder / "server.toml").write_text('approval = "manual"\n[prices]\nH100 = 2.5\n')
    module = [sys.executable, "-m", "training_manager_ros.orchestrator"]
    options = ["--port", "0", "--data-dir", str(folder), "--local-key", str(key_file)]
    process = subprocess.Popen([*module, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().split()[3].rstrip(",")
    kept = dict(line.split("=", 1) for line in key_file.read_text().splitlines())
    features = ("approval", "cancel", "logs", "metrics")
    yield Cloud(url, url, kept["INNATE_SERVICE_KEY"], "smoke", None, features)
    process.terminate()
    process.wait(20)


@pytest.fixture
def skills(sample_skills: Path, tmp_path: Path) -> Path:
    """A skills directory with a single skill that can be trained."""
    shutil.copytree(sample_skills / SKILL, tmp_path / "skills" / SKILL)
    return tmp_path / "skills"


@pytest.fixture
def connect(
    start: Callable[..., Manager], skills: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Manager]:
    """Starts a node over `skills` that knows a server."""

    def connect(cloud: Cloud, *more: str) -> Manager:
        monkeypatch.setenv("INNATE_SERVICE_KEY", cloud.key)
        parameters = {"server_url": cloud.url, "auth_issuer_url": cloud.issuer}
        options = [o for name, url in parameters.items() for o in ("-p", f"{name}:={url}")]
        return start(skills, *options, "-p", "poll_interval:=0.5", *more)

    return connect


class Watched:
    """`~/runs` and `~/jobs` of a node."""

    def __init__(self, peer: Peer) -> None:
        self.lists: list[TrainingRunList] = peer.listen(TrainingRunList, RUNS)
        self.jobs: list[JobList] = peer.listen(JobList, "/training_manager/jobs", depth=10)

    def until(self, wanted: Callable[[TrainingRunList], Any], what: str = "runs") -> Any:
        return until(lambda: self.lists and wanted(self.lists[-1]), f"{what}: {self.lists[-1:]}")

    def run(self, run_id: int, **wanted: Any) -> TrainingRun:
        """The run as soon as it is like that."""

        def found(lists: TrainingRunList) -> TrainingRun | None:
            for run in lists.runs:
                if run.run_id == run_id and all(getattr(run, k) == v for k, v in wanted.items()):
                    return run
            return None

        run: TrainingRun = self.until(found, f"run {run_id} {wanted}")
        return run


@pytest.fixture
def watched(peer: Peer) -> Watched:
    return Watched(peer)


def ok(answer: Any) -> Any:
    assert answer.success, answer.message
    return answer


def metadata(skills: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((skills / SKILL / "metadata.json").read_text())
    return value


def upload(peer: Peer, **options: Any) -> Any:
    _, result = peer.send_goal(UploadSkill, "upload_skill", skill=SKILL, **options).result()
    assert result.success, result.message
    return result


def set_parameter(peer: Peer, name: str, value: bool | float) -> bool:
    if isinstance(value, bool):
        held = ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value)
    else:
        held = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
    answer = peer.call(
        SetParameters, "set_parameters", parameters=[Parameter(name=name, value=held)]
    )
    successful: bool = answer.results[0].successful
    return successful


def whole_way(peer: Peer, watched: Watched, cloud: Cloud, skills: Path, approve: bool) -> None:
    watched.until(lambda runs: runs.signed_in and not runs.problem, "signed in")
    plan = ok(peer.call(PlanUpload, "plan_upload", skill=SKILL))
    assert (plan.state, plan.new_files, plan.episodes) == ("never uploaded", plan.files, 3)
    refused = peer.call(CreateRun, "create_run", skill=SKILL, **AS_PRESET)
    assert not refused.success
    assert "upload it first" in refused.message

    sent = upload(peer)
    assert (sent.episodes, sent.files, sent.bytes) == (3, plan.files, plan.bytes)
    assert ok(peer.call(PlanUpload, "plan_upload", skill=SKILL)).state == "uploaded"
    assert metadata(skills)["uploaded_episode_count"] == 3
    assert upload(peer).files == 0

    defaults = ok(peer.call(GetTrainingDefaults, "get_training_defaults"))
    assert {"act-default", cloud.preset} <= {preset.name for preset in defaults.presets}
    assert set(cloud.features) <= set(defaults.features)
    made = ok(
        peer.call(
            CreateRun,
            "create_run",
            skill=SKILL,
            preset=cloud.preset,
            hyperparameters_json=json.dumps({"BATCH_SIZE": 2, "MAX_STEPS": 50}),
            env_json=json.dumps({"NOTE": "a test", "WANDB_API_KEY": "not-for-everybody"}),
            **AS_PRESET,
        )
    ).run
    asked = json.loads(made.training_params_json)
    assert asked["env"]["MAX_STEPS"] == "50"
    assert (asked["env"]["NOTE"], asked["env"]["WANDB_API_KEY"]) == ("a test", "…")
    assert (made.status, made.active) == ("waiting_for_approval", True)
    if approve:
        ok(peer.call(ReviewRun, "review_run", skill=SKILL, run_id=made.run_id, approved=True))
    cloud.finish(made)
    watched.run(made.run_id, status="done")

    goal = peer.send_goal(DownloadRun, "download_run", skill=SKILL, run_id=made.run_id)
    _, result = goal.result()
    assert result.success, result.message
    assert result.files >= 2
    watched.run(made.run_id, status="downloaded", local_state="whole", in_use=False)

    listed: list[SkillList] = peer.listen(SkillList, "/training_manager/skills")
    used = ok(peer.call(ActivateRun, "activate_run", skill=SKILL, run_id=made.run_id))
    assert used.checkpoint.startswith(f"{made.run_id}/")
    assert "_step_50.pth" in used.checkpoint
    execution = metadata(skills)["execution"]
    assert execution["checkpoint"] == used.checkpoint
    assert execution["stats_file"] == used.stats_file
    watched.run(made.run_id, in_use=True)
    until(lambda: listed and listed[-1].skills[0].checkpoint == used.checkpoint)

    back = ok(peer.call(DeactivateRun, "deactivate_run", skill=SKILL, roll_back=True))
    assert back.checkpoint != used.checkpoint
    assert (metadata(skills)["execution"].get("checkpoint") or "") == back.checkpoint
    watched.run(made.run_id, in_use=False)


def test_the_whole_way(
    cloud: Cloud, connect: Callable[..., Manager], peer: Peer, watched: Watched, skills: Path
) -> None:
    connect(cloud, "-p", "auto_download:=false")
    whole_way(peer, watched, cloud, skills, approve=False)


def test_the_whole_way_on_our_own_server(
    own_cloud: Cloud, connect: Callable[..., Manager], peer: Peer, watched: Watched, skills: Path
) -> None:
    connect(own_cloud, "-p", "auto_download:=false")
    watched.until(lambda runs: "metrics" in runs.features)
    presets = ok(peer.call(GetTrainingDefaults, "get_training_defaults")).presets
    assert {p.name: p.gpu_hour_price for p in presets} == {"act-default": 2.5, "smoke": 0.0}
    whole_way(peer, watched, own_cloud, skills, approve=True)
    run_id = watched.lists[-1].runs[0].run_id
    got = ok(peer.call(GetRun, "get_run", skill=SKILL, run_id=run_id))
    loss = next(curve for curve in got.curves if curve.name == "loss")
    assert (len(loss.steps), loss.steps[-1], len(loss.values)) == (50, 50, 50)
    assert (got.run.step, got.run.total_steps) == (50, 50)
    log = ok(peer.call(RunLog, "run_log", skill=SKILL, run_id=run_id))
    assert "This is not ACT" in log.text
    tail = ok(peer.call(RunLog, "run_log", skill=SKILL, run_id=run_id, offset=-10))
    assert (tail.start, tail.next_offset) == (log.next_offset - 10, log.next_offset)
    # A second one, to be stopped.
    made = ok(
        peer.call(
            CreateRun,
            "create_run",
            skill=SKILL,
            preset="smoke",
            hyperparameters_json=SMALL,
            command=["sleep", "100"],
            **AS_PRESET,
        )
    ).run
    ok(peer.call(ReviewRun, "review_run", skill=SKILL, run_id=made.run_id, approved=True))
    watched.run(made.run_id, status="running")
    ok(peer.call(CancelRun, "cancel_run", skill=SKILL, run_id=made.run_id))
    watched.run(made.run_id, status="done", error_message="Cancelled.")
