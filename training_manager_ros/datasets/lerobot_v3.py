"""LeRobot v3.0: many episodes share a parquet file, and a video file a camera."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.lerobot import FALLBACK_RATE, ListedEpisode, Rows, Video
from training_manager_ros.datasets.lerobot_info import LeRobotInfo, fill_template
from training_manager_ros.datasets.lerobot_v3_index import Clip, EpisodeV3, file_numbers
from training_manager_ros.datasets.listing import FileEntry, Listing
from training_manager_ros.datasets.model import VideoFrames
from training_manager_ros.datasets.parquet import Run, episode_runs, parquet_facts
from training_manager_ros.datasets.problem import Problem
from training_manager_ros.datasets.videofacts import (
    VideoFacts,
    frame_times,
    rate_problems,
    video_facts,
)
from training_manager_ros.errors import Unreadable

__all__ = ["LayoutV3"]

_DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
_VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
_TOLERANCE = 1.5e-4  # seconds; what LeRobot's reader accepts, and some for rounding


class LayoutV3:
    """Where v3.0 keeps an episode: a run of rows, and a run of frames a camera."""

    def __init__(
        self,
        episodes: Sequence[EpisodeV3],
        info: LeRobotInfo,
        listing: Listing,
        facts: FactCache,
    ) -> None:
        self._episodes = {episode.id: episode for episode in episodes}
        self._info = info
        self._listing = listing
        self._facts = facts
        self._runs: dict[str, Mapping[int, list[Run]]] = {}  # by file and episode

    @property
    def episodes(self) -> Sequence[ListedEpisode]:
        """All episodes by id."""
        return tuple(self._episodes.values())

    def rows(self, episode: ListedEpisode) -> Rows | None:
        """The rows with the episode's number; by its place where the rows bear no numbers."""
        one = self._episodes[episode.id]
        name = self._find(self._info.data_path, _DATA_PATH, one.chunk, one.file, "")
        if name is None:
            return None
        file = self._listing.files[name]
        runs = self._runs_of(name, file)
        mine = runs.get(one.id)
        if mine:
            problems = (
                (Problem("list-broken", "Its rows are not in one piece; the first is shown."),)
                if mine[1:]
                else ()
            )
            return Rows(file, name, mine[0].first, mine[0].rows, problems)
        if runs or one.first_index is None or one.length is None:
            raise Unreadable(f"{name} has no rows of episode {one.id}.", "file-missing")
        first = one.first_index - self._first_indices[one.chunk, one.file]
        count = max(min(one.length, parquet_facts(self._facts, file).rows - first), 0)
        return Rows(file, name, first, count)

    def video(self, episode: ListedEpisode, camera: str) -> Video | None:
        """The frames from the episode's first timestamp to its last, by number."""
        one = self._episodes[episode.id]
        clip = dict(one.clips).get(camera)
        if clip is None:
            return None
        name = self._find(self._info.video_path, _VIDEO_PATH, clip.chunk, clip.file, camera)
        if name is None:
            return None
        file = self._listing.files[name]
        seen = video_facts(self._facts, file)
        rate = self._info.rate or seen.rate or FALLBACK_RATE
        problems = list(rate_problems(name, seen, rate))
        if problems:
            rate = seen.rate
        if not seen.steady:
            problems.append(
                Problem(
                    "rate-differs",
                    f"The frames of {name} do not follow each other at a steady rate.",
                )
            )
        first = self._frame_at(clip.start, file, seen, rate)
        end = self._frame_at(clip.end, file, seen, rate)
        off = abs(clip.start - first / rate)
        if seen.steady and off > _TOLERANCE:
            problems.append(
                Problem(
                    "video-offset",
                    f"Its video of {camera} starts {off * 1000:.1f} ms off a frame; LeRobot's "
                    "reader refuses more than 0.1 ms.",
                )
            )
        problems += self._overlaps(one.id, camera, clip, rate)
        if end > seen.frames:
            problems.append(
                Problem("video-offset", f"Its video of {camera} goes beyond the end of {name}.")
            )
            end = seen.frames
        count = max(end - first, 0)
        return Video(
            file,
            VideoFrames(Path(file.path), min(first, seen.frames), count, rate),
            count / max(seen.frames, 1),
            tuple(problems),
        )

    def _frame_at(self, time: float, file: FileEntry, seen: VideoFacts, rate: float) -> int:
        """The number of the frame that is shown at a time; a frame beyond the end has one too."""
        if seen.steady or time * rate > seen.frames:
            return round(time * rate)
        if file.path not in self._times:
            self._times[file.path] = frame_times(Path(file.path))
        return bisect_left(self._times[file.path], time - 0.5 / rate)

    @cached_property
    def _times(self) -> dict[str, list[float]]:
        return {}

    def _overlaps(self, number: int, camera: str, clip: Clip, rate: float) -> list[Problem]:
        """A problem for either neighbour in the file that wants some of the same frames."""
        clips = self._clips[camera, clip.chunk, clip.file]
        place = bisect_left(clips, (clip.start, number))
        found = []
        for other in (place - 1, place + 1):
            if 0 <= other < len(clips):
                (_, first), (_, second) = sorted((clips[place], clips[other]))
                before, after = self._clip(first, camera), self._clip(second, camera)
                if after.start < before.end - 0.5 / rate:
                    neighbour = clips[other][1]
                    found.append(
                        Problem(
                            "video-offset",
                            f"Its video of {camera} overlaps that of episode {neighbour}.",
                        )
                    )
        return found

    def _clip(self, number: int, camera: str) -> Clip:
        return dict(self._episodes[number].clips)[camera]

    @cached_property
    def _clips(self) -> Mapping[tuple[str, int, int], list[tuple[float, int]]]:
        """(start, episode) of all clips of a file, in order."""
        found: dict[tuple[str, int, int], list[tuple[float, int]]] = {}
        for episode in self._episodes.values():
            for camera, clip in episode.clips:
                found.setdefault((camera, clip.chunk, clip.file), []).append(
                    (clip.start, episode.id)
                )
        return {key: sorted(clips) for key, clips in found.items()}

    @cached_property
    def _first_indices(self) -> Mapping[tuple[int, int], int]:
        """The first index of a data file's rows."""
        found: dict[tuple[int, int], int] = {}
        for one in self._episodes.values():
            if one.first_index is not None:
                key = (one.chunk, one.file)
                found[key] = min(found.get(key, one.first_index), one.first_index)
        return found

    def _runs_of(self, name: str, file: FileEntry) -> Mapping[int, list[Run]]:
        if name not in self._runs:
            runs: dict[int, list[Run]] = {}
            for run in episode_runs(self._facts, file):
                runs.setdefault(run.episode, []).append(run)
            self._runs[name] = runs
        return self._runs[name]

    def _find(self, template: str, usual: str, chunk: int, file: int, camera: str) -> str | None:
        """The file by its template, by the usual one, or the one with its numbers."""
        values: dict[str, int | str] = {
            "chunk_index": chunk,
            "file_index": file,
            "video_key": camera,
        }
        for name in (fill_template(template, values), fill_template(usual, values)):
            if name in self._listing.files:
                return name
        return self._numbered.get((camera, chunk, file))

    @cached_property
    def _numbered(self) -> Mapping[tuple[str, int, int], str]:
        """Data files ("" for the camera) and videos by the numbers in their names."""
        found: dict[tuple[str, int, int], str] = {}
        cameras = [camera.name for camera in self._info.cameras]
        for name in sorted(self._listing.files):
            if name.startswith("data/") and name.endswith(".parquet"):
                found.setdefault(("", *file_numbers(name)), name)
            for camera in cameras:
                if name.endswith(".mp4") and f"/{camera}/" in name:
                    found.setdefault((camera, *file_numbers(name)), name)
        return found
