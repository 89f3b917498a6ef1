"""Looking at frames where a dataset says that they are, independently of the package's reader."""

from __future__ import annotations

from pathlib import Path

import av
import h5py
import numpy as np
import numpy.typing as npt

from training_manager_ros.datasets import FrameSource, Hdf5Frames, VideoFrames

Picture = npt.NDArray[np.uint8]


def decoded(path: Path) -> list[Picture]:
    """All pictures of a video, RGB, in the order in which they are shown."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def pictures(source: FrameSource) -> list[Picture]:
    """An episode's pictures, RGB."""
    if isinstance(source, VideoFrames):
        return decoded(source.path)[source.first_frame : source.first_frame + source.count]
    assert isinstance(source, Hdf5Frames)
    with h5py.File(source.path, "r") as file:
        return [row[:, :, ::-1] for row in file[source.dataset][: source.count]]
