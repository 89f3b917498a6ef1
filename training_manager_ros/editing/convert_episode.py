"""Converting an episode where it lies: all is made in a hidden room beside it, then put in place.

The room `data/.conversion/<file>.<size>.<time of change>/` belongs to exactly this recording. What
is finished in it stays there when the work is cancelled or killed, and is not made again. Once all
is there, "ready" is written, and from then on the rest is done to the end, however often it is
killed: the videos appear, the list names them, and only then the file without images takes the
original's place. At every moment the list and the files fit each other.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from training_manager_ros.datasets.edit.convert_film import Shot, film, video_name
from training_manager_ros.datasets.edit.convert_strip import strip
from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.jsonfile import read_json, to_text
from training_manager_ros.editing.convert_list import list_videos
from training_manager_ros.errors import Conflict, Unreadable

__all__ = ["ROOMS", "ConvertEpisode", "NameVideos", "is_source", "read_order"]

ROOMS = "data/.conversion"
_READY = "ready"


@dataclass(frozen=True)
class ConvertEpisode:
    """A step: an episode's raw images become videos, below the skill's own folder."""

    episode: int
    file: str  # its name in data/
    source: str  # where the original is, below the skill's folder: in data/ or raw_data/
    size: int  # bytes of the original
    mtime_ns: int  # its time of change
    shots: tuple[Shot, ...]  # empty where the room is ready
    videos: tuple[str, ...]  # names in data/
    keep_raw: bool  # put the original in raw_data/

    @property
    def linked(self) -> int:
        """See `Step`."""
        return self.size if self.keep_raw and self.source.startswith("data/") else 0

    @property
    def written(self) -> int:
        """See `Step`."""
        rest = self.size - sum(shot.raw for shot in self.shots)
        return sum(shot.size for shot in self.shots) + max(rest, 0) if self.shots else 0

    @property
    def encoded(self) -> int:
        """See `Encodes`."""
        return sum(shot.pixels * shot.frames.count for shot in self.shots)

    @property
    def room(self) -> str:
        """The name of its hidden folder."""
        return f"{self.file}.{self.size}.{self.mtime_ns}"

    def apply(self, stage: Path, files: Files) -> None:
        """See `Step`; `stage` is the skill's folder.

        Raises `Unreadable` where the original can't be converted and `Conflict` where it is not
        what it was; it then stays as it is.
        """
        room = stage / ROOMS / self.room
        if not (room / _READY).is_file():
            self._prepare(stage, room, files)
        self._finish(stage, room, files)

    def _prepare(self, stage: Path, room: Path, files: Files) -> None:
        self._check_source(stage)
        files.make_folder(room)
        for shot in self.shots:
            target = room / video_name(self.file, shot.camera)
            if target.is_file():  # from the last time
                files.advance(shot.raw + shot.size)
            else:
                _whole(target, partial(_film, shot, files), files)
        cameras = {shot.camera: shot.camera for shot in self.shots}
        source = stage / self.source
        target = room / self.file
        if not target.is_file():
            _whole(target, lambda path: strip(source, path, cameras, files), files)
        files.advance(max(self.size - sum(shot.raw for shot in self.shots), 0))
        order = json.dumps({"source": self.source, "videos": self.videos}).encode()
        self._check_source(stage)
        _whole(room / _READY, lambda path: files.write(path, order), files)

    def _finish(self, stage: Path, room: Path, files: Files) -> None:
        data, stripped = stage / "data", room / self.file
        if stripped.is_file():
            self._check_source(stage)
        for name in self.videos:
            if (room / name).is_file():
                _move(room / name, data / name, files)
        list_videos(data, {self.file: self.videos}, files)
        if stripped.is_file():
            if self.linked:
                self._keep(stage, room, files)
            self._check_source(stage)
            _move(stripped, data / self.file, files)
        elsewhere = not self.source.startswith("data/")
        if elsewhere and not self.keep_raw and is_source(self, stage / self.source):
            files.change((stage / self.source).parent, lambda at: (at / self.file).unlink())
        files.change(room.parent, lambda rooms: shutil.rmtree(rooms / self.room))

    def _keep(self, stage: Path, room: Path, files: Files) -> None:
        kept = stage / "raw_data" / self.file
        if os.path.lexists(kept):
            if is_source(self, kept):
                return
            raise Conflict(f"{kept} exists already and is another recording; move it away.")
        copy = room / "raw"
        copy.unlink(missing_ok=True)
        files.place(stage / self.source, copy, linkable=True, size=self.size)
        files.settle()
        files.make_folder(kept.parent)
        _move(copy, kept, files)

    def _check_source(self, stage: Path) -> None:
        if not is_source(self, stage / self.source):
            raise Conflict(f"{self.source} was changed meanwhile; convert the dataset again.")


@dataclass(frozen=True)
class NameVideos:
    """A step: the list names videos that are there, and whole, but are not named."""

    episode: int
    file: str  # the episode's name in data/
    videos: tuple[str, ...]
    linked: int = 0
    written: int = 0
    encoded: int = 0

    def apply(self, stage: Path, files: Files) -> None:
        """See `Step`; `stage` is the skill's folder."""
        list_videos(stage / "data", {self.file: self.videos}, files)


def is_source(step: ConvertEpisode, path: Path) -> bool:
    """Whether a file is the very recording that the step converts."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return False
    return (status.st_size, status.st_mtime_ns) == (step.size, step.mtime_ns)


def read_order(
    room: Path, episode: int, file: str, keep_raw: bool, raw: bool
) -> ConvertEpisode | None:
    """The step that goes on with a room that is ready; None where it is not, or out of date.

    `raw` says whether the episode's file holds images.
    """
    if not (room / _READY).is_file():
        return None
    try:
        order = read_json(room / _READY)
        size, mtime_ns = (int(part) for part in room.name.removeprefix(f"{file}.").split("."))
    except (Unreadable, ValueError):
        return None
    source, videos = to_text(order.get("source")), _texts(order)
    step = ConvertEpisode(episode, file, source, size, mtime_ns, (), videos, keep_raw)
    swapped = not (room / file).is_file()
    current = not raw if swapped else is_source(step, room.parents[2] / source)
    return step if current else None


def _film(shot: Shot, files: Files, target: Path) -> None:
    film(shot, target, files)


def _texts(order: Mapping[str, object]) -> tuple[str, ...]:
    listed = order.get("videos")
    return tuple(map(to_text, listed)) if isinstance(listed, list) else ()


def _whole(target: Path, produce: Callable[[Path], None], files: Files) -> None:
    """Have `target` appear once `produce` has made it under another name."""
    part = target.with_name(f"{target.name}.part")
    with contextlib.suppress(FileNotFoundError):  # of a process that was killed
        part.unlink()
    try:
        produce(part)
        _move(part, target, files)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _move(source: Path, target: Path, files: Files) -> None:
    def move(folder: Path) -> None:
        source.replace(folder / target.name)

    files.change(target.parent, move)
