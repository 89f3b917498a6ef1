"""Tell which frame of a recording a picture shows."""

from __future__ import annotations

import random
from dataclasses import dataclass

import av
import h5py
import numpy as np
import numpy.typing as npt

from training_manager_ros.datasets import FrameSource, Hdf5Frames, VideoFrames

DIFFERS = 0.02  # mean square of the luma difference from which two frames are not the same
Luma = npt.NDArray[np.float32]


def some_of(count: int, extra: int) -> list[int]:
    """Last, first and others; never one twice, since a browser shows nothing new then."""
    return [count - 1, 0, *random.Random(count).sample(range(1, count - 1), extra)]


def luma(rgb: npt.NDArray[np.uint8]) -> Luma:
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    weighed: Luma = rgb.astype(np.float32) @ weights
    return weighed


class Source:
    """The episode's own frames, read without anything of ours, brightness alone.

    Brightness is exact in every decoder; the ways from YUV to RGB differ by more than two frames of
    a slow film do.
    """

    def __init__(self, source: FrameSource) -> None:
        self._limited = isinstance(source, VideoFrames)
        self._planes: list[npt.NDArray[np.uint8]] = []
        if isinstance(source, Hdf5Frames):
            with h5py.File(source.path, "r") as file:
                self._planes = list(file[source.dataset][: source.count][..., ::-1])
            return
        assert isinstance(source, VideoFrames)
        with av.open(str(source.path)) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if source.first_frame <= number < source.first_frame + source.count:
                    plane = np.frombuffer(frame.planes[0], np.uint8).reshape(frame.height, -1)
                    self._planes.append(plane[:, : frame.width])

    def __len__(self) -> int:
        return len(self._planes)

    def __getitem__(self, number: int) -> Luma:
        plane = self._planes[number]
        return (plane.astype(np.float32) - 16) * (255 / 219) if self._limited else luma(plane)


@dataclass(frozen=True)
class Comparison:
    """A picture against a frame and those around it."""

    error: float  # mean square of the luma difference to the frame
    decided: int  # neighbours that differ from the frame
    closer: tuple[int, ...]  # of these, the ones that the picture is closer to


def compare(shown: npt.NDArray[np.uint8], source: Source, frame: int) -> Comparison:
    """Compare with frames `frame - 2` to `frame + 2`."""
    picture, wanted = luma(shown), source[frame]
    error = float(((picture - wanted) ** 2).mean())
    decided, closer = 0, []
    for other in range(max(0, frame - 2), min(len(source), frame + 3)):
        neighbour = source[other]
        if other != frame and ((neighbour - wanted) ** 2).mean() > DIFFERS:
            decided += 1
            if ((picture - neighbour) ** 2).mean() <= error:
                closer.append(other)
    return Comparison(error, decided, tuple(closer))
