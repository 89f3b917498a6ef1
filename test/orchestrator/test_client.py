"""The package's own client, unchanged, the whole way on our server."""

from __future__ import annotations

import json
import shutil
import time

import pytest

from training_manager_ros.datasets import FactCache, open_dataset
from training_manager_ros.errors import TrainingManagerError
from training_manager_ros.training import Settings, TrainingClient, activate, dataset_facts


@pytest.fixture
def client(owner):
    settings = Settings(owner.server.base, owner.server.base, owner.key)
    with TrainingClient(settings) as found:
        yield found


def until_ended(client, skill_id, run_id, seconds=100.0):
    deadline = time.monotonic() + seconds
    while (run := client.run(skill_id, run_id)).status not in ("done", "rejected"):
        assert time.monotonic() < deadline, run
        time.sleep(0.2)
    return run


@pytest.mark.parametrize("name", ["pick-place", "insertion-raw", "pick-place-v30"])
def test_upload_run_curve_download_activate(client, real_skills, tmp_path, name):
    folder = tmp_path / name
    shutil.copytree(real_skills / name, folder)
    sent = client.upload(folder)
    assert sent.sent
    assert client.upload(folder).sent == ()
    assert {"cancel", "log", "metrics", "runs"} <= client.info().features
    assert {"act-default", "smoke"} <= {preset.name for preset in client.presets()}

    params = {"preset": "smoke", "source_dir": str(folder), "env": {"MAX_STEPS": "100"}}
    made = client.create_run(sent.skill_id, params)
    run = until_ended(client, sent.skill_id, made.run_id)
    assert not run.error_message
    curves = client.metrics(sent.skill_id, made.run_id)
    assert (curves.progress.step, curves.progress.total) == (100, 100)
    assert len(curves.curves["loss"]) == 100
    assert "This is not ACT" in client.run_log(sent.skill_id, made.run_id).text

    client.download(folder, sent.skill_id, made.run_id)
    chosen = activate(folder, made.run_id, dataset_facts(open_dataset(folder, FactCache(None))))
    execution = json.loads((folder / "metadata.json").read_text())["execution"]
    assert execution["checkpoint"] == f"{made.run_id}/smoke_policy_step_100.pth"
    assert execution["stats_file"] == f"{made.run_id}/dataset_stats.pt"
    assert chosen.checkpoint == execution["checkpoint"]


def test_cancel_and_what_cannot_be_cancelled(client, owner):
    skill = owner.skill({"data/x": b"x"})
    run = client.create_run(skill, {"preset": "smoke", "command": ["sleep", "100"]})
    client.cancel_run(skill, run.run_id)
    assert until_ended(client, skill, run.run_id).error_message == "Cancelled."
    with pytest.raises(TrainingManagerError):
        client.cancel_run(skill, run.run_id)
    client.delete_skill(skill)
    assert skill not in {known.skill_id for known in client.skills()}
