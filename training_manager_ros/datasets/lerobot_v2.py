"""LeRobot v2.0 and v2.1: a parquet file an episode, and an MP4 an episode and camera."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.jsonfile import read_json_lines, to_int, to_text
from training_manager_ros.datasets.lerobot import FALLBACK_RATE, ListedEpisode, Rows, Video
from training_manager_ros.datasets.lerobot_info import LeRobotInfo, fill_template
from training_manager_ros.datasets.listing import FileEntry, Listing, some
from training_manager_ros.datasets.model import VideoFrames
from training_manager_ros.datasets.parquet import parquet_facts
from training_manager_ros.datasets.problem import Problem
from training_manager_ros.datasets.videofacts import rate_problems, video_facts

__all__ = ["LayoutV2", "list_episodes_v2"]

_DATA_PATH = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
_VIDEO_PATH = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
_NUMBERED = re.compile(r"episode_(\d{1,9})\.(parquet|mp4)$")


def list_episodes_v2(listing: Listing) -> tuple[tuple[ListedEpisode, ...], tuple[Problem, ...]]:
    """The episodes of meta/episodes.jsonl, by id, and what is wrong with the list.

    Where the list is missing, the numbered files are the list.
    """
    problems: list[Problem] = []
    found = [match for match in map(_NUMBERED.search, listing.files) if match]
    numbers = {int(match[1]) for match in found if match[2] == "parquet"}
    listed: dict[int, ListedEpisode] = {}
    file = listing.files.get("meta/episodes.jsonl")
    if file is None:
        problems.append(
            Problem(
                "file-missing",
                "meta/episodes.jsonl is missing; the episodes are those that have files.",
            )
        )
        numbers = numbers or {int(match[1]) for match in found}
        listed = {number: ListedEpisode(number, None, "") for number in numbers}
    else:
        lines, broken = read_json_lines(file.path)
        problems += broken
        for position, line in enumerate(lines):
            episode = _listed(position, line)
            if episode.id in listed:
                problems.append(
                    Problem("list-broken", f"meta/episodes.jsonl lists episode {episode.id} twice.")
                )
            listed.setdefault(episode.id, episode)
        if not numbers and listed:
            problems.append(Problem("file-missing", "There is no parquet file."))
        elif missing := sorted(listed.keys() - numbers):
            names = [f"episode_{number:06d}.parquet" for number in missing]
            problems.append(
                Problem("file-missing", f"Files of listed episodes are missing: {some(names)}.")
            )
        if extra := sorted(numbers - listed.keys()):
            names = [f"episode_{number:06d}.parquet" for number in extra]
            problems.append(
                Problem("file-unlisted", f"Files are not in the list of episodes: {some(names)}.")
            )
    return tuple(listed[key] for key in sorted(listed)), tuple(problems)


def _listed(position: int, line: Mapping[str, Any]) -> ListedEpisode:
    number = to_int(line.get("episode_index"))
    tasks = line.get("tasks")
    texts = tasks if isinstance(tasks, list) else [tasks]
    task = "; ".join(text for text in map(to_text, texts) if text)
    return ListedEpisode(position if number is None else number, to_int(line.get("length")), task)


class LayoutV2:
    """Where v2.0 and v2.1 keep an episode; files that do not lie where they should are searched."""

    def __init__(
        self,
        episodes: Sequence[ListedEpisode],
        info: LeRobotInfo,
        listing: Listing,
        facts: FactCache,
    ) -> None:
        self.episodes = episodes
        self._info = info
        self._listing = listing
        self._facts = facts
        self._numbered: dict[tuple[int, str], list[str]] = {}
        for name in sorted(listing.files):
            match = _NUMBERED.search(name)
            if match:
                self._numbered.setdefault((int(match[1]), match[2]), []).append(name)

    def rows(self, episode: ListedEpisode) -> Rows | None:
        """All rows of the episode's own file."""
        name = self._find(self._info.data_path or _DATA_PATH, episode.id, "parquet", "")
        if name is None:
            return None
        file = self._listing.files[name]
        return Rows(file, name, 0, parquet_facts(self._facts, file).rows)

    def video(self, episode: ListedEpisode, camera: str) -> Video | None:
        """All frames of the episode's own file."""
        name = self._find(self._info.video_path or _VIDEO_PATH, episode.id, "mp4", camera)
        if name is None:
            return None
        file: FileEntry = self._listing.files[name]
        seen = video_facts(self._facts, file)
        rate = self._info.rate or seen.rate or FALLBACK_RATE
        frames = VideoFrames(Path(file.path), 0, seen.frames, rate)
        return Video(file, frames, 1.0, rate_problems(name, seen, self._info.rate))

    def _find(self, template: str, number: int, ending: str, camera: str) -> str | None:
        values: dict[str, int | str] = {
            "episode_chunk": number // self._info.chunk_size,
            "episode_index": number,
            "video_key": camera,
        }
        name = fill_template(template, values)
        if name in self._listing.files:
            return name
        candidates = self._numbered.get((number, ending), [])
        return next((one for one in candidates if not camera or f"/{camera}/" in f"/{one}"), None)
