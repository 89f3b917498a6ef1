"""LeRobot datasets of every version; a `Layout` knows where an episode's rows and videos are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.lerobot_info import BOOKKEEPING, Feature, LeRobotInfo
from training_manager_ros.datasets.listing import FileEntry
from training_manager_ros.datasets.model import (
    Camera,
    Dataset,
    DatasetSummary,
    Episode,
    FrameSource,
    ImageFrames,
    Signal,
    VideoFrames,
)
from training_manager_ros.datasets.parquet import ParquetFacts, parquet_facts, read_numbers
from training_manager_ros.datasets.problem import Problem, problem_of
from training_manager_ros.datasets.videofacts import video_facts
from training_manager_ros.errors import NotFound, Unreadable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["FALLBACK_RATE", "Layout", "LeRobotDataset", "ListedEpisode", "Rows", "Video"]

FALLBACK_RATE = 30.0  # to show an episode at, where nothing tells


@dataclass(frozen=True)
class ListedEpisode:
    """An episode as the dataset's metadata lists it."""

    id: int
    length: int | None  # timesteps; None where not said
    task: str


@dataclass(frozen=True)
class Rows:
    """Where an episode's rows are."""

    file: FileEntry
    name: str  # relative to data/
    first: int
    count: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Video:
    """Where an episode's frames are."""

    file: FileEntry
    frames: VideoFrames
    share: float  # of the file's frames, 0 to 1
    problems: tuple[Problem, ...] = ()


class Layout(Protocol):
    """Where things are in one version of the format; raises `Unreadable` for broken files."""

    @property
    def episodes(self) -> Sequence[ListedEpisode]:
        """All episodes in order."""

    def rows(self, episode: ListedEpisode) -> Rows | None:
        """The episode's rows; None where their file is missing."""

    def video(self, episode: ListedEpisode, camera: str) -> Video | None:
        """The episode's frames in a video; None where the file is missing."""


