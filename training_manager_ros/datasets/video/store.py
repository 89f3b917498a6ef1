"""Any camera of any episode as a video that a browser plays, and any frame of it as a JPEG."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from training_manager_ros.datasets.model import (
    Dataset,
    FrameSource,
    Hdf5Frames,
    ImageFrames,
    VideoFrames,
)
from training_manager_ros.datasets.video.cache import FileCache
from training_manager_ros.datasets.video.cut import Piece, write_movie
from training_manager_ros.datasets.video.encoder import encode_in_child
from training_manager_ros.datasets.video.images import image_bytes
from training_manager_ros.datasets.video.index import MovieIndex
from training_manager_ros.datasets.video.jpeg import encode_jpeg
from training_manager_ros.datasets.video.kept import Indices, Readers
from training_manager_ros.datasets.video.lane import Lane, Ticket
from training_manager_ros.datasets.video.plan import AsIs, Cut, plan_video
from training_manager_ros.datasets.video.rate import is_possible
from training_manager_ros.datasets.video.source import count_and_size, one_frame, video_count
from training_manager_ros.errors import InvalidInput, NotFound, TrainingManagerError, Unreadable

__all__ = ["MediaStore", "Playable"]

_log = logging.getLogger("training_manager.video")

_VERSION = 1  # of what is made; raise it and everything is made anew
_MAX_BYTES = 8 * 2**30
_UNKNOWN_RATE = 30.0  # frames a second where neither the dataset nor the recording says
_CUT_WAIT_S = 0.5  # a cut takes milliseconds; not worth telling the browser to ask again
_THUMBNAIL_WIDTH = 320
_SMALLEST_WIDTH = 16


@dataclass(frozen=True)
class Playable:
    """A camera's video of an episode, as far as it is.

    Frame k is shown from `start_time + k / rate` on, so `start_time + (k + 0.5) / rate` is the
    time to seek to.
    """

    state: Literal["ready", "encoding", "failed"]
    progress: float = 0.0  # 0 to 1; of encoding
    path: Path | None = None  # an MP4, when ready
    frames: int = 0  # that are there: fewer than the episode's timesteps where some are missing
    rate: float = 0.0  # frames a second
    width: int = 0
    height: int = 0
    start_time: float = 0.0  # seconds
    error: str = ""  # a sentence, when failed


class MediaStore:
    """Makes and keeps what browsers show of episodes. Safe for threads; several may share a folder.

    Files that a browser plays are given as they are. Others are cut out or encoded once, in the
    background, and kept in `cache_dir`, at most `max_bytes` of them.
    """

    def __init__(self, cache_dir: Path, max_bytes: int = _MAX_BYTES) -> None:
        self._cache = FileCache(cache_dir, max_bytes)
        self._cuts = Lane("cut videos")
        self._encodings = Lane("encode videos")
        self._indices = Indices()
        self._readers = Readers()
        # frames are for a person to look at; more at a time only takes cores from the robot
        self._frame_slots = threading.BoundedSemaphore(2)

    def close(self) -> None:
        """End what is under way; half-made files go."""
        self._cuts.close()
        self._encodings.close()
        self._readers.close()

    def playable(self, dataset: Dataset, episode_id: int, camera: str) -> Playable:
        """The state of a camera's video; starts making it where that is needed.

        While it is "encoding", ask again: work that nobody asks for gives way. Raises `NotFound`
        for an episode or camera that does not exist; a file that is broken is "failed" instead.
        """
        try:
            source = dataset.frames(episode_id, camera)
            return self._playable(source, _rate(dataset, episode_id, source))
        except Unreadable as error:
            return Playable("failed", error=str(error))
        except OSError as error:
            return Playable("failed", error=f"The video can't be read: {error.strerror}.")

    def jpeg(
        self, dataset: Dataset, episode_id: int, camera: str, frame: int, width: int | None = None
    ) -> bytes:
        """Frame `frame` as JPEG, no wider than `width` pixels.

        Raises `NotFound` for an episode, camera or frame that does not exist, `InvalidInput` for a
        width below 1, `Unreadable` for a file that is broken.
        """
        if width is not None and width < 1:
            raise InvalidInput("The width must be at least 1.", {"width": "must be at least 1"})
        try:
            return self._jpeg(dataset.frames(episode_id, camera), frame, width)
        except OSError as error:
            raise Unreadable(
                f"The frame can't be read: {error.strerror}.", "file-unreadable"
            ) from error

    def thumbnail(self, dataset: Dataset, episode_id: int) -> bytes:
        """A small JPEG of the episode: its first camera that can be read, a third of the way in.

        Raises `NotFound` where the episode does not exist or has no camera, `Unreadable` where
        none can be read.
        """
        names = dataset.episode(episode_id).cameras or [one.name for one in dataset.cameras()]
        failure: TrainingManagerError = NotFound(f"Episode {episode_id} has no camera.")
        for name in names:
            try:
                return self._thumbnail(dataset.frames(episode_id, name))
            except (Unreadable, NotFound) as error:
                failure = error
            except OSError as error:
                failure = Unreadable(
                    f"The video of {name} can't be read: {error.strerror}.", "file-unreadable"
                )
        raise failure

    def _playable(self, source: FrameSource, rate: float) -> Playable:
        piece: Piece | None = None
        if isinstance(source, VideoFrames):
            index = self._indices.get(source.path)
            count, width, height = video_count(source, index), index.width, index.height
            rate = rate or (index.rate if is_possible(index.rate) else _UNKNOWN_RATE)
            plan = plan_video(index, source.first_frame, count, rate)
            if isinstance(plan, AsIs):
                return _ready(source.path, index, rate)
            piece = plan.piece if isinstance(plan, Cut) else None
        else:
            count, width, height = count_and_size(source)
            rate = rate or _UNKNOWN_RATE
        name = f"{_digest(source, rate)}.mp4"
        made = self._made(name, rate)
        if made is not None:
            return made
        if piece is not None:
            ticket = self._cuts.ask(name, lambda _: self._cut(name, piece, rate))
            if ticket.wait(_CUT_WAIT_S) and not ticket.error:
                made = self._made(name, rate)
        else:
            ticket = self._encodings.ask(
                name, lambda ticket: self._encode(ticket, name, source, count, rate)
            )
        if made is not None:
            return made
        state: Literal["failed", "encoding"] = "failed" if ticket.error else "encoding"
        return Playable(
            state, ticket.progress, None, count, rate, width, height, error=ticket.error
        )

    def _made(self, name: str, rate: float) -> Playable | None:
        path = self._cache.get(name)
        if path is None:
            return None
        try:
            return _ready(path, self._indices.get(path), rate)
        except Unreadable as error:
            _log.warning("A cached video is made anew: %s", error)
            self._cache.discard(name)
            return None

    def _cut(self, name: str, piece: Piece, rate: float) -> None:
        with self._cache.make(name) as part:
            write_movie(part, [piece], rate)

    def _encode(
        self, ticket: Ticket, name: str, source: FrameSource, count: int, rate: float
    ) -> None:
        def progress(done: int) -> None:
            ticket.progress = done / count

        with self._cache.make(name) as part:
            made = encode_in_child(source, part, rate, progress, lambda: ticket.stopping)
            if made != count:
                raise Unreadable(f"{source.path.name} gave {made} frames instead of {count}.")

    def _jpeg(self, source: FrameSource, frame: int, width: int | None) -> bytes:
        with self._frame_slots:
            if not isinstance(source, VideoFrames):
                if isinstance(source, ImageFrames) and width is None:
                    data = image_bytes(source, frame)
                    if data.startswith(b"\xff\xd8"):
                        return data
                return encode_jpeg(one_frame(source, frame), _width(width))
            index = self._indices.get(source.path)
            if not 0 <= frame < video_count(source, index):
                raise NotFound(f"{source.path.name} has no frame {frame} of this episode.")
            with self._readers.borrow(index) as reader:
                picture = reader.frame(source.first_frame + frame)
            return encode_jpeg(picture, _width(width))

    def _thumbnail(self, source: FrameSource) -> bytes:
        name = f"{_digest(source, 0)}.jpg"
        path = self._cache.get(name)
        if path is not None:
            try:
                return path.read_bytes()
            except FileNotFoundError:
                pass  # another process just made room
        if isinstance(source, VideoFrames):
            count = video_count(source, self._indices.get(source.path))
        else:
            count, _, _ = count_and_size(source)
        data = self._jpeg(source, count // 3, _THUMBNAIL_WIDTH)
        try:
            with self._cache.make(name) as part:
                part.write_bytes(data)
        except OSError as error:
            _log.warning("A thumbnail could not be kept: %s", error.strerror)
        return data


def _ready(path: Path, index: MovieIndex, rate: float) -> Playable:
    return Playable(
        "ready", 1.0, path, index.frames, rate, index.width, index.height, float(index.times[0])
    )


def _width(width: int | None) -> int | None:
    return None if width is None else max(width, _SMALLEST_WIDTH)


def _rate(dataset: Dataset, episode_id: int, source: FrameSource) -> float:
    """Frames a second as declared, else as the recorded times have it; 0 where nothing says."""
    if is_possible(source.rate):
        return source.rate
    steps = np.diff(dataset.timestamps(episode_id))
    steps = steps[np.isfinite(steps) & (steps > 0)]
    rate = float(np.round(1 / np.median(steps), 3)) if len(steps) else 0.0
    return rate if is_possible(rate) else 0.0


def _digest(source: FrameSource, rate: float) -> str:
    """A name for what is made of these very frames, as long as their file does not change."""
    status = os.stat(source.path)
    facts: tuple[object, ...] = (
        _VERSION,
        os.path.abspath(source.path),
        status.st_size,
        status.st_mtime_ns,
        rate,
    )
    if isinstance(source, VideoFrames):
        facts = (*facts, source.first_frame, source.count)
    elif isinstance(source, Hdf5Frames):
        facts = (*facts, source.dataset, source.count)
    else:
        facts = (*facts, source.column, source.first_row, source.count)
    return hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
