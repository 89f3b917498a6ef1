"""Results that were copied to somewhere else are still what they were."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from fault_server import FaultServer

from training_manager_ros.errors import Conflict
from training_manager_ros.training.activation import activate
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.dataset_facts import DatasetFacts
from training_manager_ros.training.results import LocalState, Results

SKILL = "skill-id"
CHECKPOINT = "7/checkpoints/act_step_100.pth"


@pytest.fixture
def copied(client: TrainingClient, server: FaultServer, make_skill: Callable[..., Path]) -> Path:
    """A skill with a downloaded run, copied to another folder without its times."""
    server.skills[SKILL] = {"skill_id": SKILL, "name": "Skill"}
    server.runs[SKILL, 7] = {"skill_id": SKILL, "run_id": 7, "status": "done"}
    server.add_result(SKILL, 7, "checkpoints/act_step_100.pth.zst", zstd.compress(b"weights"))
    server.add_result(SKILL, 7, "dataset_stats.pt", b"statistics")
    folder = make_skill()
    metadata = {"name": "Pick cup", "type": "learned", "execution": {}, "training_skill_id": SKILL}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    client.download(folder, SKILL, 7)
    copy = folder.parent / "copy"
    shutil.copytree(folder, copy, copy_function=shutil.copyfile)
    os.utime(copy / CHECKPOINT, ns=(1, 1))
    assert Results.read(copy, 7, SKILL).state is LocalState.PARTIAL
    return copy


def test_a_copy_is_activated(copied: Path) -> None:
    assert activate(copied, 7, DatasetFacts()).checkpoint == CHECKPOINT
    assert Results.read(copied, 7, SKILL).state is LocalState.WHOLE


def test_a_copy_is_not_fetched_again(client: TrainingClient, copied: Path) -> None:
    assert client.download(copied, SKILL, 7).fetched == ()
    assert Results.read(copied, 7, SKILL).state is LocalState.WHOLE


def test_a_copy_that_was_damaged_is_seen(client: TrainingClient, copied: Path) -> None:
    (copied / CHECKPOINT).write_bytes(b"w3ights")
    with pytest.raises(Conflict, match="not downloaded whole"):
        activate(copied, 7, DatasetFacts())
    assert client.download(copied, SKILL, 7).fetched == ("checkpoints/act_step_100.pth",)
    assert (copied / CHECKPOINT).read_bytes() == b"weights"
