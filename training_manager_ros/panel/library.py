"""What the panel serves from the skills folder, by ids alone: skill, episode, camera, frame.

All methods may block and run in worker threads. HDF5, PyAV and NumPy are imported at the first
call: a panel server that nobody looks at stays small.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training_manager_ros.errors import Conflict, NotFound, Unreadable
from training_manager_ros.panel.ranges import Revision, is_known
from training_manager_ros.panel.sending import (
    OpenFile,
    open_file,
    revision_of,
    revision_of_made,
)

if TYPE_CHECKING:
    from training_manager_ros.datasets import Dataset, FactCache
    from training_manager_ros.datasets.video import MediaStore, Playable

__all__ = ["BeingEncoded", "Library", "Picture", "Video"]


class BeingEncoded(Conflict):
    """Raised when a video can't be played yet; `progress` is from 0 to 1."""

    def __init__(self, progress: float) -> None:
        super().__init__(f"This video is being prepared: {progress:.0%} done.")
        self.progress = progress


@dataclass(frozen=True)
class Video:
    """A camera's video as far as it can be played now; `etag` "" while there is no file."""

    playable: Playable
    etag: str


@dataclass(frozen=True)
class Picture:
    """A JPEG; `data` is None if the client has this revision already."""

    revision: Revision
    data: bytes | None


class Library:
    """The recordings below one skills folder, with a cache for what browsers can't play as it is.

    Methods raise `NotFound` and `InvalidInput` for ids that lead nowhere, links out of the folder
    included, and `Unreadable` for what is broken.
    """

    def __init__(self, root: Path, cache: Path, media_bytes: int) -> None:
        self._root = root
        self._cache = cache
        self._media_bytes = media_bytes
        self._opening = threading.Lock()
        self._opened: tuple[FactCache, MediaStore] | None = None

    def warm_up(self) -> None:
        """Import what the first call would: somebody is about to look, and it takes a while."""
        self._parts()

    def video(self, skill: str, episode: int, camera: str) -> Video:
        """How far a camera's video is; begins to prepare it where that is needed."""
        dataset = self._dataset(skill)
        playable = self._playable(dataset, episode, camera)
        if playable.path is None:
            return Video(playable, "")
        path = self._inside(playable.path)
        return Video(playable, self._identify(path)(os.stat(path)).etag)

    def open_video(self, skill: str, episode: int, camera: str) -> OpenFile:
        """Open a camera's video; the caller closes it. Raises `BeingEncoded`."""
        dataset = self._dataset(skill)
        playable = self._playable(dataset, episode, camera)
        if playable.state == "failed":
            raise Unreadable(playable.error)
        if playable.path is None:
            raise BeingEncoded(playable.progress)
        path = self._inside(playable.path)
        return open_file(path, self._identify(path))

    def frame(
        self,
        skill: str,
        episode: int,
        camera: str,
        frame: int,
        width: int | None,
        headers: Mapping[str, str],
    ) -> Picture:
        """One frame as JPEG, at most `width` pixels wide, unless `headers` say that it is known."""
        dataset = self._dataset(skill)
        revision = self._source_revision(dataset, episode, camera, f"{frame}-{width or 0}")
        if is_known(headers, revision):
            return Picture(revision, None)
        return Picture(revision, self._store().jpeg(dataset, episode, camera, frame, width))

    def thumbnail(self, skill: str, episode: int, headers: Mapping[str, str]) -> Picture:
        """A small JPEG of an episode, unless `headers` say that it is known."""
        dataset = self._dataset(skill)
        revision = self._thumbnail_revision(dataset, episode)
        if is_known(headers, revision):
            return Picture(revision, None)
        return Picture(revision, self._store().thumbnail(dataset, episode))

    def signals(self, skill: str, episode: int, points: int | None) -> bytes:
        """An episode's signals as JSON; see `signals.py`."""
        from training_manager_ros.panel.signals import signals_json

        dataset = self._dataset(skill)
        self._inside(dataset.root / dataset.episode(episode).file)
        return signals_json(dataset, episode, points)

    def close(self) -> None:
        """Stop what is being prepared."""
        with self._opening:
            if self._opened is not None:
                self._opened[1].close()

    def _parts(self) -> tuple[FactCache, MediaStore]:
        with self._opening:
            if self._opened is None:
                from training_manager_ros.datasets import FactCache
                from training_manager_ros.datasets.video import MediaStore

                self._opened = (
                    FactCache(self._cache / "facts.sqlite"),
                    MediaStore(self._cache / "media", self._media_bytes),
                )
            return self._opened

    def _store(self) -> MediaStore:
        return self._parts()[1]

    def _dataset(self, skill: str) -> Dataset:
        from training_manager_ros.datasets import open_dataset
        from training_manager_ros.skills import skill_folder

        return open_dataset(skill_folder(self._root, skill), self._parts()[0])

    def _playable(self, dataset: Dataset, episode: int, camera: str) -> Playable:
        self._source(dataset, episode, camera)
        return self._store().playable(dataset, episode, camera)

    def _source(self, dataset: Dataset, episode: int, camera: str) -> Path:
        """The file that a camera's frames are in; refused before anything reads it."""
        return self._inside(dataset.frames(episode, camera).path)

    def _source_revision(
        self, dataset: Dataset, episode: int, camera: str, variant: str
    ) -> Revision:
        return revision_of(os.stat(self._source(dataset, episode, camera)), variant)

    def _thumbnail_revision(self, dataset: Dataset, episode: int) -> Revision:
        for camera in dataset.episode(episode).cameras:
            try:
                return self._source_revision(dataset, episode, camera, "thumbnail")
            except (NotFound, Unreadable):
                continue  # another camera's picture is shown then
        raise NotFound(f"Episode {episode} has no camera that can be shown.")

    def _identify(self, path: Path) -> Callable[[os.stat_result], Revision]:
        """How to tell revisions of a real path apart."""
        made = path.is_relative_to(self._cache.resolve())
        return revision_of_made if made else revision_of

    def _inside(self, path: Path) -> Path:
        """The file that a path really means; `NotFound` if a link leads out of the skills folder.

        What reads datasets does not follow such links either; this holds whatever that does.
        """
        try:
            real = path.resolve(strict=True)
        except OSError as error:
            raise NotFound(f"{path.name} is not there: {error.strerror}.") from error
        except RuntimeError as error:  # Python < 3.13: links in a circle
            raise NotFound(f"{path.name} leads nowhere.") from error
        for home in (self._root, self._cache):
            if real.is_relative_to(home.resolve()):
                return real
        raise NotFound(f"{path.name} is a link that leads out of the skills folder.")
