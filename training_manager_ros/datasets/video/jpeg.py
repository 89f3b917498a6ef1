"""A frame as a JPEG, in the colours that the camera saw."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
from av.video.reformatter import VideoReformatter

from training_manager_ros.datasets.video.colour import convert
from training_manager_ros.errors import Unreadable

__all__ = ["encode_jpeg"]

_LAMBDA = 118  # FFmpeg's units of quality a step of the quantiser
_QUANTISER = 4  # 2 is best, 31 worst; 4 is near what others call quality 90


def encode_jpeg(frame: av.VideoFrame, width: int | None = None) -> bytes:
    """The frame as JPEG, made smaller to `width` pixels where it is wider; its shape is kept.

    Raises `Unreadable` where FFmpeg can't convert it.
    """
    try:
        return _encode(frame, width)
    except av.error.FFmpegError as error:
        raise Unreadable(f"The frame can't be shown: {error}.") from error


def _encode(frame: av.VideoFrame, width: int | None) -> bytes:
    size = (frame.width, frame.height)
    if width is not None and width < frame.width:
        size = (width, max(1, round(frame.height * width / frame.width)))
    # BT.601 in full range is all that a JPEG can say
    picture = convert(VideoReformatter(), frame, size, "yuvj420p", "ITU601")
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {
        "flags": "+qscale",
        "global_quality": str(_QUANTISER * _LAMBDA),
        "strict": "unofficial",
    }
    picture.pts = 0
    picture.pict_type = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])
