"""What the encoder makes is what was meant: frames, clock, keyframes, sizes and colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from training_manager_ros.datasets.video import KEYFRAME_EVERY, encode_movie, read_index
from training_manager_ros.errors import InvalidInput, Unreadable

from .films import BT601, BT709, SIZE, flat, number_in, picture

COLOURS = {"red": (200, 30, 40), "green": (20, 180, 60), "blue": (30, 60, 220), "white": (255,) * 3}


def pictures(count: int, size: tuple[int, int] = SIZE) -> Iterator[av.VideoFrame]:
    for number in range(count):
        yield av.VideoFrame.from_ndarray(picture(number, size), format="rgb24")


@pytest.mark.parametrize("rate", [30, 50.0, 29.97, 30000 / 1001, 12.5, 1, 0.5, 0.001, 333.3])
def test_every_frame_at_its_time(tmp_path: Path, rate: float) -> None:
    target = tmp_path / "made.mp4"
    heard: list[int] = []
    assert encode_movie(pictures(25), target, rate, 1, heard.append) == 25
    index = read_index(target)
    assert heard == list(range(1, 26))
    assert (index.codec, index.pix_fmt, index.plain, index.index_first) == (
        "h264", "yuv420p", True, True,
    )  # fmt: skip
    assert index.times * rate == pytest.approx(range(25), abs=0.01)
    assert index.longest_gap <= KEYFRAME_EVERY == 10
    with av.open(str(target)) as container:
        assert [number_in(frame) for frame in container.decode(video=0)] == list(range(25))


@pytest.mark.parametrize("size", [(161, 121), (160, 121), (161, 120), (64, 2), (3, 5), (1, 1)])
def test_odd_sizes_become_even(tmp_path: Path, size: tuple[int, int]) -> None:
    colour = np.full((size[1], size[0], 3), COLOURS["green"], np.uint8)
    frames = [av.VideoFrame.from_ndarray(colour, format="rgb24")] * 2
    encode_movie(frames, tmp_path / "made.mp4", 30, 1)
    with av.open(str(tmp_path / "made.mp4")) as container:
        image = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert image.shape == (size[1] + size[1] % 2, size[0] + size[0] % 2, 3)
    assert np.abs(image.astype(int) - COLOURS["green"]).max() <= 6


@pytest.mark.parametrize("name", COLOURS)
@pytest.mark.parametrize("kind", ["rgb24", "yuv420p", "yuvj420p", "yuv444p", "yuv420p10le", "gbrp"])
def test_colours_are_kept_and_tagged(tmp_path: Path, name: str, kind: str) -> None:
    encode_movie([flat(COLOURS[name], (64, 64), kind, *BT601)] * 3, tmp_path / "made.mp4", 30, 1)
    with av.open(str(tmp_path / "made.mp4")) as container:
        made = next(container.decode(video=0))
    smpte170m, limited = 6, 1
    assert getattr(made, "color_range", limited) == limited
    for tag in ("colorspace", "color_trc", "color_primaries"):  # older PyAV has not all of them
        assert getattr(made, tag, smpte170m) == smpte170m
    assert np.abs(made.to_ndarray(format="rgb24")[32, 32].astype(int) - COLOURS[name]).max() <= 6


@pytest.mark.skipif(not hasattr(av.VideoFrame, "colorspace"), reason="PyAV before 11")
def test_the_matrix_of_a_source_is_kept(tmp_path: Path) -> None:
    bt709 = 1
    frame = flat(COLOURS["red"], (64, 64), "yuv444p", *BT709)
    frame.colorspace = bt709
    encode_movie([frame] * 3, tmp_path / "made.mp4", 30, 1)
    with av.open(str(tmp_path / "made.mp4")) as container:
        made = next(container.decode(video=0))
    assert made.colorspace == bt709
    planes = [np.frombuffer(plane, np.uint8)[0] for plane in made.planes]
    expected = [np.frombuffer(plane, np.uint8)[0] for plane in frame.planes]
    assert np.abs(np.subtract(planes, expected, dtype=int)).max() <= 2


def test_frames_of_another_size_are_brought_to_the_first(tmp_path: Path) -> None:
    frames = [*pictures(2, (160, 120)), *pictures(2, (320, 240))]
    assert encode_movie(frames, tmp_path / "made.mp4", 30, 1) == 4
    assert read_index(tmp_path / "made.mp4").width == 160


def test_nothing_to_encode_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no frames"):
        encode_movie([], tmp_path / "made.mp4", 30, 1)


@pytest.mark.parametrize("rate", [0.0, -5.0, float("nan"), float("inf"), 1e6])
def test_an_impossible_rate_is_refused(tmp_path: Path, rate: float) -> None:
    with pytest.raises(InvalidInput, match="frames a second"):
        encode_movie(pictures(2), tmp_path / "made.mp4", rate, 1)