class LeRobotDataset(Dataset):
    """A LeRobot dataset in a skill's data/ folder; see `Dataset`."""

    def __init__(
        self,
        root: Path,
        summary: DatasetSummary,
        info: LeRobotInfo,
        layout: Layout,
        facts: FactCache,
    ) -> None:
        self.root = root
        self._summary = summary
        self._info = info
        self._layout = layout
        self._facts = facts
        self._listed: Mapping[int, ListedEpisode] = {one.id: one for one in layout.episodes}
        self._declared = {one.name: one for one in info.cameras if one.name in summary.cameras}

    @property
    def summary(self) -> DatasetSummary:
        """See `Dataset`."""
        return self._summary

    @property
    def facts(self) -> FactCache:
        """What is remembered about its files."""
        return self._facts

    @property
    def info(self) -> LeRobotInfo:
        """What meta/info.json declares."""
        return self._info

    @property
    def episode_ids(self) -> Sequence[int]:
        """See `Dataset`."""
        return tuple(self._listed)

    def rows(self, episode_id: int) -> Rows:
        """Where an episode's rows are. Raises `Unreadable` where their file is missing."""
        rows = self._layout.rows(self._one(episode_id))
        if rows is None:
            raise Unreadable(
                f"The parquet file of episode {episode_id} is missing.", "file-missing"
            )
        return rows

    def cameras(self) -> tuple[Camera, ...]:
        """See `Dataset`."""
        return tuple(self._camera(feature) for feature in self._declared.values())

    def episode(self, episode_id: int) -> Episode:
        """See `Dataset`."""
        listed = self._one(episode_id)
        problems: list[Problem] = []
        cameras: list[str] = []
        where, frames, size = "", 0, 0.0
        try:
            rows = self._layout.rows(listed)
            if rows is None:
                problems.append(Problem("file-missing", "Its parquet file is missing."))
            else:
                where = f"data/{rows.name}"
                found = parquet_facts(self._facts, rows.file)
                frames = rows.count
                size += rows.file.size * rows.count / max(found.rows, 1)
                problems += [*rows.problems, *self._row_problems(listed, rows, found)]
                cameras += [
                    name
                    for name, camera in self._declared.items()
                    if camera.dtype == "image" and found.kind(name) == "image"
                ]
        except Unreadable as error:
            problems.append(problem_of(error))
        for name, camera in self._declared.items():
            if camera.dtype != "video":
                continue
            try:
                video = self._layout.video(listed, name)
            except Unreadable as error:
                problems.append(problem_of(error))
                continue
            if video is None:
                problems.append(Problem("file-missing", f"The video of {name} is missing."))
                continue
            cameras.append(name)
            size += video.file.size * video.share
            problems += video.problems
            if frames and video.frames.count != frames:
                problems.append(
                    Problem(
                        "frames-differ",
                        f"{name} has {video.frames.count} frames, but the episode has {frames} "
                        "timesteps.",
                    )
                )
        rate = self._info.rate
        return Episode(
            id=listed.id,
            file=where,
            frames=frames,
            duration=frames / rate if rate else 0.0,
            size_bytes=round(size),
            cameras=tuple(name for name in self._declared if name in cameras),
            task=listed.task,
            problems=tuple(dict.fromkeys(problems)),
        )

    def signals(self, episode_id: int) -> tuple[Signal, ...]:
        """See `Dataset`."""
        rows, found = self._need_rows(episode_id)
        declared = [one.name for one in self._info.features]
        wanted = [
            column.name
            for column in found.columns
            if column.kind == "number" and column.name not in BOOKKEEPING
        ]
        wanted = sorted(dict.fromkeys(wanted), key=lambda name: _rank(name, declared))
        values = read_numbers(Path(rows.file.path), rows.first, rows.count, tuple(wanted))
        return tuple(self._signal(name, values[name]) for name in wanted)

    def timestamps(self, episode_id: int) -> npt.NDArray[np.float64]:
        """See `Dataset`."""
        import numpy as np

        rows, found = self._need_rows(episode_id)
        if found.kind("timestamp") != "number":
            return np.empty(0)
        path = Path(rows.file.path)
        times = read_numbers(path, rows.first, rows.count, ("timestamp",))["timestamp"][:, 0]
        return times - times[0] if len(times) else times

    def frames(self, episode_id: int, camera: str) -> FrameSource:
        """See `Dataset`."""
        listed = self._one(episode_id)
        declared = self._declared.get(camera)
        if declared is None:
            raise NotFound(f"{self.root.name} has no camera {camera!r}.")
        if declared.dtype == "video":
            video = self._layout.video(listed, camera)
            if video is not None:
                return video.frames
        else:
            rows, found = self._need_rows(episode_id)
            if found.kind(camera) == "image":
                rate = self._info.rate or FALLBACK_RATE
                path = Path(rows.file.path)
                return ImageFrames(path, camera, rows.first, rows.count, rate)
        raise NotFound(f"Episode {episode_id} has no images of {camera}.")

    def _one(self, episode_id: int) -> ListedEpisode:
        try:
            return self._listed[episode_id]
        except KeyError:
            raise NotFound(f"There is no episode {episode_id} in {self.root.name}.") from None

    def _need_rows(self, episode_id: int) -> tuple[Rows, ParquetFacts]:
        rows = self.rows(episode_id)
        return rows, parquet_facts(self._facts, rows.file)

    def _camera(self, declared: Feature) -> Camera:
        """What the first video says; what info.json says where none can be read."""
        for listed in self._listed.values():
            if declared.dtype != "video":
                break
            try:
                video = self._layout.video(listed, declared.name)
                if video is not None:
                    seen = video_facts(self._facts, video.file)
                    return Camera(declared.name, seen.width, seen.height, seen.codec, seen.pix_fmt)
            except Unreadable:
                continue  # its episode says so
        return Camera(
            declared.name, declared.width, declared.height, declared.codec, declared.pix_fmt
        )

    def _row_problems(
        self, listed: ListedEpisode, rows: Rows, found: ParquetFacts
    ) -> list[Problem]:
        problems: list[Problem] = []
        names = [column.name for column in found.columns]
        missing = [name for name in BOOKKEEPING if name not in names]
        if missing:
            columns = "column" if len(missing) == 1 else "columns"
            problems.append(
                Problem("column-missing", f"{rows.name} lacks the {columns} {', '.join(missing)}.")
            )
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            problems.append(
                Problem("column-twice", f"{rows.name} has columns twice: {', '.join(twice)}.")
            )
        for name in ("action", "observation.state", "timestamp"):
            if name in names and found.kind(name) != "number":
                problems.append(Problem("wrong-type", f"{name} in {rows.name} holds no numbers."))
        for feature in self._info.features:
            if feature.dtype != "video" and feature.name not in (*names, *BOOKKEEPING):
                problems.append(
                    Problem(
                        "signal-missing", f"{rows.name} lacks the declared column {feature.name}."
                    )
                )
        if listed.length is not None and listed.length != rows.count:
            problems.append(
                Problem(
                    "length-differs",
                    f"It is listed with {listed.length} timesteps, but has {rows.count} rows.",
                )
            )
        return problems

    def _signal(self, name: str, values: npt.NDArray[np.float64]) -> Signal:
        width = values.shape[1]
        feature = next((one for one in self._info.features if one.name == name), None)
        names = feature.names if feature is not None else ()
        if len(names) != width:
            names = (name,) if width == 1 else tuple(f"{name}[{i}]" for i in range(width))
        return Signal(name, values, names, ("",) * width)


def _rank(name: str, declared: list[str]) -> tuple[int, int]:
    first = {"action": 0, "observation.state": 1}.get(name, 2)
    return first, declared.index(name) if name in declared else len(declared)
