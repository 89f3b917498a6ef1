"""Uploads through real sockets, to a server that is sound."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from fault_server import FaultServer

from training_manager_ros.training.client import TrainingClient


def stored(server: FaultServer, skill_id: str) -> dict[str, bytes]:
    return {
        key.removeprefix(skill_id + "/"): item.data
        for key, item in server.objects.items()
        if key.startswith(skill_id + "/")
    }


def on_disk(folder: Path) -> dict[str, bytes]:
    files = {f"data/{path.name}": path.read_bytes() for path in (folder / "data").iterdir()}
    return {name: content for name, content in files.items() if not name.startswith("data/.")}


def test_everything_arrives(
    client: TrainingClient, server: FaultServer, make_skill: Callable[..., Path]
) -> None:
    folder = make_skill(episodes=30)
    result = client.upload(folder)
    assert stored(server, result.skill_id) == on_disk(folder)
    metadata = json.loads((folder / "metadata.json").read_text())
    assert metadata["training_skill_id"] == result.skill_id
    assert metadata["uploaded_episode_count"] == 30
