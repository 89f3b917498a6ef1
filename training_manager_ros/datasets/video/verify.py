"""Whether a video that was written is what it was to become, by decoding all of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av

from training_manager_ros.datasets.video.encode import KEYFRAME_EVERY
from training_manager_ros.datasets.video.index import read_index
from training_manager_ros.errors import Unreadable

__all__ = ["verify_movie"]


def verify_movie(path: Path, frames: int, check: Callable[[], None] = lambda: None) -> None:
    """Raise `Unreadable` unless exactly `frames` frames can be decoded, and sought, in any browser.

    `check` is called at every frame and may raise to end it.
    """
    index = read_index(path)
    kind = f"{index.codec} {index.pix_fmt}"
    if kind != "h264 yuv420p" or not index.index_first or index.longest_gap > KEYFRAME_EVERY:
        raise Unreadable(f"{path.name} can't be played and sought everywhere; try again.")
    count = 0
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            stream.codec_context.options = {"err_detect": "explode"}
            for frame in container.decode(stream):
                count += not frame.is_corrupt
                check()
    except av.error.FFmpegError as error:
        raise Unreadable(f"{path.name} can't be decoded: {error}; try again.") from error
    if count != frames:
        raise Unreadable(f"Of {frames} frames {count} can be decoded in {path.name}; try again.")
