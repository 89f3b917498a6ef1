"""What LeRobot's own reader needs beyond the episodes: metadata files, paths, counting columns."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training_manager_ros.datasets.check.finding import Finding
from training_manager_ros.datasets.check.lerobot_counts import (
    TasksCheck,
    check_counts,
    check_splits,
)
from training_manager_ros.datasets.check.stats import StatsCheck
from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.jsonfile import quoted, read_json, to_int
from training_manager_ros.datasets.lerobot_info import LeRobotInfo, fill_template, lerobot_info
from training_manager_ros.datasets.lerobot_v3_index import file_numbers
from training_manager_ros.datasets.listing import FileEntry, Listing, scan, shown, some
from training_manager_ros.datasets.model import Dataset, DatasetFormat, Episode, Signal
from training_manager_ros.datasets.parquet import episode_runs, parquet_facts, read_numbers
from training_manager_ros.errors import Unreadable

__all__ = ["LeRobotCheck"]

_COUNTING = ("timestamp", "frame_index", "episode_index", "index", "task_index")
_NEEDED = {
    DatasetFormat.LEROBOT_V20: ("meta/episodes.jsonl", "meta/tasks.jsonl", "meta/stats.json"),
    DatasetFormat.LEROBOT_V21: (
        "meta/episodes.jsonl",
        "meta/tasks.jsonl",
        "meta/episodes_stats.jsonl",
    ),
    DatasetFormat.LEROBOT_V30: ("meta/tasks.parquet", "meta/stats.json"),
}
_MAKE_AGAIN = "Make a cleaned copy, which writes it anew."


class LeRobotCheck:
    """The checks of a LeRobot dataset that are not those of every dataset."""

    def __init__(self, dataset: Dataset, facts: FactCache) -> None:
        self._dataset = dataset
        self._facts = facts
        root = dataset.root
        self._listing: Listing = scan(str(root / "data"), os.path.realpath(root.parent))
        self._value: Mapping[str, Any] = {}
        if "meta/info.json" in self._listing.files:
            with suppress(Unreadable):  # opening the dataset has said so
                self._value = read_json(self._listing.files["meta/info.json"].path)
        self.info: LeRobotInfo = lerobot_info(self._value)
        self._stats = StatsCheck(self._listing, self.info)
        self._tasks = TasksCheck(self._listing)
        self._rows: int | None = 0  # of the episodes so far; None: one could not be read
        self._before: int | None = 0
        self._narrow: set[str] = set()
        self._miscounted: list[int] = []

    def structure(self) -> Iterator[Finding]:
        """Findings about the metadata."""
        missing = [
            name
            for name in _NEEDED[self._dataset.summary.format]
            if name not in self._listing.files
        ]
        if missing:
            yield Finding(
                "error", "metadata-missing", None, None,
                f"{some(missing)} {'is' if len(missing) == 1 else 'are'} missing. LeRobot does not "
                "open the dataset without.", _MAKE_AGAIN,
            )  # fmt: skip
        if not self._value:
            return
        if not to_int(self._value.get("chunks_size")):
            yield Finding(
                "error", "metadata-broken", None, None,
                f"chunks_size in meta/info.json is {quoted(self._value.get('chunks_size'))}; it "
                "must be a whole number above 0. LeRobot finds no file without.",
                "Write 1000 there, if the dataset has no more episodes.",
            )  # fmt: skip
        yield from self._paths()
        episodes = len(self._dataset.episode_ids)
        yield from check_splits(self._value, episodes)
        if self._dataset.summary.format is not DatasetFormat.LEROBOT_V30:
            yield from check_counts(self._value, self._listing, episodes)

    def columns(self, episode: Episode) -> Mapping[str, npt.NDArray[np.float64]]:
        """The columns of an episode that count or time its rows, (T,). Raises `Unreadable`."""
        self._before, self._rows = self._rows, None  # until it is read
        file = self._listing.files.get(episode.file.removeprefix("data/"))
        if file is None:
            return {}
        facts = parquet_facts(self._facts, file)
        names = [column.name for column in facts.columns]
        wanted = tuple(
            name for name in _COUNTING if facts.kind(name) == "number" and names.count(name) == 1
        )
        run = self._run(file, episode)
        if run is None:
            return {"timestamp": self._dataset.timestamps(episode.id)}
        found = read_numbers(Path(file.path), *run, wanted)
        return {name: values[:, 0] for name, values in found.items()}

    def numbers(
        self, episode: Episode, columns: Mapping[str, npt.NDArray[np.float64]]
    ) -> Iterator[Finding]:
        """Findings about the columns that count; episodes must come in order."""
        rows = np.arange(episode.frames)
        expected = {
            "frame_index": (rows, "0, 1, 2, …"),
            "episode_index": (np.full(episode.frames, episode.id), str(episode.id)),
        }
        for name, (values, right) in expected.items():
            if name in columns and not np.array_equal(columns[name], values):
                yield Finding(
                    "error", "numbers-wrong", episode.id, None,
                    f"Its column {name} does not hold {right}. LeRobot takes its timesteps for "
                    "others.", _MAKE_AGAIN,
                )  # fmt: skip
        if "task_index" in columns:
            numbers = columns["task_index"]
            self._tasks.add(episode.id, set(numbers[np.isfinite(numbers)].astype(int).tolist()))
        if self._before is None or not episode.frames:
            return
        if "index" in columns and not np.array_equal(columns["index"], self._before + rows):
            self._miscounted.append(episode.id)
        self._rows = self._before + episode.frames

    def values(self, episode: Episode, signals: Sequence[Signal]) -> Iterator[Finding]:
        """Look at an episode's signals; finds those that are not as wide as declared, once."""
        self._stats.add(episode, signals)
        features = self._value.get("features")
        for signal in signals:
            feature = features.get(signal.name) if isinstance(features, dict) else None
            shape = feature.get("shape") if isinstance(feature, dict) else None
            sizes = [to_int(size) or 0 for size in shape] if isinstance(shape, list) else [0]
            width = signal.values.shape[1]
            if all(sizes) and math.prod(sizes) != width and signal.name not in self._narrow:
                self._narrow.add(signal.name)
                yield Finding(
                    "error", "width-undeclared", None, None,
                    f"meta/info.json declares the shape {sizes} for {signal.name}, but it has "
                    f"{width} values a timestep. A policy is built for what is declared.",
                    "Correct the shape in meta/info.json.",
                )  # fmt: skip

    def totals(self) -> Iterator[Finding]:
        """Findings that show only after all episodes."""
        yield from self._stats.findings()
        yield from self._tasks.findings()
        if self._miscounted:
            yield Finding(
                "error", "numbers-wrong", None, None,
                "The column index does not count the timesteps of the whole dataset, from episode "
                f"{self._miscounted[0]} on. LeRobot takes timesteps for others.", _MAKE_AGAIN,
            )  # fmt: skip
        if self._value and self._rows is not None and self.info.total_frames != self._rows:
            yield Finding(
                "error", "count-differs", None, None,
                f"total_frames in meta/info.json is {quoted(self._value.get('total_frames'))}, but "
                f"the episodes have {self._rows} timesteps. Programs that trust it fail "
                "at the end, or leave some out.", "Correct it in meta/info.json.",
            )  # fmt: skip
        if self._value and self.info.total_episodes is None:
            yield Finding(
                "error", "count-differs", None, None,
                "total_episodes in meta/info.json is "
                f"{quoted(self._value.get('total_episodes'))}. LeRobot lists its episodes by it.",
                "Write the number of episodes there.",
            )  # fmt: skip

    def _run(self, file: FileEntry, episode: Episode) -> tuple[int, int] | None:
        """First row and number of rows in the file; None where the rows bear no number."""
        if self._dataset.summary.format is not DatasetFormat.LEROBOT_V30:
            return 0, episode.frames
        runs = episode_runs(self._facts, file)
        return next(((run.first, run.rows) for run in runs if run.episode == episode.id), None)

    def _paths(self) -> Iterator[Finding]:
        names = self._listing.files
        cameras = [camera.name for camera in self.info.cameras if camera.dtype == "video"]
        for key, folder, ending, wanted in (
            ("data_path", "data/", ".parquet", [""]),
            ("video_path", "videos/", ".mp4", cameras),
        ):
            present = {name for name in names if name.startswith(folder) and name.endswith(ending)}
            template = self._value.get(key)
            text = template if isinstance(template, str) else ""
            fits = any(self._leads_to(text, camera, present) & present for camera in wanted)
            if present and wanted and not fits:
                yield Finding(
                    "error", "path-differs", None, None,
                    f"{key} in meta/info.json is {quoted(template)}, but the files lie elsewhere, "
                    f"such as {shown(min(present))}. LeRobot finds none of them.",
                    f"Correct {key} in meta/info.json.",
                )  # fmt: skip

    def _leads_to(self, template: str, camera: str, present: Collection[str]) -> set[str]:
        """The names that a template gives for the episodes, or the numbered files, that are."""
        values: list[dict[str, int | str]]
        if self._dataset.summary.format is DatasetFormat.LEROBOT_V30:
            numbers = {file_numbers(name) for name in present}
            values = [{"chunk_index": chunk, "file_index": file} for chunk, file in numbers]
        else:
            size = self.info.chunk_size
            values = [
                {"episode_chunk": number // size, "episode_index": number}
                for number in self._dataset.episode_ids
            ]
        return {fill_template(template, {**one, "video_key": camera}) for one in values}
