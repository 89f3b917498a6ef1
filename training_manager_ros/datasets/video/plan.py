"""Decide how an episode out of a video file gets to a browser: as it is, cut out, or encoded.

What decides was measured with Chromium. An index at the end of the file costs one more request and
250 frames between keyframes 0.4 s a seek at 640 x 480 and 0.8 s at 1280 x 720, so neither is a
reason to make a second file; a frame that needs more work than `_MAX_PIXELS` to be reached is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training_manager_ros.datasets.video.cut import Piece, plan_piece
from training_manager_ros.datasets.video.index import MovieIndex
from training_manager_ros.errors import InvalidInput

__all__ = ["AsIs", "Cut", "Encode", "Plan", "plan_video"]

_PLAYED = {("h264", "yuv420p"), ("av1", "yuv420p")}
_MAX_PIXELS = 500e6  # decoded to reach one frame: 1.2 s on two busy cores
_MAX_OFF = 0.2  # of a frame's time, between where a frame is and where it should be


@dataclass(frozen=True)
class AsIs:
    """The file itself is what a browser plays."""


@dataclass(frozen=True)
class Cut:
    """The packets are copied into a file of their own."""

    piece: Piece


@dataclass(frozen=True)
class Encode:
    """The frames are decoded and encoded."""

    reason: str


Plan = AsIs | Cut | Encode


def plan_video(index: MovieIndex, first: int, count: int, rate: float) -> Plan:
    """What to do with frames `first` to `first + count`, which are to be shown `rate` a second."""
    if (index.codec, index.pix_fmt) not in _PLAYED:
        return Encode(f"browsers refuse {index.codec} {index.pix_fmt}".rstrip())
    try:
        piece = plan_piece(index, first, count)
    except InvalidInput as error:
        return Encode(str(error))
    if _work(piece) > _MAX_PIXELS:
        return Encode("a frame takes too long to reach")
    whole = first == 0 and count == len(index.sizes) and len(index.entries) == 1
    off = np.abs(index.times[first : first + count] * rate - np.arange(count)).max()
    return AsIs() if whole and index.plain and off <= _MAX_OFF else Cut(piece)


def _work(piece: Piece) -> int:
    """The most pixels that are decoded to reach one frame of the piece."""
    packets = slice(piece.first_packet, piece.first_packet + piece.count)
    starts = np.flatnonzero(piece.index.keyframes[packets])
    longest = int(np.diff(np.append(starts, piece.count)).max())
    return longest * piece.index.width * piece.index.height
