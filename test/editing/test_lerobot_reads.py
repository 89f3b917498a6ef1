"""LeRobot's own reader opens what edits make, and gets the right frames; where it is installed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training_manager_ros.datasets import DatasetFormat, FactCache
from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.edit.plan import apply_plan
from training_manager_ros.editing import MergeRules, MergeSource, plan_delete, plan_merge
from training_manager_ros.editing.convert import plan_convert
from training_manager_ros.samples import read_frame_number

from .conftest import spec
from .seen import open_skill

lerobot = pytest.importorskip(
    "lerobot.datasets.lerobot_dataset", reason="LeRobot is not installed here"
)

V21, V30 = DatasetFormat.LEROBOT_V21, DatasetFormat.LEROBOT_V30
LENGTHS = (5, 1, 9, 4)
CAMERAS = ("observation.images.camera_1", "observation.images.camera_2")
Frame = tuple[int, int]  # the number of an episode as its pictures bear it, and of a frame


def write(root: Path, skill: str, kind: DatasetFormat, label: int, task: str) -> None:
    more = {"lengths": LENGTHS, "task": task}
    replace(spec(DatasetFormat.H5, label, **more), format=kind).write(root / skill)


def read(skill: Path, expected: Sequence[Frame], tasks: Sequence[str]) -> None:
    """Everything that LeRobot gives of a dataset, against what the pictures and our reader say."""
    # torchcodec is its default where it is installed
    dataset = lerobot.LeRobotDataset("local/test", root=skill / "data")
    assert len(dataset) == len(expected)
    ours = open_skill(skill)
    assert dataset.num_episodes == len(ours.episode_ids)
    number = 0
    for episode in ours.episode_ids:
        signals = {one.name: one.values for one in ours.signals(episode)}
        for row in range(ours.episode(episode).frames):
            item = dataset[number]
            assert int(item["index"]) == number
            assert int(item["episode_index"]) == episode
            assert int(item["frame_index"]) == row
            assert item["task"] == tasks[number]
            assert [barcode(item[camera]) for camera in CAMERAS] == [expected[number]] * 2
            for name in ("action", "observation.state"):
                np.testing.assert_array_equal(np.asarray(item[name]), signals[name][row])
            number += 1
    stats = json.loads((skill / "data/meta/stats.json").read_text())
    for name in ("action", *CAMERAS):
        for key, value in stats[name].items():
            np.testing.assert_allclose(dataset.meta.stats[name][key], value)


def barcode(picture: Any) -> Frame:
    """The numbers in a picture (3, H, W) from 0 to 1."""
    pixels = (np.asarray(picture).transpose(1, 2, 0) * 255).round().astype(np.uint8)
    episode, frame = read_frame_number(pixels)
    return episode, frame


def frames(label: int, episodes: Sequence[int]) -> list[Frame]:
    return [(label + one, frame) for one in episodes for frame in range(LENGTHS[one])]


@pytest.mark.parametrize("gone", [[0], [1, 2], [3]])
def test_a_copy_without_some_episodes(root: Path, gone: list[int]):
    write(root, "cup", V30, 0, "Do it")
    apply_plan(root, plan_delete(root, "cup", gone, "Clean", FactCache(None)), Files())
    kept = frames(0, [one for one in range(4) if one not in gone])
    read(root / "clean", kept, ["Do it"] * len(kept))


@pytest.mark.parametrize(("first", "second"), [(V30, V30), (V30, V21), (V21, V30)])
def test_a_merge_also_of_versions(root: Path, first: DatasetFormat, second: DatasetFormat):
    write(root, "a", first, 0, "Do it")
    write(root, "b", second, 10, "Undo it")
    sources = [MergeSource("a", [2, 0]), MergeSource("b"), MergeSource("a", [1])]
    plan = plan_merge(root, sources, "Both", MergeRules(), FactCache(None))
    assert plan.format is V30
    apply_plan(root, plan, Files())
    parts = [frames(0, [2, 0]), frames(10, range(4)), frames(0, [1])]
    texts = ["Do it", "Undo it", "Do it"]
    tasks = [text for part, text in zip(parts, texts, strict=True) for _ in part]
    read(root / "both", [one for part in parts for one in part], tasks)


def test_an_older_version_that_was_converted(root: Path):
    write(root, "cup", V21, 20, "Do it")
    plan = plan_convert(root, "cup", "lerobot-v3.0", "Newer", True, FactCache(None))
    apply_plan(root, plan, Files())
    every = frames(20, range(4))
    read(root / "newer", every, ["Do it"] * len(every))
