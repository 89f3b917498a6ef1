"""What a skill holds, to compare it with another one or with itself before."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from training_manager_ros.datasets import Dataset, FactCache, open_dataset

from ..datasets.decoding import pictures

Tree = dict[str, tuple[int, str]]


def tree(folder: Path) -> Tree:
    """Every file below a folder with its mode and content."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def open_skill(folder: Path) -> Dataset:
    return open_dataset(folder, FactCache(None))


def content(dataset: Dataset, episode_id: int) -> dict[str, Any]:
    """All of an episode but its number and its files' names; pictures are decoded."""
    episode = dataset.episode(episode_id)
    digest = hashlib.sha256()
    for signal in dataset.signals(episode_id):
        digest.update(repr((signal.name, signal.names, signal.values.shape)).encode())
        digest.update(np.ascontiguousarray(signal.values).tobytes())
    digest.update(dataset.timestamps(episode_id).tobytes())
    shown = {}
    for camera in episode.cameras:
        frames = pictures(dataset.frames(episode_id, camera))
        shown[camera] = hashlib.sha256(b"".join(one.tobytes() for one in frames)).hexdigest()
    return {
        "frames": episode.frames,
        "duration": episode.duration,
        "task": episode.task,
        "start": episode.start,
        "end": episode.end,
        "problems": episode.problems,
        "converted": episode.converted,
        "values": digest.hexdigest(),
        "pictures": shown,
    }


def contents(folder: Path) -> list[dict[str, Any]]:
    """All episodes in order."""
    dataset = open_skill(folder)
    assert dataset.summary.problems == ()
    assert list(dataset.episode_ids) == list(range(len(dataset.episode_ids)))
    return [content(dataset, episode) for episode in dataset.episode_ids]


def visible(root: Path) -> list[str]:
    """Names in the skills directory that anybody can see."""
    return sorted(name for name in os.listdir(root) if not name.startswith("."))


def leftovers(root: Path) -> list[str]:
    """Hidden entries of the skills directory but the jobs' own folder."""
    hidden = [name for name in os.listdir(root) if name.startswith(".")]
    return sorted(name for name in hidden if name != ".training_manager")
