"""What tests of conversions share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from training_manager_ros.datasets import DatasetFormat, FactCache, open_dataset
from training_manager_ros.datasets.video import read_index
from training_manager_ros.jobs import Control
from training_manager_ros.jobs.kinds.convert import ConvertDataset
from training_manager_ros.samples import read_frame_number

from ..datasets.decoding import pictures

__all__ = ["arguments", "convert", "numbers", "rows", "sound", "values"]


def arguments(keep_raw: bool = False, skill: str = "cup") -> dict[str, Any]:
    return {"skill": skill, "target": "h264", "name": "", "keep_raw": keep_raw}


def convert(root: Path, keep_raw: bool = False, before: Any = None) -> Mapping[str, Any]:
    """Convert the skill "cup"; the job's result."""
    more = [] if before is None else [before]
    return ConvertDataset(root, FactCache(None), *more).run(arguments(keep_raw), Control())


def numbers(skill: Path) -> dict[int, dict[str, list[tuple[int, int]]]]:
    """The (episode, frame) that each picture of each camera bears, by decoding all of them."""
    dataset = open_dataset(skill, FactCache(None))
    return {
        number: {
            camera: [read_frame_number(one) for one in pictures(dataset.frames(number, camera))]
            for camera in dataset.episode(number).cameras
        }
        for number in dataset.episode_ids
    }


def values(skill: Path) -> dict[int, list[Any]]:
    """All signals and times of all episodes."""
    dataset = open_dataset(skill, FactCache(None))
    return {
        number: [
            *((one.name, one.values.tolist()) for one in dataset.signals(number)),
            dataset.timestamps(number).tolist(),
        ]
        for number in dataset.episode_ids
    }


def rows(skill: Path, episode: int, camera: str) -> np.ndarray:
    """An episode's pictures, RGB."""
    dataset = open_dataset(skill, FactCache(None))
    return np.stack(pictures(dataset.frames(episode, camera)))


def sound(skill: Path, rate: float) -> None:
    """Assert that everything is converted, and as browsers and the trainer want it."""
    dataset = open_dataset(skill, FactCache(None))
    assert dataset.summary.format is DatasetFormat.H264
    assert dataset.summary.problems == ()
    for episode in dataset.episodes():
        assert episode.problems == ()
        assert episode.converted
        for camera in episode.cameras:
            frames = dataset.frames(episode.id, camera)
            index = read_index(frames.path)
            assert (index.codec, index.pix_fmt) == ("h264", "yuv420p")
            assert index.index_first
            assert index.longest_gap <= 10
            assert index.frames == episode.frames
            assert abs(index.rate - rate) < 0.01 * rate or index.frames == 1
