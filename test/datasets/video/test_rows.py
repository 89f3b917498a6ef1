"""Frames that are rows of an HDF5 file."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from training_manager_ros.datasets import Hdf5Frames
from training_manager_ros.datasets.video.rows import row_count_and_size, row_frame, row_frames
from training_manager_ros.errors import NotFound, Unreadable

from .films import SIZE, number_in, write_rows

INSIDE = "/observations/images/camera_1"


@pytest.mark.parametrize(("chunk", "filters"), [(1, {}), (7, {"compression": "gzip"}), (50, {})])
def test_rows_in_order_and_alone(tmp_path: Path, chunk: int, filters: dict[str, str]) -> None:
    path = write_rows(tmp_path / "rows.h5", 20, chunk=chunk, **filters)
    source = Hdf5Frames(path, INSIDE, 20, 30.0)
    seen = [(frame.pts, number_in(frame)) for frame in row_frames(source)]
    assert seen == [(number, number) for number in range(20)]
    assert [number_in(row_frame(source, k)) for k in (0, 19, 7)] == [0, 19, 7]
    assert row_count_and_size(source) == (20, *SIZE)


def test_the_last_channel_is_red(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.h5", 1)
    with h5py.File(path, "r+") as file:
        file[INSIDE][0] = (10, 20, 200)
    image = row_frame(Hdf5Frames(path, INSIDE, 1, 30.0), 0).to_ndarray(format="rgb24")
    assert image[5, 5].tolist() == [200, 20, 10]


@pytest.mark.parametrize("declared", [3, 100])
def test_as_many_frames_as_there_are_rows_and_timesteps(tmp_path: Path, declared: int) -> None:
    source = Hdf5Frames(write_rows(tmp_path / "rows.h5", 10), INSIDE, declared, 30.0)
    count = min(declared, 10)
    assert row_count_and_size(source)[0] == len(list(row_frames(source))) == count
    for number in (count, -1):
        with pytest.raises(NotFound):
            row_frame(source, number)


def _write(path: Path, data: np.ndarray | None) -> None:
    with h5py.File(path, "w") as file:
        if data is not None:
            file[INSIDE] = data
        else:
            file.create_group(INSIDE)


@pytest.mark.parametrize(
    "data",
    [
        np.zeros((5, 8, 8), np.uint8),
        np.zeros((5, 8, 8, 4), np.uint8),
        np.zeros((5, 8, 8, 3), np.float32),
        np.zeros((), np.uint8),
        None,
    ],
    ids=str,
)
def test_what_holds_no_images_is_unreadable(tmp_path: Path, data: np.ndarray | None) -> None:
    _write(tmp_path / "rows.h5", data)
    source = Hdf5Frames(tmp_path / "rows.h5", INSIDE, 5, 30.0)
    with pytest.raises(Unreadable):
        row_count_and_size(source)
    with pytest.raises(Unreadable):
        list(row_frames(source))


def test_a_file_that_is_cut_off_or_lacks_the_dataset_is_unreadable(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.h5", 10)
    with pytest.raises(Unreadable):
        row_frame(Hdf5Frames(path, "/observations/images/other", 10, 30.0), 0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(Unreadable):
        list(row_frames(Hdf5Frames(path, INSIDE, 10, 30.0)))
