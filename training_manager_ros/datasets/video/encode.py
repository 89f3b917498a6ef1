"""Encode frames once into what every browser plays and seeks: H.264, yuv420p, index first.

A keyframe at least every 10 frames, no B-frames, frame k at k / rate, colours tagged. Odd widths
and heights, which yuv420p does not have, are stretched by one pixel. x264 "ultrafast" at quality
23: the fastest there is, and on recordings still at a luma PSNR of 50 dB.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from training_manager_ros.datasets.video.colour import convert, matrix_of
from training_manager_ros.datasets.video.index import read_index
from training_manager_ros.datasets.video.rate import exact_rate
from training_manager_ros.errors import Unreadable

__all__ = ["KEYFRAME_EVERY", "encode_movie"]

KEYFRAME_EVERY = 10
_TAGS = {"ITU709": "bt709", "ITU601": "smpte170m"}  # swscale's name of a matrix, x264's


def encode_movie(
    frames: Iterable[av.VideoFrame],
    target: Path,
    rate: float,
    threads: int,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Encode `frames` into an MP4 at `target`; answers how many, all of them verified to be there.

    All frames get the size of the first. `progress` hears the number of frames done. Raises
    `InvalidInput` for an impossible rate, `Unreadable` where there is nothing to encode or where
    what was written is not what was meant.
    """
    exact = exact_rate(rate)
    count = 0
    options = {"movflags": "+faststart"}
    with av.open(str(target), "w", format="mp4", options=options) as container:
        stream: Any = None
        reformatter = VideoReformatter()
        for frame in frames:
            if stream is None:
                matrix = matrix_of(frame)
                stream = _add_stream(container, frame, exact, matrix, threads)
                size = (stream.width, stream.height)
            picture = convert(reformatter, frame, size, stream.pix_fmt, matrix)
            picture.pts = count
            picture.time_base = 1 / exact
            picture.pict_type = 0  # the encoder decides, not the source
            container.mux(stream.encode(picture))
            count += 1
            progress(count)
        if stream is None:
            raise Unreadable("There are no frames to encode.")
        container.mux(stream.encode(None))
    _verify(target, count, float(exact))
    return count


def _add_stream(
    container: Any, frame: av.VideoFrame, rate: Fraction, matrix: str, threads: int
) -> Any:
    tag = _TAGS[matrix]
    stream = container.add_stream(
        "libx264",
        rate=rate,
        options={
            "preset": "ultrafast",
            "crf": "23",
            "g": str(KEYFRAME_EVERY),
            "bf": "0",
            "sc_threshold": "0",
            "threads": str(threads),
            "x264-params": f"colorprim={tag}:transfer={tag}:colormatrix={tag}:fullrange=off",
        },
    )
    stream.width = frame.width + frame.width % 2
    stream.height = frame.height + frame.height % 2
    # the same pixels, laid out as x264 wants them; to yuv420p, FFmpeg has a short cut from BGR that
    # rounds all colours down
    stream.pix_fmt = "nv12" if frame.format.is_rgb else "yuv420p"
    stream.codec_context.time_base = 1 / rate
    return stream


def _verify(target: Path, count: int, rate: float) -> None:
    """Raise `Unreadable` unless the file is exactly what it was to become."""
    index = read_index(target)
    late = np.abs(index.times - np.arange(index.frames) / rate).max(initial=0) * rate
    if index.frames != count or not index.plain or not index.index_first:
        raise Unreadable(f"Of {count} frames {index.frames} arrived in the video; try again.")
    if late > 0.1 or index.longest_gap > KEYFRAME_EVERY:
        raise Unreadable("The encoded video can't be sought by frame; try again.")
