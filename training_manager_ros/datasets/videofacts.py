"""What a video file holds by its own index, in a millisecond and remembered.

So a page of episodes can be held against its videos without decoding one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.listing import FileEntry
from training_manager_ros.datasets.problem import Problem
from training_manager_ros.datasets.sound import check_content

__all__ = ["VideoFacts", "frame_times", "rate_problems", "video_facts"]


@dataclass(frozen=True)
class VideoFacts:
    """The first video track of an MP4 file."""

    codec: str  # "h264", "hevc", "av1", "mpeg4", …; the four-character code where not known
    pix_fmt: str  # FFmpeg's name; "" where not known
    width: int
    height: int
    frames: int  # that a player shows
    rate: float  # frames per second on average; 0 where a single frame does not tell
    steady: bool  # every frame is shown when the rate says, as near as can be seen
    index_first: bool  # the index stands before the frames, so a browser can start at once


def video_facts(facts: FactCache, file: FileEntry) -> VideoFacts:
    """Facts about a video file, remembered. Raises `Unreadable` where it has no usable index."""
    return VideoFacts(**facts.recall("video", file, lambda path: asdict(_read(path))))


def frame_times(path: Path) -> list[float]:
    """When each frame is shown, in seconds after the first. Raises `Unreadable`."""
    from training_manager_ros.datasets.video.index import read_index

    times = read_index(path).times
    found: list[float] = (times - times[:1]).tolist()
    return found


def rate_problems(name: str, seen: VideoFacts, rate: float) -> tuple[Problem, ...]:
    """Whether a video has the rate that its dataset declares; an unknown rate is no problem."""
    if not seen.rate or not rate or abs(seen.rate - rate) <= 0.01 * rate:
        return ()
    sentence = f"{name} has {seen.rate:.4g} frames a second, but the dataset says {rate:.4g}."
    return (Problem("rate-differs", sentence),)


def _read(path: Path) -> VideoFacts:
    import numpy as np

    from training_manager_ros.datasets.video.index import (
        read_index,  # with numpy, so not before a file is opened
    )

    check_content(path)  # an error of the disk must not be remembered as one of the file
    index = read_index(path)
    rate, times = index.rate, index.times
    expected = times[:1] + np.arange(len(times)) / rate if rate else times
    steady = bool(np.all(np.abs(times - expected) <= (0.1 / rate if rate else 0)))
    return VideoFacts(
        codec=index.codec,
        pix_fmt=index.pix_fmt,
        width=index.width,
        height=index.height,
        frames=index.frames,
        rate=round(rate, 6),
        steady=steady,
        index_first=index.index_first,
    )
