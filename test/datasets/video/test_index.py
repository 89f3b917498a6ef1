"""The index of an MP4 file: the same as FFmpeg's, and an error instead of a crash."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.datasets.video import read_index
from training_manager_ros.errors import Unreadable

from .films import B_FRAMES, number_in, write_film, write_sound

FASTSTART = {"movflags": "+faststart"}
FILMS: dict[str, dict[str, Any]] = {
    "plain": {"options": {"bf": "0"}},
    "B-frames": {"options": B_FRAMES},
    "B-frames, index first, sound": {"options": B_FRAMES, "muxer": FASTSTART, "sound": True},
    "hidden start": {"options": B_FRAMES, "hidden": 5},
    "uneven times": {"ticks": [k * 2 + (k > 9) * 7 for k in range(30)], "options": {"bf": "0"}},
    "AV1": {"codec": "libsvtav1", "options": {"g": "2", "preset": "8", "crf": "5"}},
    "MPEG-4 Part 2": {"codec": "mpeg4", "options": {"bf": "2"}},
    "HEVC": {"codec": "libx265", "options": {"x265-params": "log-level=none"}},
    "yuv444p": {"pix_fmt": "yuv444p"},
    "ten bits": {"pix_fmt": "yuv420p10le"},
}


@pytest.fixture(scope="module", params=FILMS)
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = FILMS[request.param]
    if options.get("codec", "libx264") not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {options['codec']}")
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", 30, **options)


def test_places_every_packet_where_ffmpeg_finds_it(film: Path) -> None:
    index = read_index(film)
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert index.timescale == stream.time_base.denominator
        assert stream.codec_context.name in (index.codec, f"lib{index.codec}", "libdav1d")
        assert index.pix_fmt == stream.codec_context.pix_fmt
        assert (index.width, index.height) == (stream.width, stream.height)
        assert index.rate == pytest.approx(float(stream.average_rate), rel=0.25)
    assert index.offsets.tolist() == [packet.pos for packet in packets]
    assert index.sizes.tolist() == [packet.size for packet in packets]
    assert (index.show_times - index.start).tolist() == [packet.pts for packet in packets]
    assert index.keyframes.tolist() == [packet.is_keyframe for packet in packets]


def test_counts_and_times_the_frames_that_are_shown(film: Path) -> None:
    index = read_index(film)
    with av.open(str(film)) as container:
        frames = [(frame.pts, number_in(frame)) for frame in container.decode(video=0)]
        scale = float(container.streams.video[0].time_base)
    assert index.frames == len(frames)
    assert index.times == pytest.approx([pts * scale for pts, _ in frames], abs=1e-9)
    hidden = len(index.sizes) - index.frames
    assert [number for _, number in frames] == list(range(hidden, 30))
    assert index.plain == (hidden == 0)


def test_knows_whether_the_index_stands_first(tmp_path: Path) -> None:
    first = read_index(write_film(tmp_path / "first.mp4", 3, muxer=FASTSTART))
    last = read_index(write_film(tmp_path / "last.mp4", 3))
    assert (first.index_first, last.index_first) == (True, False)


def test_longest_gap_is_the_work_to_reach_a_frame(tmp_path: Path) -> None:
    options = {"g": "7", "keyint_min": "7", "sc_threshold": "0", "bf": "0"}
    index = read_index(write_film(tmp_path / "film.mp4", 30, options=options))
    assert index.longest_gap == 7


def _cut_off(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])


def test_frames_lost_with_the_end_of_the_file_are_not_counted(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", 30, options={"bf": "0"}, muxer=FASTSTART)
    _cut_off(film, 0.7)
    index = read_index(film)
    ends = index.offsets + index.sizes
    assert 0 < index.frames < 30
    assert (ends[: index.frames] <= film.stat().st_size).all()
    assert not index.plain


def _garbage(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(5000))


BROKEN = {
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "LFS pointer": (
        lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:\n"),
        "git lfs pull",
    ),
    "cut off before the index": (
        lambda path: _cut_off(write_film(path, 10), 0.5),
        "its index is missing",
    ),
    "noise": (_garbage, "is not an MP4 file"),
    "text": (lambda path: path.write_bytes(b"<html>not found</html>" * 20), "is cut off"),
    "sound alone": (write_sound, "holds no video"),
    "a folder": (lambda path: path.mkdir(), "can't be read"),
    "missing": (lambda path: None, "can't be read"),
    "fragmented": (
        lambda path: write_film(path, 10, muxer={"movflags": "frag_keyframe+empty_moov"}),
        "fragmented",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_says_what_is_wrong_with_a_broken_file(tmp_path: Path, kind: str) -> None:
    make, sentence = BROKEN[kind]
    path = tmp_path / "film.mp4"
    make(path)
    with pytest.raises(Unreadable, match=sentence):
        read_index(path)


@pytest.fixture(scope="module")
def sound_film(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, int]:
    """A whole film with a B-frame index, and where that index begins."""
    path = write_film(tmp_path_factory.mktemp("film") / "film.mp4", 20, options=B_FRAMES)
    data = path.read_bytes()
    return data, data.index(b"moov")


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_damage_to_an_index_is_worse_than_unreadable(
    sound_film: tuple[bytes, int], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole, start = sound_film
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(start, len(whole) - 5))
        value = data.draw(st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 255, 65536]))
        struct.pack_into(">I", damaged, at, value)
    path = tmp_path_factory.getbasetemp() / "damaged.mp4"
    path.write_bytes(damaged)
    try:
        index = read_index(path)
    except Unreadable:
        return
    assert 0 <= index.frames <= len(index.sizes) < 10**7
    assert len(index.offsets) == len(index.show_times) == len(index.keyframes) == len(index.sizes)
    shown = index.shown
    assert (index.offsets[shown] + index.sizes[shown] <= len(damaged)).all()
