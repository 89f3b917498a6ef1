"""Whether a camera saw anything: black, frozen, repeated or damaged pictures, by samples.

Decoding all frames would take as long as the recording; so stills are spread over an episode, each
at a keyframe where one is near, and a few short runs of frames are compared picture by picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from training_manager_ros.datasets.check.finding import Finding
from training_manager_ros.datasets.listing import some
from training_manager_ros.datasets.model import FrameSource, Hdf5Frames, ImageFrames, VideoFrames
from training_manager_ros.datasets.video import MovieIndex, VideoReader, read_index
from training_manager_ros.datasets.video.source import one_frame
from training_manager_ros.errors import TrainingManagerError

__all__ = ["check_pictures"]

_STILLS = 12
_RUNS, _RUN = 3, 8  # runs of so many frames
_FEW_STILLS, _FEW_RUNS = 5, 1  # of images in parquet, which take long to reach
_WIDTH = 160  # pixels of a still; noise averages out, a moved gripper does not
_BLACK = 6.0  # brightest pixel's distance from the average, and the average, of 255
_SAME = 3  # of 255; an encoder's correction of a repeated picture
_STILL = 16  # of 255; the same, from one keyframe to another; where an arm moves it is over 100
_REPEATED = 0.4  # of the frames of a run; 15 Hz in 30 Hz makes one half

Still = npt.NDArray[np.int16]


@dataclass(frozen=True)
class _Sample:
    stills: dict[int, Still]  # by frame
    runs: list[list[Still]]


def check_pictures(
    episode: int, camera: str, source: FrameSource, check: Callable[[], None]
) -> Iterator[Finding]:
    """Findings about one camera of an episode; `check` is called between frames, and may raise."""
    frames = _Frames(source)
    if frames.count <= 0:
        return
    stills, runs = _places(frames)
    damaged: list[int] = []
    pictures: dict[int, Still] = {}
    try:
        for place in sorted({*stills, *(place for run in runs for place in run)}):
            check()
            try:
                pictures[place] = frames.still(place)
            except TrainingManagerError:
                damaged.append(place)
    finally:
        frames.close()
    looked = f"({len(pictures) + len(damaged)} of {frames.count} frames were looked at)"
    if damaged:
        yield Finding(
            "error", "picture-damaged", episode, camera,
            f"{camera} can't be decoded at frames {some(map(str, damaged))} {looked}. A trainer "
            "stops there, or learns from garbage.",
            "Copy the file again from where it came, or delete the episode.",
        )  # fmt: skip
    sample = _Sample(
        {place: pictures[place] for place in stills if place in pictures},
        [[pictures[place] for place in run if place in pictures] for run in runs],
    )
    yield from _dark(episode, camera, sample, looked)
    yield from _frozen(episode, camera, sample, looked)


def _dark(episode: int, camera: str, sample: _Sample, looked: str) -> Iterator[Finding]:
    black = [place for place, still in sample.stills.items() if _is_black(still)]
    if not black:
        return
    if len(black) == len(sample.stills):
        yield Finding(
            "error", "black", episode, camera,
            f"{camera} is black all through {looked}: it was covered or gave no pictures.",
            "Delete the episode, or leave the camera out when training.",
        )  # fmt: skip
    else:
        yield Finding(
            "warning", "black-frames", episode, camera,
            f"{camera} is black at frames {some(map(str, black))} {looked}.",
            "Look at the episode; delete it if the camera failed.",
        )  # fmt: skip


def _frozen(episode: int, camera: str, sample: _Sample, looked: str) -> Iterator[Finding]:
    stills = list(sample.stills.values())
    if len(stills) >= 3 and all(_same(stills[0], still, _STILL) for still in stills[1:]):
        if not _is_black(stills[0]):
            yield Finding(
                "error", "frozen", episode, camera,
                f"{camera} shows the same picture all through {looked}: it hung, or nothing moved.",
                "Look at the episode; delete it if the camera hung.",
            )  # fmt: skip
        return
    # a run in which nothing moves at all says nothing about the camera
    moving = [run for run in sample.runs if len(run) >= 4 and not _same(run[0], run[-1])]
    pairs = [_same(one, other) for run in moving for one, other in pairwise(run)]
    if pairs and sum(pairs) >= _REPEATED * len(pairs):
        yield Finding(
            "warning", "frames-repeated", episode, camera,
            f"{sum(pairs)} of {len(pairs)} frames of {camera} are the ones before, once more "
            f"{looked}: the camera was slower than the recording.",
            "Let the camera run at the rate of the recording, and record again if it matters.",
        )  # fmt: skip


def _is_black(still: Still) -> bool:
    mean = float(still.mean())
    return mean < _BLACK and float(still.max()) - mean < 2 * _BLACK


def _same(one: Still, other: Still, tolerance: int = _SAME) -> bool:
    return one.shape == other.shape and int(np.abs(one - other).max()) <= tolerance


class _Frames:
    """Small grey pictures of single frames, wherever they are kept."""

    def __init__(self, source: FrameSource) -> None:
        self.source = source
        self.count = source.count
        self._reader: VideoReader | None = None
        if isinstance(source, VideoFrames):
            self._reader = VideoReader(read_index(source.path))

    @property
    def index(self) -> MovieIndex | None:
        """Of a video."""
        return None if self._reader is None else self._reader.index

    def still(self, place: int) -> Still:
        """Raises `TrainingManagerError` where it can't be decoded."""
        source = self.source
        if isinstance(source, VideoFrames):
            assert self._reader is not None
            frame: Any = self._reader.frame(source.first_frame + place)
        else:
            frame = one_frame(source, place)
        width = min(_WIDTH, frame.width)
        height = max(1, frame.height * width // frame.width)
        small = frame.reformat(width=width, height=height, format="gray")
        return np.asarray(small.to_ndarray(), np.int16)

    def close(self) -> None:
        """Let go of the file."""
        if self._reader is not None:
            self._reader.close()


def _places(frames: _Frames) -> tuple[list[int], list[list[int]]]:
    """Frames to look at alone, and runs of frames."""
    costly = isinstance(frames.source, ImageFrames)
    count = frames.count
    spread = np.linspace(0, count - 1, min(count, _FEW_STILLS if costly else _STILLS))
    stills = [round(place) for place in spread.tolist()]
    starts = np.linspace(0, max(count - _RUN, 0), (_FEW_RUNS if costly else _RUNS) + 2)[1:-1]
    first = [round(place) for place in starts.tolist()]
    if isinstance(frames.source, Hdf5Frames | ImageFrames) or frames.index is None:
        keys = np.empty(0, np.int64)
    else:
        index, begin = frames.index, frames.source.first_frame
        shown = index.shown[begin : begin + count]
        keys = np.flatnonzero(index.keyframes[shown])
    stills = sorted({_near(place, keys, count // (2 * len(stills))) for place in stills})
    first = [_near(place, keys, count // (2 * _RUNS)) for place in first]
    runs = [list(range(place, min(place + _RUN, count))) for place in sorted(set(first))]
    return stills, runs


def _near(place: int, keys: npt.NDArray[np.int64], reach: int) -> int:
    """The keyframe next to a place, if it is within reach; else the place itself."""
    if not len(keys):
        return place
    key = int(keys[np.abs(keys - place).argmin()])
    return key if abs(key - place) <= reach else place
