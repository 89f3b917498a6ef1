from __future__ import annotations

import sys
from pathlib import Path

import pytest

from training_manager_ros.orchestrator.copying import copy_file
from training_manager_ros.orchestrator.presets import Presets
from training_manager_ros.orchestrator.request import run_request
from training_manager_ros.orchestrator.staging import environment, resolve

WORK = Path("/srv/runs/7/work")

TEXTS = {
    "/training/project/run.sh": "/srv/runs/7/work/project/run.sh",
    "/training": "/srv/runs/7/work",
    "--data=/training/data --out /training/out": "--data=/srv/runs/7/work/data --out "
    "/srv/runs/7/work/out",
    "/home/me/training/data": "/home/me/training/data",
    "/trainings/x": "/trainings/x",
    "training/x": "training/x",
    "{python}": sys.executable,
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_presets_paths_are_the_runs_own(text):
    assert resolve(text, WORK) == TEXTS[text]


@pytest.fixture
def make_environment(tmp_path):
    def make(gpus=0, **params):
        request = run_request(params, Presets(tmp_path))
        return environment(request, WORK, gpus, "TRAINING_MANAGER_RUN=me/7")

    return make


def test_the_environment_of_a_run(make_environment, monkeypatch):
    monkeypatch.setenv("INNATE_SERVICE_KEY", "secret")
    monkeypatch.setenv("TORCH_HOME", "/cache/torch")
    env = make_environment(gpus=2)
    assert env["DATA_DIR"] == "/srv/runs/7/work/data"
    assert env["OUTPUT_DIR"] == "/srv/runs/7/work/out"
    assert env["PYTHONUNBUFFERED"] == "1"
    assert env["WANDB_MODE"] == "offline"
    assert env["TRAINING_MANAGER_RUN"] == "me/7"
    assert env["MAX_STEPS"] == "120000"
    assert env["TORCH_HOME"] == "/cache/torch"
    assert env["WORLD_SIZE"] == "2"  # as many as there are GPUs
    assert "INNATE_SERVICE_KEY" not in env


def test_what_the_user_sets_stays(make_environment):
    env = make_environment(
        gpus=2, env={"WORLD_SIZE": "1", "WANDB_API_KEY": "k", "PATH": "/mine", "O": "/training/out"}
    )
    assert env["WORLD_SIZE"] == "1"
    assert "WANDB_MODE" not in env
    assert env["PATH"] == "/mine"
    assert env["O"] == "/srv/runs/7/work/out"


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 26) + 5])
def test_a_copy_is_whole_and_apart_from_its_source(tmp_path, size):
    data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(data)
    with source.open("rb") as file:
        copy_file(file.fileno(), target)
    assert target.read_bytes() == data
    target.write_bytes(b"changed")
    assert source.read_bytes() == data
