"""Frames of an episode wherever they are kept: how many, how large, one of them, all of them."""

from __future__ import annotations

from collections.abc import Iterator

import av

from training_manager_ros.datasets.model import FrameSource, Hdf5Frames, ImageFrames, VideoFrames
from training_manager_ros.datasets.video.decode import VideoReader
from training_manager_ros.datasets.video.images import (
    image_count_and_size,
    image_frame,
    image_frames,
)
from training_manager_ros.datasets.video.index import MovieIndex, read_index
from training_manager_ros.datasets.video.rows import row_count_and_size, row_frame, row_frames
from training_manager_ros.errors import Unreadable

__all__ = ["all_frames", "count_and_size", "one_frame", "video_count"]


def video_count(source: VideoFrames, index: MovieIndex) -> int:
    """How many of the episode's frames are in the file. Raises `Unreadable` where none is."""
    count = min(source.count, index.frames - source.first_frame)
    if count <= 0 or source.first_frame < 0:
        raise Unreadable(
            f"{source.path.name} has {index.frames} frames; those of this episode would begin at "
            f"{source.first_frame}."
            if source.count > 0
            else "The episode has no frames."
        )
    return count


def count_and_size(source: FrameSource) -> tuple[int, int, int]:
    """Frames that are there, width and height. Raises `Unreadable` where there is none."""
    if isinstance(source, VideoFrames):
        index = read_index(source.path)
        return video_count(source, index), index.width, index.height
    found = (
        row_count_and_size(source)
        if isinstance(source, Hdf5Frames)
        else image_count_and_size(source)
    )
    if found[0] <= 0:
        raise Unreadable("The episode has no frames.")
    return found


def one_frame(source: Hdf5Frames | ImageFrames, number: int) -> av.VideoFrame:
    """Frame `number` of images that are stored one by one. Raises `NotFound` past the end."""
    if isinstance(source, Hdf5Frames):
        return row_frame(source, number)
    return image_frame(source, number)


def all_frames(source: FrameSource) -> Iterator[av.VideoFrame]:
    """All frames in order, exactly as many as `count_and_size` says."""
    if isinstance(source, Hdf5Frames):
        yield from row_frames(source)
    elif isinstance(source, ImageFrames):
        yield from image_frames(source)
    else:
        reader = VideoReader(read_index(source.path))
        try:
            yield from reader.frames(source.first_frame, video_count(source, reader.index))
        finally:
            reader.close()
