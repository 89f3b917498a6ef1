"""An episode's file without its images."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from training_manager_ros.datasets.edit.convert_strip import Stripped, strip
from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.errors import Conflict, Unreadable

CAMERAS = {"camera_1": "camera_1", "camera_2": "camera_2"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "episode_3.h5"
    with h5py.File(path, "w") as file:
        for name in CAMERAS:
            file[f"observations/images/{name}"] = np.zeros((4, 8, 8, 3), np.uint8)
            file[f"timestamps/images/{name}"] = np.arange(4.0) + len(name)
        file["observations/qpos"] = np.ones((4, 6))
        file["action"] = np.full((4, 10), 0.5)
    return path


def test_only_the_images_go(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.h5"
    strip(source, target, CAMERAS, Files())
    with h5py.File(source) as before, h5py.File(target) as after:
        assert sorted(after) == sorted(before)
        assert list(after["observations"]) == ["qpos"]
        for name in ("action", "observations/qpos", "timestamps/images/camera_2"):
            assert np.array_equal(after[name], before[name])


def test_cameras_get_their_new_names(source: Path, tmp_path: Path) -> None:
    strip(source, tmp_path / "t.h5", {"camera_1": "camera_2", "camera_2": "wrist"}, Files())
    with h5py.File(tmp_path / "t.h5") as file:
        assert sorted(file["timestamps/images"]) == ["camera_2", "wrist"]


def test_the_same_bytes_each_time(source: Path, tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        strip(source, tmp_path / name, CAMERAS, Files())
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_what_else_lies_among_the_images_is_not_lost(source: Path, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="keeps camera_2 among its images"):
        strip(source, tmp_path / "target.h5", {"camera_1": "camera_1"}, Files())


@pytest.mark.parametrize("length", [0, 100, 2000])
def test_a_file_that_is_cut_off_is_unreadable(source: Path, tmp_path: Path, length: int) -> None:
    source.write_bytes(source.read_bytes()[:length])
    with pytest.raises(Unreadable):
        strip(source, tmp_path / "target.h5", CAMERAS, Files())


def test_a_source_that_was_changed_since_the_plan_is_told(source: Path, tmp_path: Path) -> None:
    step = Stripped(source, "new.h5", source.stat().st_size + 1, 0, tuple(CAMERAS.items()))
    with pytest.raises(Conflict, match="changed meanwhile"):
        step.apply(tmp_path, Files())
