"""Videos that are not whole, or not what every browser plays, are found by decoding them."""

from __future__ import annotations

from pathlib import Path

import pytest

from training_manager_ros.datasets import Hdf5Frames
from training_manager_ros.datasets.video import read_index
from training_manager_ros.datasets.video.encode import encode_movie
from training_manager_ros.datasets.video.rows import row_frames
from training_manager_ros.datasets.video.verify import verify_movie
from training_manager_ros.errors import Cancelled, Unreadable

from .films import write_film, write_rows

INSIDE = "/observations/images/camera_1"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    rows = Hdf5Frames(write_rows(tmp_path / "rows.h5", 25), INSIDE, 25, 30.0)
    encode_movie(row_frames(rows), tmp_path / "film.mp4", 30.0, 1)
    return tmp_path / "film.mp4"


def test_a_whole_one_passes(film: Path) -> None:
    seen: list[None] = []
    verify_movie(film, 25, lambda: seen.append(None))
    assert len(seen) == 25


@pytest.mark.parametrize("frames", [24, 26])
def test_a_frame_too_few_or_too_many_is_found(film: Path, frames: int) -> None:
    with pytest.raises(Unreadable, match="25 can be decoded"):
        verify_movie(film, frames)


def test_a_damaged_frame_is_found(film: Path) -> None:
    index = read_index(film)
    with film.open("r+b") as file:
        file.seek(int(index.offsets[13]) + 4)
        file.write(bytes(int(index.sizes[13]) - 4))
    with pytest.raises(Unreadable):
        verify_movie(film, 25)


def test_one_that_is_cut_off_is_found(film: Path) -> None:
    film.write_bytes(film.read_bytes()[:-50])
    with pytest.raises(Unreadable):
        verify_movie(film, 25)


def test_one_that_is_hard_to_seek_is_found(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    write_film(film, 30, options={"g": "250", "sc_threshold": "0"})
    with pytest.raises(Unreadable, match="sought"):
        verify_movie(film, 30)


def test_it_can_be_ended(film: Path) -> None:
    def end() -> None:
        raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        verify_movie(film, 25, end)
