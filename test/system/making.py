"""Datasets for tests of the panel, made of the samples by names and links alone: that is quick."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any


def repeat(source: Path, target: Path, name: str, times: int) -> Path:
    """A skill with the episodes of an Innate sample several times over.

    Each episode's start says which it is: its number in the new dataset, in minutes.
    """
    shutil.rmtree(target, ignore_errors=True)  # of a test that is tried again
    data = target / "data"
    data.mkdir(parents=True)
    index = json.loads((source / "data" / "dataset_metadata.json").read_text())
    episodes: list[dict[str, Any]] = []
    for _ in range(times):
        for old in index["episodes"]:
            number = len(episodes)
            was, becomes = f"episode_{old['episode_id']}", f"episode_{number}"
            names = [old["file_name"], *old.get("video_files", [])]
            for file in names:
                os.link(source / "data" / file, data / file.replace(was, becomes))
            new = json.loads(json.dumps(old).replace(was, becomes))
            episodes.append({**new, "episode_id": number, "start_timestamp": start(number)})
    index.update(episodes=episodes, number_of_episodes=len(episodes))
    (data / "dataset_metadata.json").write_text(json.dumps(index))
    metadata = json.loads((source / "metadata.json").read_text())
    (target / "metadata.json").write_text(json.dumps({**metadata, "name": name}))
    return target


def start(number: int) -> str:
    """The start of an episode that `repeat` makes."""
    return f"2026-03-02T{9 + number // 60:02}:{number % 60:02}:00"


def index(skill: Path) -> dict[str, Any]:
    """An Innate dataset's list."""
    loaded: dict[str, Any] = json.loads((skill / "data" / "dataset_metadata.json").read_text())
    return loaded


def numbers(skill: Path) -> list[int]:
    """Which episodes of a dataset that `repeat` made are in the result of an edit, in order."""
    starts = (one["start_timestamp"] for one in index(skill)["episodes"])
    return [(int(start[11:13]) - 9) * 60 + int(start[14:16]) for start in starts]
