"""meta/episodes: the list of episodes of a LeRobot v3.0 dataset, and where each begins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.jsonfile import to_int, to_number, to_text
from training_manager_ros.datasets.lerobot import ListedEpisode
from training_manager_ros.datasets.listing import Listing
from training_manager_ros.datasets.parquet import episode_runs, open_parquet
from training_manager_ros.datasets.problem import Problem, problem_of
from training_manager_ros.errors import Unreadable

__all__ = ["Clip", "EpisodeV3", "file_numbers", "list_episodes_v3"]

_NUMBERS = re.compile(r"([0-9]{1,9})/[^/]*?([0-9]{1,9})\.[a-z0-9]+$")
_CLIP = re.compile(r"videos/(.+)/from_timestamp")


@dataclass(frozen=True)
class Clip:
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
    clips: tuple[tuple[str, Clip], ...] = ()  # by camera


def list_episodes_v3(
    listing: Listing, facts: FactCache
) -> tuple[tuple[EpisodeV3, ...], tuple[Problem, ...]]:
    """The episodes of meta/episodes, by id, and what is wrong with the list.

    Where there is none that can be read, the episodes are those that have rows.
    """
    problems: list[Problem] = []
    episodes: dict[int, EpisodeV3] = {}
    position = 0
    names = _below(listing, "meta/episodes/")
    for name in names:
        try:
            rows = facts.recall("lerobot-episodes", listing.files[name], _read_rows)
        except Unreadable as error:
            problems.append(problem_of(error, "meta/episodes: "))
            continue
        for row in rows:
            episode = _episode(position, row)
            if episode.id in episodes:
                problems.append(
                    Problem("list-broken", f"meta/episodes lists episode {episode.id} twice.")
                )
            elif episode.id != position:
                problems.append(
                    Problem(
                        "list-broken",
                        f"Row {position} of meta/episodes is episode {episode.id}; LeRobot takes "
                        f"it for episode {position}.",
                    )
                )
            episodes.setdefault(episode.id, episode)
            position += 1
    if not episodes:
        problems.append(
            Problem(
                "list-broken", "meta/episodes lists no episode; those that have rows are shown."
            )
        )
        episodes = _from_rows(listing, facts, problems)
    return tuple(episodes[key] for key in sorted(episodes)), tuple(problems)


def file_numbers(name: str) -> tuple[int, int]:
    """The numbers in …/chunk-000/file-000.parquet."""
    match = _NUMBERS.search(name)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _from_rows(listing: Listing, facts: FactCache, problems: list[Problem]) -> dict[int, EpisodeV3]:
    episodes: dict[int, EpisodeV3] = {}
    for name in _below(listing, "data/"):
        try:
            for run in episode_runs(facts, listing.files[name]):
                found = EpisodeV3(run.episode, run.rows, "", *file_numbers(name))
                episodes.setdefault(run.episode, found)
        except Unreadable as error:
            problems.append(problem_of(error))
    return episodes


def _below(listing: Listing, folder: str) -> list[str]:
    return sorted(
        name for name in listing.files if name.startswith(folder) and name.endswith(".parquet")
    )


def _read_rows(path: Path) -> list[dict[str, Any]]:
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
    clips: list[tuple[str, Clip]] = []
    for match in filter(None, map(_CLIP.fullmatch, row)):
        base = f"videos/{match[1]}"
        start, end = _time(row[f"{base}/from_timestamp"]), _time(row.get(f"{base}/to_timestamp"))
        if start is None or end is None:
            continue
        chunk, file = to_int(row.get(f"{base}/chunk_index")), to_int(row.get(f"{base}/file_index"))
        clips.append((match[1], Clip(chunk or 0, file or 0, start, end)))
    return EpisodeV3(
        id=position if number is None else number,
        length=to_int(row.get("length")),
        task="; ".join(text for text in texts if text),
        chunk=to_int(row.get("data/chunk_index")) or 0,
        file=to_int(row.get("data/file_index")) or 0,
        first_index=to_int(row.get("dataset_from_index")),
        clips=tuple(clips),
    )


def _time(value: object) -> float | None:
    time = to_number(value, -1.0)
    return time if 0 <= time < 1e9 else None
