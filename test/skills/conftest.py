"""Skills as other programs leave them, and those other programs themselves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LEARNED = {
    "name": "Pick up cup",
    "type": "learned",
    "guidelines": "Use it when asked for a cup.",
    "guidelines_when_running": "",
    "inputs": {},
    "execution": {"model_type": "act_policy", "action_dim": 10, "duration": None},
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty skills directory."""
    folder = tmp_path / "skills"
    folder.mkdir()
    return folder


@pytest.fixture
def make_skill(root: Path) -> Callable[..., Path]:
    """Make a skill's folder; keywords replace keys of a learned skill's metadata.json."""

    def make(folder_name: str = "pick-up-cup", /, text: str | None = None, **keys: Any) -> Path:
        folder = root / folder_name
        folder.mkdir()
        content = json.dumps({**LEARNED, **keys}, indent=4) + "\n" if text is None else text
        (folder / "metadata.json").write_text(content)
        return folder

    return make


@pytest.fixture
def add_episodes() -> Callable[..., None]:
    """Give a skill a dataset of tiny raw episodes, as far as a list looks at it."""

    def add(folder: Path, count: int) -> None:
        data = folder / "data"
        data.mkdir(exist_ok=True)
        episodes = []
        for number in range(count):
            (data / f"episode_{number}.h5").write_bytes(bytes(1000))
            episodes.append({"episode_id": number, "file_name": f"episode_{number}.h5"})
        index = {
            "data_frequency": 30,
            "dataset_type": "h5",
            "number_of_episodes": count,
            "episodes": episodes,
        }
        (data / "dataset_metadata.json").write_text(json.dumps(index))

    return add


@pytest.fixture
def later() -> Callable[[], int]:
    """A clock a day ahead: for it nothing on disk is so fresh that it may still change."""
    return lambda: time.time_ns() + 86_400 * 10**9
