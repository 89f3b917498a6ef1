"""Exact frames by number, from any place, damaged files included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.datasets.video import VideoReader, read_index
from training_manager_ros.errors import NotFound, Unreadable

from .films import B_FRAMES, number_in, write_film

FILMS: dict[str, dict[str, Any]] = {
    "no B-frames": {"options": {"bf": "0", "g": "40"}},
    "B-frames": {"options": {"bf": "3", "g": "50", "x264-params": "b-adapt=0:b-pyramid=strict"}},
    "open groups": {"options": {**B_FRAMES, "x264-params": "open-gop=1:b-adapt=0:keyint=12"}},
    "hidden start": {"options": B_FRAMES, "hidden": 7},
    "AV1": {"codec": "libsvtav1", "options": {"g": "16", "preset": "8", "crf": "5"}},
    "MPEG-4 Part 2": {"codec": "mpeg4", "options": {"bf": "2", "g": "20", "qmax": "3"}},
    "HEVC": {"codec": "libx265", "options": {"x265-params": "log-level=none:keyint=20"}},
    "yuv444p": {"pix_fmt": "yuv444p", "options": B_FRAMES},
}
COUNT = 60


@pytest.fixture(scope="module", params=FILMS)
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> VideoReader:
    options = FILMS[request.param]
    if options.get("codec", "libx264") not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {options['codec']}")
    path = write_film(tmp_path_factory.mktemp("film") / "film.mp4", COUNT, **options)
    return VideoReader(read_index(path))


def hidden(reader: VideoReader) -> int:
    return COUNT - reader.index.frames


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_frame_in_any_order(reader: VideoReader, data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(0, reader.index.frames - 1), min_size=1, max_size=8))
    for number in numbers:
        assert number_in(reader.frame(number)) == number + hidden(reader)


def test_one_frame_after_the_other_and_back(reader: VideoReader) -> None:
    count = reader.index.frames
    for number in [*range(count), *reversed(range(count))]:
        assert number_in(reader.frame(number)) == number + hidden(reader)


def test_all_frames_or_some(reader: VideoReader) -> None:
    count = reader.index.frames
    for first, wanted in ((0, count), (0, 1), (13, 20), (count - 1, 1), (count - 9, 9)):
        frames = list(reader.frames(first, wanted))
        assert [frame.pts for frame in reader.frames(first, wanted)] == [
            *range(first, first + wanted)
        ]
        assert [number_in(frame) - hidden(reader) for frame in frames] == [
            *range(first, first + wanted)
        ]


def test_there_is_no_frame_outside(reader: VideoReader) -> None:
    for number in (-1, reader.index.frames):
        with pytest.raises(NotFound):
            reader.frame(number)


def _damage(path: Path, packets: range) -> VideoReader:
    index = read_index(path)
    with path.open("r+b") as file:
        for packet in packets:
            file.seek(int(index.offsets[packet]))
            file.write(bytes(int(index.sizes[packet])))
    return VideoReader(read_index(path))


@pytest.fixture
def keyframes_only(tmp_path: Path) -> Path:
    return write_film(tmp_path / "film.mp4", 20, options={"g": "1", "bf": "0"})


def test_a_damaged_frame_repeats_its_neighbour(keyframes_only: Path) -> None:
    reader = _damage(keyframes_only, range(5, 8))
    numbers = [number_in(frame) for frame in reader.frames(0, 20)]
    assert numbers == [0, 1, 2, 3, 4, 4, 4, 4, *range(8, 20)]
    with pytest.raises(Unreadable, match="Frame 6 of"):
        reader.frame(6)
    assert number_in(reader.frame(8)) == 8


def test_a_damaged_start_repeats_what_follows(keyframes_only: Path) -> None:
    reader = _damage(keyframes_only, range(2))
    assert [number_in(frame) for frame in reader.frames(0, 20)] == [2, 2, *range(2, 20)]


def test_a_film_of_mostly_damaged_frames_is_unreadable(keyframes_only: Path) -> None:
    reader = _damage(keyframes_only, range(1, 19))
    with pytest.raises(Unreadable, match="damaged"):
        list(reader.frames(0, 20))


def test_a_film_of_which_no_frame_is_left_is_unreadable(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", 3, muxer={"movflags": "+faststart"})
    path.write_bytes(path.read_bytes()[: int(read_index(path).offsets[0]) + 10])
    with pytest.raises(Unreadable, match="no frames"):
        VideoReader(read_index(path))


def test_an_unknown_codec_is_unreadable(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", 3)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz9"))
    with pytest.raises(Unreadable, match="zzz9"):
        VideoReader(read_index(path))
