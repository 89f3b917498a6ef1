"""The smoke trainer, on made and on real recordings: alone, and through the server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from training_manager_ros.orchestrator.repository import BUNDLED

TRAINER = BUNDLED["smoke"] / "train.py"


def episode(path, rows=60, width=10, joints=6, seed=0):
    random = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    qpos = np.cumsum(random.normal(size=(rows, joints)), 0)
    with h5py.File(path, "w") as file:
        file["action"] = np.column_stack([qpos, random.normal(size=(rows, width - joints))])
        file["observations/qpos"] = qpos


def train(data: Path, out: Path, **env: str) -> subprocess.CompletedProcess[str]:
    out.mkdir(exist_ok=True)
    settings = {"DATA_DIR": str(data), "OUTPUT_DIR": str(out), "MAX_STEPS": "40", **env}
    return subprocess.run(
        [sys.executable, str(TRAINER)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **settings},
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_it_learns_from_innates_episodes(tmp_path):
    for number in range(3):
        episode(tmp_path / f"data/data/episode_{number}.h5", seed=number)
    done = train(tmp_path / "data", tmp_path / "out", CHUNK_SIZE="5", BATCH_SIZE="16")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "This is not ACT" in done.stdout
    assert "3 episodes, 180 rows" in done.stdout
    losses = [float(text) for text in re.findall(r"loss=([\d.]+)", done.stdout)]
    assert losses[-1] < losses[0]
    steps = re.findall(r"@@INNATE_PROGRESS step=(\d+) total=40", done.stdout)
    assert steps == [str(step) for step in range(1, 41)]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        "dataset_stats.pt",
        *(f"smoke_policy_step_{step}.pth" for step in (16, 24, 32, 40, 8)),
    ]
    policy = np.load(tmp_path / "out/smoke_policy_step_40.pth")
    assert policy["weights"].shape == (7, 5 * 10)
    assert "not ACT" in str(policy["format"])
    stats = np.load(tmp_path / "out/dataset_stats.pt")
    assert stats["qpos_mean"].shape == (6,)
    with h5py.File(tmp_path / "data/data/episode_0.h5") as file:
        assert stats["action_std"].shape == (file["action"].shape[1],)


@pytest.mark.parametrize("chunked", [True, False])
def test_it_learns_from_lerobots_parquet(tmp_path, chunked):
    folder = tmp_path / "data/data/data/chunk-000"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(1 if chunked else 2):
        index = [0] * 30 + [1] * 30 if chunked else [number] * 30
        columns = {
            "action": random.normal(size=(len(index), 4)).tolist(),
            "observation.state": random.normal(size=(len(index), 5)).tolist(),
            "episode_index": index,
        }
        pq.write_table(pa.table(columns), folder / f"episode_{number:06d}.parquet")
    pq.write_table(pa.table({"length": [30]}), folder / "other.parquet")
    done = train(tmp_path / "data", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 episodes, 60 rows" in done.stdout


def test_what_cannot_be_read_is_left_out(tmp_path):
    episode(tmp_path / "data/data/episode_0.h5")
    episode(tmp_path / "data/data/episode_1.h5", width=9)  # another robot's
    episode(tmp_path / "data/raw_data/episode_0.h5")
    (tmp_path / "data/data/episode_2.h5").write_bytes(b"\x89HDF\r\n\x1a\n torn")
    with h5py.File(tmp_path / "data/data/episode_3.h5", "w") as file:
        file["something"] = [1]
    done = train(tmp_path / "data", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left out: data/episode_2.h5" in done.stdout
    assert "left out: data/episode_3.h5" in done.stdout
    assert "1 episodes, 60 rows" in done.stdout


def test_without_an_episode_it_says_so(tmp_path):
    (tmp_path / "data").mkdir()
    done = train(tmp_path / "data", tmp_path / "out")
    assert done.returncode == 1
    assert "no readable episode" in done.stdout


@pytest.mark.parametrize("steps", ["1", "3", "7"])
def test_few_steps_leave_a_checkpoint_too(tmp_path, steps):
    episode(tmp_path / "data/data/episode_0.h5", rows=2)
    done = train(tmp_path / "data", tmp_path / "out", MAX_STEPS=steps)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"out/smoke_policy_step_{steps}.pth").exists()


@pytest.mark.parametrize("skill_name", ["pick-place", "pick-place-v30", "cr5-reach-v21"])
def test_the_whole_way_with_real_recordings(owner, real_skills, skill_name):
    folder = real_skills / skill_name
    skill = owner.skill()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "metadata.json":
            owner.upload(skill, str(path.relative_to(folder)), path.read_bytes())
    run = owner.run(skill, env={"MAX_STEPS": "200"})
    ended = owner.ended(skill, run, 100)
    assert ended["error_message"] is None
    assert (ended["progress"]["step"], ended["progress"]["total"]) == (200, 200)
    metrics = owner.http.get(f"/skills/{skill}/runs/{run}/metrics").json()["metrics"]
    assert metrics["loss"][-1][1] < metrics["loss"][0][1]
    assert [step for step, _ in metrics["validation_loss"]] == [40, 80, 120, 160, 200]
    files = owner.files(skill, run)
    assert {"smoke_policy_step_200.pth", "dataset_stats.pt", "training.log"} <= files.keys()
    assert httpx.get(files["dataset_stats.pt"]).content[:2] == b"PK"
