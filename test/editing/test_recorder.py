"""The recorder adds episodes to a source, without locks, while it is edited."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from training_manager_ros.datasets import DatasetFormat, FactCache
from training_manager_ros.editing import plan_delete
from training_manager_ros.errors import Unreadable
from training_manager_ros.jobs import Control
from training_manager_ros.jobs.kinds.delete import DeleteEpisodes
from training_manager_ros.samples.write_innate import write_innate_episode

from .conftest import spec
from .seen import contents, tree

CAMERAS = ("camera_1", "camera_2")


def append(skill: Path) -> None:
    """Record one more episode as the recorder does."""
    path = skill / "data/dataset_metadata.json"
    listed = json.loads(path.read_text())
    number = listed["number_of_episodes"]
    recording = spec(DatasetFormat.H5, label=number).recording(0)
    target = skill / f"data/episode_{number}.h5"
    part = skill / "data/.episode_recording.h5.tmp"
    write_innate_episode(part, recording, 30.0, CAMERAS)
    part.rename(target)
    start = {"start_timestamp": "2026-03-02T10:00:00", "end_timestamp": "2026-03-02T10:00:01"}
    listed["episodes"].append({"episode_id": number, "file_name": target.name, **start})
    listed["number_of_episodes"] = number + 1
    path.write_text(json.dumps(listed))


def test_episodes_recorded_during_a_delete_are_not_lost(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    first = contents(root / "cup")
    before = tree(root / "cup")
    recorded: list[str] = []

    def record(what: str, path: Path) -> None:
        append(root / "cup")
        recorded.append(what)

    arguments = {"skill": "cup", "episodes": [1], "name": "Clean"}
    DeleteEpisodes(root, FactCache(None), record).run(arguments, Control())
    now = contents(root / "cup")
    assert len(recorded) > 5
    assert now[:4] == first
    assert len(now) == 4 + len(recorded)
    assert contents(root / "clean") == [first[0], first[2], first[3]]
    after = tree(root / "cup")
    del before["data/dataset_metadata.json"]
    assert {name: after[name] for name in before} == before
    assert not [name for name in tree(root / "clean") if name.endswith(".tmp")]


def test_a_list_that_is_being_written_is_waited_for(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    path = root / "cup/data/dataset_metadata.json"
    text = path.read_text()
    path.write_text(text[:50])
    timer = threading.Timer(0.2, path.write_text, [text])
    timer.start()
    try:
        plan = plan_delete(root, "cup", [0], "Clean", FactCache(None))
    finally:
        timer.join()
    assert len(plan.episodes) == 3


def test_a_list_that_stays_broken_is_told(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    (root / "cup/data/dataset_metadata.json").write_text("{")
    with pytest.raises(Unreadable, match=r"dataset_metadata\.json"):
        plan_delete(root, "cup", [0], "Clean", FactCache(None))
