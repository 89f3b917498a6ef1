"""Whether the counts, splits and task numbers in a LeRobot dataset's metadata hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.check.finding import Finding
from training_manager_ros.datasets.jsonfile import quoted, read_json_lines, to_int
from training_manager_ros.datasets.listing import Listing, some
from training_manager_ros.datasets.parquet import open_parquet
from training_manager_ros.errors import Unreadable

__all__ = ["TasksCheck", "check_counts", "check_splits"]

_SPAN = re.compile(r"([0-9]{1,9}):([0-9]{1,9})")
_BY_HAND = "Correct it in meta/info.json, or make a cleaned copy."


def check_splits(value: Mapping[str, Any], episodes: int) -> Iterator[Finding]:
    """The splits in info.json (`value`) of a dataset with so many episodes."""
    splits = value.get("splits")
    if splits is None:
        return  # readers take all episodes then
    for name, span in splits.items() if isinstance(splits, dict) else [("", None)]:
        match = _SPAN.fullmatch(span) if isinstance(span, str) else None
        start, stop = (int(match[1]), int(match[2])) if match else (1, 0)
        if start > stop or stop > episodes:
            yield Finding(
                "warning", "splits-wrong", None, None,
                f"The split {quoted(name)} in meta/info.json is {quoted(span)}, but there are "
                f"{episodes} episodes. Who trains on a split fails, or gets other episodes than "
                "are meant.", _BY_HAND,
            )  # fmt: skip


def check_counts(value: Mapping[str, Any], listing: Listing, episodes: int) -> Iterator[Finding]:
    """The totals that only v2.x keeps: of videos, and of folders of episodes."""
    right = {
        "total_videos": sum(name.endswith(".mp4") for name in listing.files),
        "total_chunks": -(-episodes // (to_int(value.get("chunks_size")) or 1000)),
    }
    for key, count in right.items():
        if key in value and to_int(value[key]) != count:
            yield Finding(
                "note", "count-differs", None, None,
                f"{key} in meta/info.json is {quoted(value[key])}, but there are {count}. "
                "Readers hardly use it.", _BY_HAND,
            )  # fmt: skip


class TasksCheck:
    """Whether rows name tasks that are in the list of tasks."""

    def __init__(self, listing: Listing) -> None:
        self._known: Collection[int] | None = None  # None: there is no list that can be read
        self._problem = ""
        self._unknown: dict[int, list[int]] = {}  # by task, the episodes
        for name in ("meta/tasks.parquet", "meta/tasks.jsonl"):
            if name in listing.files:
                try:
                    self._known = _task_numbers(Path(listing.files[name].path))
                except (Unreadable, OSError) as error:
                    self._problem = f"{name}: {error}"

    def add(self, episode: int, tasks: Collection[int]) -> None:
        """The numbers that an episode's rows bear."""
        if self._known is not None:
            for task in tasks:
                if task not in self._known:
                    self._unknown.setdefault(task, []).append(episode)

    def findings(self) -> Iterator[Finding]:
        """What was gathered."""
        if self._problem:
            yield Finding(
                "error", "metadata-broken", None, None,
                f"{self._problem} LeRobot does not open the dataset without.",
                "Copy the file again from where it came, or repair it by hand.",
            )  # fmt: skip
        for task, episodes in self._unknown.items():
            yield Finding(
                "error", "task-unknown", None, None,
                f"Rows of episodes {some(map(str, episodes))} have the task_index {task}, which is "
                "not in the list of tasks. LeRobot fails at them.",
                "Add the task to the list, or correct task_index.",
            )  # fmt: skip


def _task_numbers(path: Path) -> Collection[int]:
    """The numbers of the tasks in a list. Raises `Unreadable`, and `OSError`."""
    if path.suffix == ".parquet":
        with open_parquet(path) as table:
            return range(table.metadata.num_rows)  # LeRobot looks them up by position
    lines, _ = read_json_lines(path)
    numbers = (to_int(line.get("task_index"), i) for i, line in enumerate(lines))
    return {number for number in numbers if number is not None}
