"""LeRobot v3.0: many episodes share a parquet file, and a video file a camera."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import Unreadable
from .facts import FactCache
from .jsonfile import to_int, to_text
from .lerobot import FALLBACK_RATE, ListedEpisode, Rows, Video
from .lerobot_info import LeRobotInfo, fill_template
from .listing import FileEntry, Listing
from .model import VideoFrames
from .mp4 import video_facts
from .parquet import episode_runs, open_parquet, parquet_facts

__all__ = ["LayoutV3", "list_episodes_v3"]

_DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
_VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"


@dataclass(frozen=True)
class _Clip:
    """An episode's part of a video file."""

    chunk: int
    file: int
    start: float  # seconds in the file
    end: float


@dataclass(frozen=True)
class EpisodeV3(ListedEpisode):
    """A row of meta/episodes."""

    chunk: int = 0  # of the data file
    file: int = 0
    first_index: int | None = None  # of its rows in the whole dataset
    clips: tuple[tuple[str, _Clip], ...] = ()  # by camera


def list_episodes_v3(
    listing: Listing, facts: FactCache
) -> tuple[tuple[EpisodeV3, ...], tuple[str, ...]]:
    """The episodes of meta/episodes, and what is wrong with the list.

    Where there is none, the episodes are those that have rows.
    """
    problems: list[str] = []
    episodes: dict[int, EpisodeV3] = {}
    position = 0
    names = _below(listing, "meta/episodes/")
    if not names:
        problems.append("meta/episodes is missing; the episodes are those that have rows.")
    for name in names:
        try:
            rows = facts.recall("lerobot-episodes", listing.files[name], _read_episodes)
        except (Unreadable, OSError) as error:
            problems.append(f"meta/episodes: {error}")
            continue
        for row in rows:
            episode = _episode(position, row)
            if episode.id != position:
                problems.append(
                    f"Row {position} of meta/episodes is episode {episode.id}; LeRobot takes it "
                    f"for episode {position}."
                )
            if episode.id in episodes:
                problems.append(f"meta/episodes lists episode {episode.id} twice.")
            episodes.setdefault(episode.id, episode)
            position += 1
    if not episodes:
        episodes = _from_rows(listing, facts, problems)
    return tuple(episodes[key] for key in sorted(episodes)), tuple(problems)


def _from_rows(listing: Listing, facts: FactCache, problems: list[str]) -> dict[int, EpisodeV3]:
    episodes: dict[int, EpisodeV3] = {}
    for name in _below(listing, "data/"):
        chunk, file = _numbers(name)
        try:
            for run in episode_runs(facts, listing.files[name]):
                episodes.setdefault(run.episode, EpisodeV3(run.episode, run.rows, "", chunk, file))
        except (Unreadable, OSError) as error:
            problems.append(str(error))
    return episodes


def _below(listing: Listing, folder: str) -> list[str]:
    return sorted(
        name for name in listing.files if name.startswith(folder) and name.endswith(".parquet")
    )


def _numbers(name: str) -> tuple[int, int]:
    """The numbers in chunk-000/file-000."""
    digits = ["".join(filter(str.isdigit, part)) for part in name.split("/")[-2:]]
    chunk, file = (int(one) if one else 0 for one in digits)
    return chunk, file


def _read_episodes(path: Path) -> list[dict[str, Any]]:
    with open_parquet(path) as file:
        names = file.schema_arrow.names
        wanted = [
            name
            for name in names
            if not name.startswith(("stats/", "meta/")) and names.count(name) == 1
        ]
        rows: list[dict[str, Any]] = file.read(columns=wanted).to_pylist()
    return [
        {key: value for key, value in row.items() if isinstance(value, (int, float, str, list))}
        for row in rows
    ]


