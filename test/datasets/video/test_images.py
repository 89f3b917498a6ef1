"""Frames that are encoded images in a parquet file."""

from __future__ import annotations

from pathlib import Path

import pytest

from training_manager_ros.datasets import ImageFrames
from training_manager_ros.datasets.video.images import (
    image_bytes,
    image_count_and_size,
    image_frame,
    image_frames,
)
from training_manager_ros.errors import NotFound, Unreadable

from .films import SIZE, encoded, number_in, write_images


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("group", [7, 100])
@pytest.mark.parametrize("codec", ["png", "mjpeg"])
def test_images_in_order_and_alone(tmp_path: Path, nested: bool, group: int, codec: str) -> None:
    cells = [encoded(k, codec) for k in range(30)]
    path = write_images(tmp_path / "rows.parquet", cells, group=group, nested=nested)
    source = ImageFrames(path, "cam", 5, 20, 30.0)
    frames = list(image_frames(source))
    assert [frame.pts for frame in frames] == list(range(20))
    assert [number_in(frame) for frame in frames] == list(range(5, 25))
    assert [number_in(image_frame(source, k)) for k in (0, 19, 8)] == [5, 24, 13]
    assert image_bytes(source, 3) == cells[8]
    assert image_count_and_size(source) == (20, *SIZE)
    for number in (-1, 20):
        with pytest.raises(NotFound):
            image_frame(source, number)


def test_fewer_rows_than_declared(tmp_path: Path) -> None:
    path = write_images(
        tmp_path / "rows.parquet", [encoded(k) for k in range(10)], group=4, nested=True
    )
    source = ImageFrames(path, "cam", 6, 20, 30.0)
    assert image_count_and_size(source)[0] == len(list(image_frames(source))) == 4
    with pytest.raises(NotFound):
        image_frame(source, 4)
    assert image_count_and_size(ImageFrames(path, "cam", 10, 5, 30.0)) == (0, 0, 0)


@pytest.mark.parametrize("cell", [None, b"", b"no image", b"\x89PNG\r\n\x1a\n broken", b"\xff\xd8"])
def test_an_image_that_is_none_is_unreadable(tmp_path: Path, cell: bytes | None) -> None:
    path = write_images(
        tmp_path / "rows.parquet", [encoded(0), cell, encoded(2)], group=10, nested=True
    )
    source = ImageFrames(path, "cam", 0, 3, 30.0)
    with pytest.raises(Unreadable):
        image_frame(source, 1)
    assert number_in(image_frame(source, 2)) == 2


def test_a_file_or_column_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    path = write_images(tmp_path / "rows.parquet", [encoded(0)], group=1, nested=True)
    for source in (
        ImageFrames(path, "other", 0, 1, 30.0),
        ImageFrames(path, "index", 0, 1, 30.0),
        ImageFrames(tmp_path / "missing.parquet", "cam", 0, 1, 30.0),
    ):
        with pytest.raises(Unreadable):
            image_frame(source, 0)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Unreadable, match="parquet"):
        image_frame(ImageFrames(path, "cam", 0, 1, 30.0), 0)
