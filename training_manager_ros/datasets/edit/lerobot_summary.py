"""Which statistics a LeRobot dataset gets: from its rows, or from those of its episodes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training_manager_ros.datasets.edit.lerobot_parts import Taken, data_path, source_of
from training_manager_ros.datasets.edit.lerobot_stats import Measured, WriteStats, combined, of_rows
from training_manager_ros.datasets.edit.lerobot_tables import counting_stats
from training_manager_ros.datasets.edit.parts import Part
from training_manager_ros.datasets.edit.plan import PlanProblem
from training_manager_ros.datasets.jsonfile import read_json, read_json_lines, to_int
from training_manager_ros.datasets.parquet import parquet_facts, read_numbers
from training_manager_ros.errors import Unreadable

__all__ = [
    "EpisodeStats",
    "dataset_stats",
    "episode_stats",
    "listed_stats",
    "measured_stats",
    "rough_cameras",
    "stats_step",
    "with_numbers",
]

EpisodeStats = dict[str, dict[str, Any]]  # by feature and "min", "max", "mean", "std", "count", …


def dataset_stats(part: Part) -> EpisodeStats:
    """A source's meta/stats.json with the cameras' new names; {} where none can be read."""
    path = data_path(part) / "meta/stats.json"
    try:
        return _renamed(read_json(path), part) if path.is_file() else {}
    except Unreadable:
        return {}  # they are computed anew


def listed_stats(part: Part) -> dict[int, EpisodeStats]:
    """The statistics of episodes in meta/episodes_stats.jsonl, with the cameras' new names."""
    path = data_path(part) / "meta/episodes_stats.jsonl"
    if not path.is_file():
        return {}
    lines, _ = read_json_lines(path)
    found: dict[int, EpisodeStats] = {}
    for position, line in enumerate(lines):
        number = to_int(line.get("episode_index"))
        stats = line.get("stats")
        if isinstance(stats, dict):
            found.setdefault(position if number is None else number, _renamed(stats, part))
    return found


def episode_stats(
    old: EpisodeStats, one: Taken, tasks: tuple[tuple[int, int], ...], slower: float
) -> EpisodeStats:
    """An episode's statistics after its numbers have changed; only what it has already."""
    new = dict(old)
    count = one.rows.count
    if "episode_index" in old:
        new["episode_index"] = counting_stats(one.new_id, 0, count, old["episode_index"])
    if "index" in old:
        new["index"] = counting_stats(one.index, 1, count, old["index"])
    if "task_index" in old and tasks:
        path = Path(one.rows.file.path)
        column = read_numbers(path, one.rows.first, count, ("task_index",)).get("task_index")
        if column is not None:
            change = dict(tasks)
            values = np.array([[change.get(int(task), int(task))] for (task,) in column])
            found = of_rows(values, list(old["task_index"]))
            new["task_index"] = {key: value.tolist() for key, value in found.items()}
    if "timestamp" in old and slower != 1:
        new["timestamp"] = {
            key: value if key == "count" else (np.asarray(value) * slower).tolist()
            for key, value in old["timestamp"].items()
        }
    return new


def measured_stats(part: Part, one: Taken, like: EpisodeStats) -> EpisodeStats:
    """An episode's statistics from its rows, for sources that only have those of all episodes.

    Cameras get those of the whole source: their pictures are not looked at.
    """
    source = source_of(part)
    path, rows = Path(one.rows.file.path), one.rows
    known = parquet_facts(source.facts, rows.file)
    numbers = tuple(name for name in like if known.kind(name) == "number")
    values = read_numbers(path, rows.first, rows.count, numbers)
    keys = ("min", "max", "mean", "std", "count")
    found: EpisodeStats = {}
    for name, stats in like.items():
        if name in values:
            measured = of_rows(values[name], keys)
            found[name] = {key: value.tolist() for key, value in measured.items()}
        elif known.kind(name) in ("", "image"):
            found[name] = {**stats, "count": [rows.count]}
    return found


def rough_cameras(part: Part, stats: EpisodeStats, cameras: Sequence[str]) -> list[PlanProblem]:
    """A note where a source's cameras have statistics of all its episodes together alone."""
    return [
        PlanProblem(
            f"{part.skill} has no statistics of {name} for each episode; those of all its episodes "
            "stand for each.",
            "Compute them anew before training if that matters.",
        )
        for name in cameras
        if name in stats
    ]


def stats_step(
    base: EpisodeStats,
    cameras: Sequence[str],
    episodes: Sequence[EpisodeStats],
    rows: Sequence[str],
) -> tuple[WriteStats, list[PlanProblem]]:
    """meta/stats.json of a result with the features and keys of `base`.

    What the staged `rows` tell is measured; cameras have the statistics of their episodes.
    """
    given: dict[str, Any] = {}
    measured: list[Measured] = []
    problems: list[PlanProblem] = []
    for name, stats in base.items():
        if name not in cameras:
            given[name] = None
            shape = np.asarray(stats.get("mean", stats.get("min", [0]))).shape
            measured.append(Measured(name, tuple(stats), shape))
            continue
        parts = [one[name] for one in episodes if _complete(one.get(name))]
        if parts and len(parts) == len(episodes):
            found = combined(parts)
            given[name] = {key: found[key].tolist() for key in stats if key in found}
        else:
            given[name] = stats
            problems.append(
                PlanProblem(
                    f"Not every episode has statistics of {name}; those of the first source stay.",
                    "Compute them anew before training if that matters.",
                )
            )
    text = json.dumps(given)
    size = max(len(text), 2 * len(json.dumps(base)))
    target = "data/meta/stats.json"
    return WriteStats(target, tuple(rows), tuple(measured), text, size), problems


def with_numbers(base: EpisodeStats, features: Mapping[str, Any]) -> EpisodeStats:
    """`base` with each feature of numbers that it lacks, for `stats_step` to measure.

    One is lacking, too, whose statistics have not a value for each of its own.
    """
    whole = dict(base)
    for name, one in features.items():
        known = np.asarray(base.get(name, {}).get("mean", ""))
        shape = [to_int(size) or 0 for size in one.get("shape") or ()]
        lacks = known.dtype.kind not in "iuf" or (len(shape) == 1 and [known.size] != shape)
        if str(one.get("dtype")).startswith(("float", "int")) and lacks:
            whole[name] = dict.fromkeys(("min", "max", "mean", "std"), np.zeros(shape).tolist())
            whole[name]["count"] = [0]
    return whole


def _complete(stats: object) -> bool:
    keys = ("min", "max", "mean", "std", "count")
    return isinstance(stats, Mapping) and all(stats.get(key) is not None for key in keys)


def _renamed(stats: Mapping[str, Any], part: Part) -> EpisodeStats:
    return {
        part.renamed(name): dict(value) for name, value in stats.items() if isinstance(value, dict)
    }
