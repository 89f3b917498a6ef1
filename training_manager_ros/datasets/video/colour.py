"""Convert pixels so that colours stay what they are: by matrix and range, the same in every PyAV.

A video that does not name its matrix is taken as BT.601, as FFmpeg itself and all that recorded
with it do.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import av
from av.video.reformatter import VideoReformatter

__all__ = ["convert", "matrix_of"]

_BT709 = 1  # FFmpeg's number of the matrix
_FULL = 2  # FFmpeg's number of the range


def matrix_of(frame: av.VideoFrame) -> str:
    """swscale's name of the frame's colour matrix: "ITU601" or "ITU709"."""
    return "ITU709" if getattr(frame, "colorspace", 0) == _BT709 else "ITU601"


def convert(
    reformatter: Any,  # a VideoReformatter; its types differ from version to version
    frame: av.VideoFrame,
    size: tuple[int, int],
    pix_fmt: str,
    matrix: str,
) -> Any:
    """The frame in another size, pixel format and matrix; only formats named yuvj… get full range.

    `reformatter` keeps its tables from frame to frame.
    """
    more: dict[str, Any] = {}
    if _knows("threads", 1):  # newer PyAV would take all cores, which a robot needs itself
        more["threads"] = 1
    if _knows("src_color_range", "JPEG"):  # PyAV 11 and later; before, the format's name decides
        name = frame.format.name
        full = name.startswith("yuvj") or getattr(frame, "color_range", 0) == _FULL or _is_rgb(name)
        more["src_color_range"] = "JPEG" if full else "MPEG"
        more["dst_color_range"] = "JPEG" if pix_fmt.startswith("yuvj") else "MPEG"
    shrinks = size[0] * 2 <= frame.width
    # where two lines share a colour it is the upper one's: to weigh them costs a sixth of all time
    only_colours = pix_fmt == "nv12" and size == (frame.width, frame.height)
    scaling = "AREA" if shrinks else "POINT" if only_colours else "BICUBIC"
    return reformatter.reformat(
        frame,
        *size,
        pix_fmt,
        src_colorspace=matrix_of(frame),
        dst_colorspace=matrix,
        interpolation=scaling,
        **more,
    )


def _is_rgb(name: str) -> bool:
    return "rgb" in name or "bgr" in name or name.startswith(("gbr", "pal"))


@lru_cache
def _knows(option: str, value: Any) -> bool:
    """Whether this PyAV's `reformat` has an option."""
    frame = av.VideoFrame(2, 2, "rgb24")
    reformatter: Any = VideoReformatter()
    try:
        reformatter.reformat(frame, 2, 2, "yuv420p", **{option: value})
    except TypeError:
        return False
    return True