def _episode(position: int, row: Mapping[str, Any]) -> EpisodeV3:
    number = to_int(row.get("episode_index"))
    tasks = row.get("tasks")
    texts = map(to_text, tasks if isinstance(tasks, list) else [tasks])
    clips: list[tuple[str, _Clip]] = []
    for key in row:
        camera = key[len("videos/") : -len("/from_timestamp")]
        if key != f"videos/{camera}/from_timestamp":
            continue
        start, end = row[key], row.get(f"videos/{camera}/to_timestamp")
        chunk = to_int(row.get(f"videos/{camera}/chunk_index"), 0) or 0
        file = to_int(row.get(f"videos/{camera}/file_index"), 0) or 0
        if isinstance(start, (int, float)) and isinstance(end, (int, float)):
            clips.append((camera, _Clip(chunk, file, float(start), float(end))))
    return EpisodeV3(
        id=position if number is None else number,
        length=to_int(row.get("length")),
        task="; ".join(text for text in texts if text),
        chunk=to_int(row.get("data/chunk_index"), 0) or 0,
        file=to_int(row.get("data/file_index"), 0) or 0,
        first_index=to_int(row.get("dataset_from_index")),
        clips=tuple(clips),
    )


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

    @property
    def episodes(self) -> Sequence[ListedEpisode]:
        """All episodes by id."""
        return tuple(self._episodes.values())

    def rows(self, episode: ListedEpisode) -> Rows | None:
        """The rows with the episode's number; by its place where the rows bear no numbers."""
        one = self._episodes[episode.id]
        values: dict[str, int | str] = {"chunk_index": one.chunk, "file_index": one.file}
        name = self._find(self._info.data_path, _DATA_PATH, values)
        if name is None:
            return None
        file = self._listing.files[name]
        runs = episode_runs(self._facts, file)
        mine = [run for run in runs if run.episode == one.id]
        if mine:
            problems = ("Its rows are not in one piece; the first is shown.",) if mine[1:] else ()
            return Rows(file, name, mine[0].first, mine[0].rows, problems)
        if runs or one.first_index is None or one.length is None:
            raise Unreadable(f"{name} has no rows of episode {one.id}.")
        begin = min(
            other.first_index
            for other in self._episodes.values()
            if (other.chunk, other.file) == (one.chunk, one.file) and other.first_index is not None
        )
        first = one.first_index - begin
        count = max(min(one.length, parquet_facts(self._facts, file).rows - first), 0)
        return Rows(file, name, first, count)

    def video(self, episode: ListedEpisode, camera: str) -> Video | None:
        """The frames from the episode's first timestamp to its last, by number."""
        one = self._episodes[episode.id]
        clip = dict(one.clips).get(camera)
        if clip is None:
            return None
        values: dict[str, int | str] = {
            "chunk_index": clip.chunk,
            "file_index": clip.file,
            "video_key": camera,
        }
        name = self._find(self._info.video_path, _VIDEO_PATH, values)
        if name is None:
            return None
        file: FileEntry = self._listing.files[name]
        seen = video_facts(self._facts, file)
        rate = self._info.rate or seen.rate or FALLBACK_RATE
        problems: list[str] = []
        if seen.rate and abs(seen.rate - rate) > 0.01 * rate:
            problems.append(f"{name} has {seen.rate:.4g} frames a second, but fps is {rate:.4g}.")
            rate = seen.rate
        first, count = round(clip.start * rate), round((clip.end - clip.start) * rate)
        if abs(clip.start * rate - first) > 0.1:
            problems.append(f"Its video of {camera} does not start on a frame.")
        for other, before in self._neighbours[camera, clip.chunk, clip.file]:
            if other != one.id and before.start < clip.start < before.end - 0.5 / rate:
                problems.append(f"Its video of {camera} overlaps that of episode {other}.")
        if first + count > seen.frames:
            problems.append(f"Its video of {camera} goes beyond the end of {name}.")
            count = max(seen.frames - first, 0)
        return Video(
            file,
            VideoFrames(Path(file.path), first, count, rate),
            count / max(seen.frames, 1),
            tuple(problems),
        )

    @cached_property
    def _neighbours(self) -> Mapping[tuple[str, int, int], list[tuple[int, _Clip]]]:
        found: dict[tuple[str, int, int], list[tuple[int, _Clip]]] = {}
        for episode in self._episodes.values():
            for camera, clip in episode.clips:
                found.setdefault((camera, clip.chunk, clip.file), []).append((episode.id, clip))
        return found

    def _find(self, template: str, usual: str, values: Mapping[str, int | str]) -> str | None:
        names = (fill_template(template, values), fill_template(usual, values))
        return next((name for name in names if name in self._listing.files), None)
