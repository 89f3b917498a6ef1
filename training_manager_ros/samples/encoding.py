"""Encoding pictures to MP4, the same bytes every time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import PictureType

from training_manager_ros.samples.recording import Picture

__all__ = ["encode"]

_ENCODERS = {"h264": "libx264", "av1": "libsvtav1"}
_OPTIONS = {
    "h264": {"preset": "veryfast", "crf": "23", "bf": "0", "threads": "1"},
    "av1": {"preset": "12", "crf": "32", "svtav1-params": "lp=1"},
}


def encode(
    path: Path, clips: Sequence[Iterable[Picture]], rate: float, codec: str, keyframe_every: int
) -> str:
    """Write clips one after the other, each from a keyframe on; returns the codec that was used.

    AV1 becomes H.264 where FFmpeg was built without an encoder for it.
    """
    if codec == "av1" and "libsvtav1" not in av.codecs_available:
        codec = "h264"
    os.environ.setdefault("SVT_LOG", "1")  # else it writes its settings to stderr, every time
    whole_rate = Fraction(rate).limit_denominator(1001)
    with (
        _own_priority(),
        av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container,
    ):
        stream = container.add_stream(_ENCODERS[codec], rate=whole_rate)
        stream.pix_fmt = "yuv420p"
        stream.options = {**_OPTIONS[codec], "g": str(keyframe_every)}
        number = 0
        for clip in clips:
            for position, picture in enumerate(clip):
                if number == 0:
                    stream.height, stream.width = picture.shape[:2]
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = number, 1 / whole_rate
                if position == 0:
                    frame.pict_type = PictureType.I
                for packet in stream.encode(frame):
                    container.mux(packet)
                number += 1
        for packet in stream.encode(None):
            container.mux(packet)
    return codec


@contextmanager
def _own_priority() -> Iterator[None]:
    """Undo what SVT-AV1 does for root: it makes the thread that calls it a real-time one.

    All processes started from there later would be, too, and could hold up the whole machine.
    """
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)
