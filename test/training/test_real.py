"""The whole way with recordings as they are: samples of every format, and real ones if any."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fault_server import FaultServer
from helpers import metadata, on_disk, stored

from training_manager_ros.datasets import FactCache, open_dataset, summarise
from training_manager_ros.errors import InvalidInput
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.dataset_facts import dataset_facts


def bring_all(client: TrainingClient, server: FaultServer, root: Path, copies: Path) -> None:
    brought = 0
    for original in sorted(path for path in root.iterdir() if (path / "metadata.json").is_file()):
        folder = Path(shutil.copytree(original, copies / original.name))
        summary = summarise(folder)
        if summary is None:
            with pytest.raises(InvalidInput, match="no recordings"):
                client.upload(folder)
            continue
        result = client.upload(folder)
        expected = {name: c for name, c in on_disk(folder).items() if not name.startswith("raw_")}
        assert stored(server, result.skill_id) == expected
        assert metadata(folder)["uploaded_episode_count"] == summary.episode_count
        assert client.upload(folder).sent == ()
        facts = dataset_facts(open_dataset(folder, FactCache(None)))
        assert facts.episodes == summary.episode_count
        assert facts.frames > 0
        assert facts.action_width > 0
        assert facts.cameras
        brought += 1
    assert brought >= 3


def test_samples(
    client: TrainingClient, server: FaultServer, sample_skills: Path, tmp_path: Path
) -> None:
    bring_all(client, server, sample_skills, tmp_path)


def test_real_recordings(
    client: TrainingClient, server: FaultServer, real_skills: Path, tmp_path: Path
) -> None:
    bring_all(client, server, real_skills, tmp_path)
