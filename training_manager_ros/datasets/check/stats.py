"""Whether a LeRobot dataset's statistics are those of its rows: training normalises by them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training_manager_ros.datasets.check.finding import Finding
from training_manager_ros.datasets.jsonfile import read_json, read_json_lines, to_int
from training_manager_ros.datasets.lerobot_info import LeRobotInfo
from training_manager_ros.datasets.listing import Listing, some
from training_manager_ros.datasets.model import Episode, Signal
from training_manager_ros.datasets.parquet import open_parquet
from training_manager_ros.errors import Unreadable

__all__ = ["StatsCheck"]

_ALL = "meta/stats.json"
_EACH = "meta/episodes_stats.jsonl"
_TABLES = "meta/episodes"
_NORMALISED = "A policy is normalised by the wrong numbers."
_GATHERED = "LeRobot's tools compute those of a dataset without or with more episodes from them."
_AGAIN = "Make a cleaned copy, which computes them anew."
_BY_HAND = "Compute them anew before training; a cleaned copy does not."
# Of a value's spread; writers differ in how they round, and in the divisor of std.
_OFF = {"min": 1e-3, "max": 1e-3, "mean": 1e-2, "std": 2e-2}
_BATCH = 256  # episodes in memory at a time
_QUANTILE = re.compile(r"q\d\d")

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Seen:
    """Statistics of rows (N, D) by column, as they are."""

    count: int
    low: Numbers
    high: Numbers
    mean: Numbers
    spread: Numbers  # sum of squared distances from the mean

    def of(self, key: str) -> Numbers:
        if key == "std":
            return np.asarray(np.sqrt(self.spread / self.count))
        return {"min": self.low, "max": self.high, "mean": self.mean}[key]

    def folded(self, width: int) -> _Seen:
        """As if every `width` values in a row were a row: so LeRobot sees a matrix's rows."""
        if width == self.low.size or self.low.size % width:
            return self
        values = (self.low, self.high, self.mean, self.spread)
        lines = zip(*(one.reshape(-1, width) for one in values), strict=True)
        first, *others = (_Seen(self.count, *line) for line in lines)
        return sum(others, first)

    def __add__(self, other: _Seen) -> _Seen:
        count = self.count + other.count
        step = other.mean - self.mean
        return _Seen(
            count,
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
            self.mean + step * other.count / count,
            self.spread + other.spread + step**2 * self.count * other.count / count,
        )


