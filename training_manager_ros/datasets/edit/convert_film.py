"""A camera's raw images as a video: encoded, and then decoded to be sure, before it counts."""

from __future__ import annotations

import errno
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.edit.plan import BYTES_A_PIXEL
from training_manager_ros.datasets.model import Hdf5Frames
from training_manager_ros.errors import Unreadable

__all__ = ["Shot", "WriteFilm", "film", "video_name"]

_BYTES_A_PIXEL = 0.1  # of a video; a guess on the safe side, pictures without noise need a tenth
_OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EIO})


@dataclass(frozen=True)
class Shot:
    """What one camera saw in an episode, as raw images."""

    camera: str
    frames: Hdf5Frames
    pixels: int  # of a picture

    @property
    def raw(self) -> int:
        """Bytes of the raw images."""
        return BYTES_A_PIXEL * self.pixels * self.frames.count

    @property
    def size(self) -> int:
        """Bytes of the video, about."""
        return int(_BYTES_A_PIXEL * self.pixels * self.frames.count)


@dataclass(frozen=True)
class WriteFilm:
    """A step: a video made of raw images."""

    shot: Shot
    target: str  # below the new skill's folder

    @property
    def linked(self) -> int:
        """See `Step`."""
        return 0

    @property
    def written(self) -> int:
        """See `Step`."""
        return self.shot.size

    @property
    def encoded(self) -> int:
        """See `Encodes`."""
        return self.shot.pixels * self.shot.frames.count

    def apply(self, stage: Path, files: Files) -> None:
        """See `Step`."""
        film(self.shot, stage / self.target, files)


def video_name(file: str, camera: str) -> str:
    """The name of the video of a camera of the episode in `file`."""
    return f"{file.rpartition('.')[0] or file}_{camera}.mp4"


def film(shot: Shot, target: Path, files: Files) -> None:
    """Write `target`, a video with one frame a row. Raises `Unreadable` where that can't be."""
    files.make(target, lambda path: _encode(shot, path, files))


def _encode(shot: Shot, target: Path, files: Files) -> None:
    # heavy, and only needed where something is converted
    import av

    from training_manager_ros.datasets.video.encode import encode_movie
    from training_manager_ros.datasets.video.encoder import encoder_threads
    from training_manager_ros.datasets.video.rows import row_frames
    from training_manager_ros.datasets.video.verify import verify_movie

    rows = shot.frames
    told = 0

    def progress(done: int) -> None:
        nonlocal told
        now = shot.raw * done // rows.count
        files.advance(now - told)
        told = now

    try:
        with closing(row_frames(rows)) as frames:  # the file too, at once, where it is cancelled
            count = encode_movie(frames, target, rows.rate, encoder_threads(), progress)
    except av.error.FFmpegError as error:
        if error.errno in _OF_THE_DISK:
            raise OSError(error.errno, error.strerror) from error
        raise Unreadable(f"{shot.camera} of {rows.path.name} can't be encoded: {error}.") from error
    if count != rows.count:
        raise Unreadable(f"{shot.camera} of {rows.path.name} has {count} images, not {rows.count}.")
    verify_movie(target, count, lambda: files.advance(0))
    files.advance(shot.size)
