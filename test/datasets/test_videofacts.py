from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from training_manager_ros.datasets import FactCache
from training_manager_ros.datasets.listing import FileEntry
from training_manager_ros.datasets.videofacts import VideoFacts, frame_times, video_facts
from training_manager_ros.errors import Unreadable

from .decoding import decoded


def _encode(
    path: Path,
    ticks: list[int],
    rate: Fraction | int = 30,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    **options: str,
) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pix_fmt
        stream.options = options
        for tick in ticks:
            picture = np.full((48, 64, 3), tick * 7 % 256, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = tick, 1 / Fraction(rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _facts(path: Path) -> VideoFacts:
    status = path.stat()
    return video_facts(FactCache(None), FileEntry(str(path), status.st_size, status.st_mtime_ns))


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "name"),
    [
        ("libx264", "yuv420p", "h264"),
        ("libx264", "yuv444p", "h264"),
        ("libx264", "yuv422p", "h264"),
        ("libx265", "yuv420p", "hevc"),
        ("libx265", "yuv420p10le", "hevc"),
        ("libsvtav1", "yuv420p", "av1"),
        ("libsvtav1", "yuv420p10le", "av1"),
        ("mpeg4", "yuv420p", "mpeg4"),
    ],
)
def test_says_what_ffmpeg_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, pix_fmt: str, name: str
) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"FFmpeg is built without {codec} here")
    monkeypatch.setenv("SVT_LOG", "1")
    path = _encode(tmp_path / "x.mp4", list(range(12)), codec=codec, pix_fmt=pix_fmt)
    facts = _facts(path)
    assert (facts.codec, facts.width, facts.height) == (name, 64, 48)
    assert facts.pix_fmt in (pix_fmt, "")  # MPEG-4 Part 2 does not say it in its index
    assert (facts.frames, facts.rate, facts.steady) == (12, 30.0, True)
    assert len(decoded(path)) == 12


@pytest.mark.parametrize("frames", [1, 2, 3, 30])
@pytest.mark.parametrize("b_frames", ["0", "3"])
@pytest.mark.parametrize("rate", [10, 30, Fraction(30000, 1001), 1000])
def test_counts_the_frames_that_are_decoded(
    tmp_path: Path, frames: int, b_frames: str, rate: Fraction | int
) -> None:
    path = _encode(tmp_path / "x.mp4", list(range(frames)), rate, bf=b_frames)
    facts = _facts(path)
    assert facts.frames == len(decoded(path)) == frames
    assert facts.rate == pytest.approx(float(rate) if frames > 1 else 0, rel=1e-4)
    assert facts.steady


def test_a_pause_makes_it_unsteady_and_times_tell_where(tmp_path: Path) -> None:
    path = _encode(tmp_path / "x.mp4", [0, 1, 2, 6, 7, 8], bf="2")
    assert not _facts(path).steady
    np.testing.assert_allclose(frame_times(path), np.array([0, 1, 2, 6, 7, 8]) / 30, atol=1e-4)


def test_where_the_index_stands_is_seen(tmp_path: Path) -> None:
    path = _encode(tmp_path / "x.mp4", [0, 1])
    assert not _facts(path).index_first
    with (
        av.open(str(path)) as source,
        av.open(str(tmp_path / "y.mp4"), "w", options={"movflags": "+faststart"}) as target,
    ):
        stream = target.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for frame in source.decode(video=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    assert _facts(tmp_path / "y.mp4").index_first


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "x.mp4 is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"nonsense" * 100, "x.mp4"),
    ],
)
def test_what_is_no_video_is_unreadable(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "x.mp4").write_bytes(content)
    with pytest.raises(Unreadable, match=says):
        _facts(tmp_path / "x.mp4")


def test_a_video_that_is_cut_off_is_unreadable_or_shorter(tmp_path: Path) -> None:
    whole = _encode(tmp_path / "x.mp4", list(range(30))).read_bytes()
    path = tmp_path / "cut.mp4"
    for keep in range(0, len(whole) - 1, 53):
        path.write_bytes(whole[:keep])
        try:
            outcome = f"cut.mp4: {_facts(path).frames}"
        except Unreadable as error:
            outcome = str(error)
        assert "cut.mp4" in outcome
        assert outcome != "cut.mp4: 30"