class StatsCheck:
    """Gathers what the rows hold, and in the end compares it with what is listed."""

    def __init__(self, listing: Listing, info: LeRobotInfo) -> None:
        self._listing = listing
        self._features = [
            one.name for one in info.features if one.dtype.startswith(("float", "int"))
        ]
        self._seen: dict[str, _Seen | None] = {}  # None: not the same width all through
        self._each: dict[int, dict[str, _Seen]] = {}

    def add(self, episode: Episode, signals: Sequence[Signal]) -> None:
        """Look at the rows of an episode."""
        for signal in signals:
            if not len(signal.values) or signal.name not in self._features:
                continue
            seen = _measured(signal.values)
            before = self._seen.get(signal.name, seen)
            self._each.setdefault(episode.id, {})[signal.name] = seen
            if signal.name not in self._seen:
                self._seen[signal.name] = seen
            elif before is not None:
                same = before.mean.shape == seen.mean.shape
                self._seen[signal.name] = before + seen if same else None

    def findings(self) -> Iterator[Finding]:
        """What is wrong with the lists of statistics that there are."""
        if _ALL in self._listing.files:
            yield from self._compare_all()
        if _EACH in self._listing.files:
            yield from self._compare_lines()
        yield from self._compare_each(self._tables(), _TABLES, _GATHERED)

    def _compare_all(self) -> Iterator[Finding]:
        try:
            listed = read_json(self._listing.files[_ALL].path)
        except Unreadable as error:
            yield Finding(
                "error", "metadata-broken", None, None,
                f"meta/{error} LeRobot does not open the dataset without.", _AGAIN,
            )  # fmt: skip
            return
        for name, seen in self._seen.items():
            if seen is None:
                continue
            stats = listed.get(name)
            if not isinstance(stats, Mapping):
                yield Finding(
                    "warning", "stats-missing", None, None,
                    f"{_ALL} has no statistics of {name}. A policy that learns from it can't be "
                    "normalised.", _AGAIN,
                )  # fmt: skip
                continue
            yield from _spoiled(name, stats, _ALL, None, _AGAIN)
            wrong = _wrong(stats, seen)
            if wrong:
                yield _differs(name, wrong, _ALL, "", _NORMALISED, _AGAIN)
        for name, stats in listed.items():
            if name not in self._seen and isinstance(stats, Mapping):
                yield from _spoiled(name, stats, _ALL, None, _BY_HAND)  # of pictures

    def _compare_lines(self) -> Iterator[Finding]:
        try:
            lines, _ = read_json_lines(self._listing.files[_EACH].path)
        except Unreadable as error:
            yield Finding(
                "error", "metadata-broken", None, None,
                f"meta/{error} LeRobot does not open the dataset without.", _BY_HAND,
            )  # fmt: skip
            return
        listed: dict[int, Mapping[str, Any]] = {}
        for position, line in enumerate(lines):
            number, stats = to_int(line.get("episode_index"), position), line.get("stats")
            if number is not None and isinstance(stats, Mapping) and stats:
                listed[number] = stats
        yield from self._compare_each(listed.items(), _EACH, _NORMALISED)
        missing = sorted(self._each.keys() - listed.keys())
        if missing:
            yield Finding(
                "error", "stats-missing", None, None,
                f"{_EACH} has no statistics of episodes {some(map(str, missing))}. LeRobot fails "
                "at them.", _BY_HAND,
            )  # fmt: skip

    def _tables(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """The statistics of each episode in v3.0's list of episodes."""
        position = 0
        for name in sorted(self._listing.files):
            if name.startswith(f"{_TABLES}/") and name.endswith(".parquet"):
                with suppress(Unreadable):  # opening the dataset has said so
                    for number, stats in _read_stats(Path(self._listing.files[name].path)):
                        yield position if number is None else number, stats
                        position += 1

    def _compare_each(
        self, listed: Iterable[tuple[int, Mapping[str, Any]]], file: str, harm: str
    ) -> Iterator[Finding]:
        differing: dict[str, dict[str, list[int]]] = {}
        for number, stats in listed:
            for name, found in stats.items():
                if not isinstance(found, Mapping):
                    continue
                yield from _spoiled(name, found, file, number, _BY_HAND)
                seen = self._each.get(number, {}).get(name)
                for key in _wrong(found, seen) if seen is not None else ():
                    differing.setdefault(name, {}).setdefault(key, []).append(number)
        for name, keys in differing.items():
            episodes = sorted({one for numbers in keys.values() for one in numbers})
            where = f" in episodes {some(map(str, episodes))}"
            yield _differs(name, list(keys), file, where, harm, _BY_HAND)


def _read_stats(path: Path) -> Iterator[tuple[int | None, dict[str, dict[str, Any]]]]:
    """The episode in each row, and its statistics by feature and key. Raises `Unreadable`."""
    with open_parquet(path) as file:
        names = file.schema_arrow.names
        wanted = [
            name
            for name in names
            if name == "episode_index" or (name.startswith("stats/") and names.count(name) == 1)
        ]
        for batch in file.iter_batches(_BATCH, columns=wanted):
            for row in batch.to_pylist():
                number = to_int(row.pop("episode_index", None))
                stats: dict[str, dict[str, Any]] = {}
                for name, value in row.items():
                    feature, _, key = name.removeprefix("stats/").rpartition("/")
                    if value is not None:
                        stats.setdefault(feature, {})[key] = value
                yield number, stats


def _measured(values: Numbers) -> _Seen:
    with np.errstate(invalid="ignore"):  # what is not finite is a finding of its own
        mean = values.mean(axis=0)
        spread = np.asarray(((values - mean) ** 2).sum(axis=0))
    return _Seen(len(values), values.min(axis=0), values.max(axis=0), mean, spread)


def _wrong(stats: Mapping[str, Any], seen: _Seen) -> list[str]:
    """The keys of statistics that are not those of the rows."""
    wrong = []
    for key, value in stats.items():
        told = _numbers(value)
        if told is None or not (np.isfinite(told).all() and np.isfinite(seen.mean).all()):
            continue  # that is a finding of its own
        if key == "count":
            fits = told.reshape(-1).tolist() == [seen.count]
        elif key in _OFF or _QUANTILE.fullmatch(key):
            fits = _fits(key, told.reshape(-1), seen.folded(told.size))
        else:
            continue
        if not fits:
            wrong.append(key)
    return wrong


def _fits(key: str, told: Numbers, seen: _Seen) -> bool:
    if told.size != seen.low.size:
        return False
    scale = np.maximum(seen.high - seen.low, seen.of("std"))
    scale = scale + 1e-3 * np.maximum(np.abs(seen.low), np.abs(seen.high)) + 1e-6
    if key not in _OFF:  # writers differ in how they estimate quantiles
        low, high = seen.low - _OFF["min"] * scale, seen.high + _OFF["max"] * scale
        return bool(((low <= told) & (told <= high)).all())
    return bool((np.abs(told - seen.of(key)) <= _OFF[key] * scale).all())


def _spoiled(
    name: str, stats: Mapping[str, Any], file: str, episode: int | None, remedy: str
) -> Iterator[Finding]:
    """A finding for statistics that are no finite numbers."""
    bad = [
        key
        for key in stats
        if (key in _OFF or _QUANTILE.fullmatch(key))
        and ((found := _numbers(stats[key])) is None or not np.isfinite(found).all())
    ]
    if bad:
        yield Finding(
            "error", "stats-not-finite", episode, None,
            f"{some(bad)} of {name} in {file} {'is' if len(bad) == 1 else 'are'} NaN, infinite or "
            "no number. Everything that is normalised by them becomes NaN, too.", remedy,
        )  # fmt: skip


def _differs(
    name: str, keys: Sequence[str], file: str, where: str, harm: str, remedy: str
) -> Finding:
    return Finding(
        "warning", "stats-differ", None, None,
        f"{some(keys)} of {name} in {file} {'is' if len(keys) == 1 else 'are'} not what the rows "
        f"hold{where}. {harm}", remedy,
    )  # fmt: skip


def _numbers(value: object) -> Numbers | None:
    """Nested lists of numbers as an array; None for what holds anything else."""
    try:
        found = np.asarray(value)
        if found.dtype.kind in "US" or not found.size:
            return None
        return found.astype(np.float64)
    except (TypeError, ValueError):
        return None
