"""Decode exact frames of an indexed video.

The packets are taken from the file by its index and numbered by us, so the frame that comes out
is known by its number: no seeking by time, no edit list and no clock can shift it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
import av.logging
import numpy as np

from training_manager_ros.datasets.video.index import MovieIndex
from training_manager_ros.datasets.video.packets import packet_of
from training_manager_ros.errors import NotFound, Unreadable

__all__ = ["VideoReader"]

# PyAV before 12 hands FFmpeg's messages to Python's logging out of FFmpeg's threads and can lock up
if av.logging.get_level() is not None:
    av.logging.set_level(av.logging.PANIC)

_AV1_THREADS = 2  # dav1d's own; FFmpeg's threads by slice gain nothing on one slice a frame
_LOOKAHEAD = 40  # packets after a frame's own within which it must come out (H.264 holds back 16)
_REMEMBERED = 4  # frames that came out last
_NEAR = 8  # so many frames before the wanted one are decoded even if no other needs them
# FFmpeg's own "av1" works on a GPU alone and has the name that is found first
_DECODERS = {"av1": ("libdav1d", "libaom-av1", "av1")}


class VideoReader:
    """Frames of one video file, by number. Not for several threads at once.

    Going forward in small steps continues where the last frame was; anything else starts from the
    keyframe before. Raises `Unreadable` where there is no frame or no decoder for them.
    """

    def __init__(self, index: MovieIndex) -> None:
        if not index.frames:
            raise Unreadable(f"{index.path.name} has no frames.")
        self.index = index
        self._file = index.path.open("rb")
        self._context = _open_decoder(index)
        order = np.argsort(index.show_times, kind="stable")
        self._place = np.empty(len(order), np.int64)  # order of showing, of every stored packet
        self._place[order] = np.arange(len(order))
        self._hidden = int(self._place[index.shown[0]])
        self._restart(0)

    def close(self) -> None:
        """Let go of the file and the decoder."""
        self._file.close()
        del self._context

    def frame(self, number: int) -> av.VideoFrame:
        """Frame `number` in order of showing; its `pts` is the number.

        Raises `NotFound` past the end and `Unreadable` where the frame can't be decoded.
        """
        if not 0 <= number < self.index.frames:
            raise NotFound(f"{self.index.path.name} has no frame {number}.")
        target = int(self.index.shown[number])
        begin = self._keyframe_before(target)
        if number in self._ready:
            return self._ready[number]
        fed_already = target < self._position
        if begin < self._position and (not fed_already or number in self._awaited):
            for frame in self._until(target):
                if frame.pts == number:
                    return frame
        # it was skipped, or needs frames from before the keyframe where decoding began
        self._restart(begin)
        for frame in self._until(target):
            if frame.pts == number:
                return frame
        raise Unreadable(f"Frame {number} of {self.index.path.name} is damaged.")

    def frames(self, first: int, count: int) -> Iterator[av.VideoFrame]:
        """Frames in order of showing, exactly `count`: one that is damaged repeats its neighbour.

        Raises `Unreadable` where more than half of them can't be decoded.
        """
        expected, stop, damaged = first, min(first + count, self.index.frames), 0
        last: av.VideoFrame | None = None
        self._restart(self._keyframe_before(int(self.index.shown[first])))
        for frame in self._onwards():
            if frame.pts < expected:
                continue
            last = last or frame
            while expected < min(frame.pts, stop):
                last.pts, expected, damaged = expected, expected + 1, damaged + 1
                yield last
            if expected == stop:
                break
            yield frame
            last, expected = frame, expected + 1
        while last is not None and expected < stop:
            last.pts, expected, damaged = expected, expected + 1, damaged + 1
            yield last
        self._restart(0)
        if last is None or damaged * 2 > count:
            raise Unreadable(f"{self.index.path.name} is damaged: it can't be decoded.")

    def _keyframe_before(self, target: int) -> int:
        """Where to start decoding; a frame shown before its keyframe needs the one before."""
        starts = np.flatnonzero(self.index.keyframes[: target + 1])
        starts = starts[self._place[starts] <= self._place[target]]
        return int(starts[-1]) if len(starts) else 0

    def _restart(self, position: int) -> None:
        if hasattr(self._context, "flush_buffers"):
            self._context.flush_buffers()
        else:  # PyAV before 12
            self._context = _open_decoder(self.index)
        self._position = position
        # what is shown before the keyframe leans on frames that were not decoded
        self._whole_from = int(self._place[position]) - self._hidden
        self._ready: dict[int, av.VideoFrame] = {}  # the last few that came out, by number
        self._awaited: set[int] = set()  # numbers that went in and have not come out

    def _until(self, target: int) -> Iterator[av.VideoFrame]:
        end = min(target + 1 + _LOOKAHEAD, len(self._place))
        while self._position < end:
            skippable = self._position < target - _NEAR
            self._context.skip_frame = "NONREF" if skippable else "DEFAULT"
            yield from self._step(awaited=not skippable)
        yield from self._drain()

    def _onwards(self) -> Iterator[av.VideoFrame]:
        self._context.skip_frame = "DEFAULT"
        while self._position < len(self._place):
            yield from self._step(awaited=False)
        yield from self._drain()

    def _step(self, awaited: bool) -> Iterator[av.VideoFrame]:
        """Feed the next packet; yields what came out."""
        position = self._position
        self._position += 1
        number = int(self._place[position]) - self._hidden
        self._file.seek(int(self.index.offsets[position]))
        data = self._file.read(int(self.index.sizes[position]))
        if not data:
            return
        packet = packet_of(data)
        packet.pts = packet.dts = number
        if awaited:
            self._awaited.add(number)
        yield from self._decode(packet)

    def _drain(self) -> Iterator[av.VideoFrame]:
        last = list(self._decode(None))
        self._restart(0)
        yield from last

    def _decode(self, packet: av.Packet | None) -> Iterator[av.VideoFrame]:
        try:
            frames: list[av.VideoFrame] = self._context.decode(packet)
        except av.error.FFmpegError:
            return  # this packet is damaged; the frames after it may not be
        whole = [frame for frame in frames if frame.pts is not None]
        whole = [frame for frame in whole if frame.pts >= self._whole_from]
        self._awaited.difference_update(frame.pts for frame in frames)
        self._ready.update((frame.pts, frame) for frame in whole)
        while len(self._ready) > _REMEMBERED:
            del self._ready[next(iter(self._ready))]
        yield from whole


def _open_decoder(index: MovieIndex) -> Any:
    for name in _DECODERS.get(index.codec, (index.codec,)):
        try:
            context = av.CodecContext.create(name, "r")
        except (av.error.FFmpegError, ValueError):
            continue
        if index.extradata:
            context.extradata = index.extradata
        context.thread_count = _AV1_THREADS if index.codec == "av1" else 1
        context.thread_type = "SLICE"  # threads by frame hold frames back
        # without these, H.264 that does not declare its reordering loses frames until it is learnt,
        # and FFmpeg 6 loses the last frame after some keyframes
        context.options = {"strict": "1", "flags": "+output_corrupt"}
        return context
    raise Unreadable(f"{index.path.name} is encoded as {index.codec}, which can't be decoded here.")
