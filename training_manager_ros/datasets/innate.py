"""Innate's own datasets: an HDF5 file an episode, its images inside it (h5) or in MP4s (h264)."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.hdf5 import Hdf5Facts, Images, Table, hdf5_facts, read_table
from training_manager_ros.datasets.innate_index import InnateEntry, InnateIndex, seconds_between
from training_manager_ros.datasets.innate_signals import signal_names
from training_manager_ros.datasets.listing import FileEntry, Listing, scan
from training_manager_ros.datasets.model import (
    Camera,
    Dataset,
    DatasetSummary,
    Episode,
    FrameSource,
    Hdf5Frames,
    Signal,
    VideoFrames,
)
from training_manager_ros.datasets.problem import Problem, problem_of
from training_manager_ros.datasets.videofacts import VideoFacts, rate_problems, video_facts
from training_manager_ros.errors import NotFound, Unreadable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["InnateDataset"]

_FALLBACK_RATE = 30.0  # the recorder's own


class InnateDataset(Dataset):
    """Episodes as the recorder and the converter leave them; see `Dataset`."""

    def __init__(
        self,
        root: Path,
        summary: DatasetSummary,
        index: InnateIndex,
        listing: Listing,
        facts: FactCache,
    ) -> None:
        self.root = root
        self._summary = summary
        self._listing = listing
        self._facts = facts
        self._rate = index.rate
        self._entries = {entry.id: entry for entry in index.entries}
        self._ids = tuple(self._entries)

    @property
    def summary(self) -> DatasetSummary:
        """See `Dataset`."""
        return self._summary

    @property
    def episode_ids(self) -> Sequence[int]:
        """See `Dataset`."""
        return self._ids

    def cameras(self) -> tuple[Camera, ...]:
        """See `Dataset`."""
        found: dict[str, Camera] = {}
        for entry in self._entries.values():
            if entry.videos and all(camera in found for camera, _ in entry.videos):
                continue
            for camera in self._cameras_of(entry):
                found.setdefault(camera.name, camera)
            if found and not entry.videos:
                break  # the recorder's cameras don't change within a dataset
        for name in self._summary.cameras:
            found.setdefault(name, Camera(name))
        return tuple(found[name] for name in sorted(found))

    def episode(self, episode_id: int) -> Episode:
        """See `Dataset`."""
        entry = self.entry(episode_id)
        problems = list(entry.problems)
        file, where = self._rows_file(entry, problems)
        content: Hdf5Facts | None = None
        if file is not None:
            try:
                content = hdf5_facts(self._facts, file)
                problems += content.problems
            except Unreadable as error:
                problems.append(problem_of(error))
        size = file.size if file is not None else 0
        cameras: list[str] = []
        for camera, name in entry.videos:
            video = self._listing.files.get(name)
            if video is None:
                problems.append(Problem("file-missing", f"{name} is missing."))
                continue
            size += video.size
            try:
                seen = video_facts(self._facts, video)
            except Unreadable as error:
                problems.append(problem_of(error))
                continue
            cameras.append(camera)
            problems += rate_problems(name, seen, self._rate)
            if content is not None and seen.frames != content.rows:
                problems.append(
                    Problem(
                        "frames-differ",
                        f"{name} has {seen.frames} frames, but the episode has {content.rows} "
                        "timesteps.",
                    )
                )
        raw = content.images if content is not None else ()
        cameras += [images.camera for images in raw if images.camera not in cameras]
        if content is not None and not cameras and not entry.videos:
            problems.append(Problem("camera-missing", "It has no images."))
        frames = content.rows if content is not None else 0
        return Episode(
            id=entry.id,
            file=where,
            frames=frames,
            duration=frames / self._rate if self._rate else seconds_between(entry.start, entry.end),
            size_bytes=size,
            start=entry.start,
            end=entry.end,
            cameras=tuple(cameras),
            converted=not raw or bool(entry.videos),
            problems=tuple(problems),
        )

    def signals(self, episode_id: int) -> tuple[Signal, ...]:
        """See `Dataset`."""
        file, content = self.content(episode_id)
        return tuple(self._signal(file, table) for table in content.tables)

    def timestamps(self, episode_id: int) -> npt.NDArray[np.float64]:
        """See `Dataset`."""
        import numpy as np

        file, content = self.content(episode_id)
        if not content.clock:
            return np.empty(0)
        times = read_table(Path(file.path), content.clock)[:, 0]
        times[times == 0] = np.nan  # the recorder's way to say "none"
        known = times[np.isfinite(times)]
        return times - known[0] if len(known) else np.empty(0)

    def frames(self, episode_id: int, camera: str) -> FrameSource:
        """See `Dataset`."""
        entry = self.entry(episode_id)
        for name, video in entry.videos:
            if name == camera:
                return self._video_frames(video)
        for images, frames in self.raw_frames(episode_id):
            if images.camera == camera:
                return frames
        raise NotFound(f"Episode {episode_id} has no camera {camera!r}.")

    def raw_frames(self, episode_id: int) -> tuple[tuple[Images, Hdf5Frames], ...]:
        """The images that the episode's file holds by camera, whether there are videos or not."""
        file, content = self.content(episode_id)
        if not content.images:
            return ()
        rate = self._rate or self._recorded_rate(episode_id)
        return tuple(
            (images, Hdf5Frames(Path(file.path), images.path, images.rows, rate))
            for images in content.images
        )

    def content(self, episode_id: int) -> tuple[FileEntry, Hdf5Facts]:
        """The file of an episode's rows and what it holds. Raises `Unreadable`."""
        problems: list[Problem] = []
        file, _ = self._rows_file(self.entry(episode_id), problems)
        if file is None:
            nothing = Problem("file-missing", f"Episode {episode_id} has no file.")
            problem = problems[-1] if problems else nothing
            raise Unreadable(problem, problem.code)
        return file, hdf5_facts(self._facts, file)

    def entry(self, episode_id: int) -> InnateEntry:
        """How the episode is listed."""
        try:
            return self._entries[episode_id]
        except KeyError:
            raise NotFound(f"There is no episode {episode_id} in {self.root.name}.") from None

    def file(self, name: str) -> FileEntry | None:
        """A file in data/ by its name, as it was when the dataset was opened."""
        return self._listing.files.get(name)

    def files(self) -> Collection[str]:
        """Names of all files in data/, as it was when the dataset was opened."""
        return self._listing.files.keys()

    def _video_frames(self, name: str) -> VideoFrames:
        file = self._listing.files.get(name)
        if file is None:
            raise Unreadable(f"{name} is missing.", "file-missing")
        seen = video_facts(self._facts, file)
        return VideoFrames(
            Path(file.path), 0, seen.frames, self._rate or seen.rate or _FALLBACK_RATE
        )

    def _recorded_rate(self, episode_id: int) -> float:
        """The rate by the recorder's clock, for datasets that do not declare one."""
        import numpy as np

        times = self.timestamps(episode_id)
        steps = np.diff(times[np.isfinite(times)])
        step = float(np.median(steps)) if len(steps) else 0.0
        return round(1 / step, 2) if step > 0.001 else _FALLBACK_RATE

    def _signal(self, file: FileEntry, table: Table) -> Signal:
        values = read_table(Path(file.path), table.path)
        names, units = signal_names(table.name, values)
        return Signal(table.name, values, names, units)

    def _cameras_of(self, entry: InnateEntry) -> list[Camera]:
        found: list[Camera] = []
        for name, video in entry.videos:
            file = self._listing.files.get(video)
            if file is not None:
                try:
                    found.append(_video_camera(name, video_facts(self._facts, file)))
                except Unreadable:
                    continue  # its episode says so; another one may know the camera
        if not entry.videos:
            try:
                _, content = self.content(entry.id)
            except Unreadable:
                return found
            found += [_raw_camera(images) for images in content.images]
        return found

    def _rows_file(
        self, entry: InnateEntry, problems: list[Problem]
    ) -> tuple[FileEntry | None, str]:
        """The HDF5 file of an episode, and its path relative to the skill's folder."""
        if not entry.file:
            return None, ""
        file = self._listing.files.get(entry.file)
        if file is not None:
            return file, f"data/{entry.file}"
        # a conversion moves the original there before the stripped file takes its place
        kept = f"raw_data/{entry.file}"
        fence = os.path.realpath(self.root.parent)
        original = scan(str(self.root / "raw_data"), fence).files.get(entry.file)
        if original is not None:
            problems.append(
                Problem(
                    "conversion-unfinished",
                    f"{entry.file} is missing in data/: its conversion was interrupted. The "
                    f"original is shown, from {kept}; convert the dataset again to finish it.",
                )
            )
            return original, kept
        problems.append(Problem("file-missing", f"{entry.file} is missing."))
        return None, f"data/{entry.file}"


def _video_camera(name: str, seen: VideoFacts) -> Camera:
    return Camera(name, seen.width, seen.height, seen.codec, seen.pix_fmt)


def _raw_camera(images: Images) -> Camera:
    return Camera(images.camera, images.width, images.height, "raw", "bgr24")
