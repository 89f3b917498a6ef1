"""Statistics of a LeRobot dataset: of rows, of numbers that count up, and of several parts."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.parquet import open_parquet

__all__ = ["Measured", "WriteStats", "combined", "of_rows", "quantile_of"]

Numbers = npt.NDArray[Any]
Stats = Mapping[str, Any]  # "min", "max", "mean", "std", "count", "q01" … to arrays
_BATCH = 65_536  # rows in memory at a time
_MOMENTS = ("min", "max", "mean", "std", "count")


def quantile_of(key: str) -> float | None:
    """0.01 for "q01"; None for what names no quantile."""
    return int(key[1:]) / 100 if key[:1] == "q" and key[1:].isdigit() else None


def of_rows(values: Numbers, keys: Sequence[str]) -> dict[str, Numbers]:
    """The statistics `keys` of rows (N, …) over N; std is that of the whole (ddof = 0)."""
    exact = values.astype(np.float64)
    found: dict[str, Numbers] = {
        "min": values.min(axis=0),
        "max": values.max(axis=0),
        "mean": exact.mean(axis=0),
        "std": exact.std(axis=0),
        "count": np.array([len(values)]),
    }
    for key in keys:
        share = quantile_of(key)
        if share is not None:
            found[key] = np.quantile(exact, share, axis=0)
    return {key: found[key] for key in keys if key in found}


def combined(parts: Sequence[Stats]) -> dict[str, Numbers]:
    """The statistics of all rows of the parts, by their counts; quantiles are a weighted mean.

    Only what every part has is in it; each part has a count.
    """
    shared = [key for key in parts[0] if all(key in part for part in parts)]
    arrays = {key: [np.asarray(part[key]) for part in parts] for key in shared}
    counts = np.array([float(np.asarray(part["count"]).reshape(-1)[0]) for part in parts])
    total = counts.sum()

    def average(values: Sequence[Numbers]) -> Numbers:
        weighted = [value * count for value, count in zip(values, counts, strict=True)]
        return np.asarray(np.sum(weighted, axis=0) / total)

    found: dict[str, Numbers] = {}
    for key in shared:
        if key == "min":
            found[key] = np.min(arrays[key], axis=0)
        elif key == "max":
            found[key] = np.max(arrays[key], axis=0)
        elif key == "count":
            found[key] = np.array([int(total)])
        elif key == "std" and "mean" in shared:
            mean = average(arrays["mean"])
            spread = [
                std**2 + (one - mean) ** 2
                for std, one in zip(arrays["std"], arrays["mean"], strict=True)
            ]
            found[key] = np.sqrt(average(spread))
        elif key == "mean" or quantile_of(key) is not None:
            found[key] = average(arrays[key])
    return found


@dataclass(frozen=True)
class Measured:
    """A feature whose statistics are recomputed from the rows."""

    name: str
    keys: tuple[str, ...]
    shape: tuple[int, ...]  # of one row's statistics


@dataclass(frozen=True)
class WriteStats:
    """meta/stats.json of the rows that were staged before, and of what is given."""

    target: str  # below the new skill's folder
    rows: tuple[str, ...]  # parquet files below the new skill's folder
    measured: tuple[Measured, ...]
    given: str  # a JSON object in order; null for what is measured
    size: int  # bytes, about

    @property
    def linked(self) -> int:
        """See `Step`."""
        return 0

    @property
    def written(self) -> int:
        """See `Step`."""
        return self.size

    def apply(self, stage: Path, files: Files) -> None:
        """See `Step`."""
        stats: dict[str, Any] = json.loads(self.given)
        for one, found in self._measure(stage):
            stats[one.name] = {
                key: values.tolist() if key == "count" else values.reshape(one.shape).tolist()
                for key, values in found.items()
            }
        known = {name: value for name, value in stats.items() if value is not None}
        files.write(stage / self.target, (json.dumps(known, indent=4) + "\n").encode())

    def _measure(self, stage: Path) -> Iterator[tuple[Measured, dict[str, Numbers]]]:
        kept: dict[str, list[Numbers]] = {one.name: [] for one in self.measured}
        moments: dict[str, list[Stats]] = {one.name: [] for one in self.measured}
        for name in self.rows:
            with open_parquet(stage / name) as file:
                present = file.schema_arrow.names
                wanted = [one for one in self.measured if one.name in present]
                for batch in file.iter_batches(_BATCH, columns=[one.name for one in wanted]):
                    for one in wanted:
                        column = batch.column(batch.schema.names.index(one.name))
                        values = _array(column, math.prod(one.shape))
                        if values is None or not len(values):
                            continue
                        count = {"count": np.array([len(column)])}
                        moments[one.name].append(of_rows(values, _MOMENTS) | count)
                        if any(quantile_of(key) is not None for key in one.keys):
                            kept[one.name].append(values)
        for one in self.measured:
            if not moments[one.name]:
                continue
            found = combined(moments[one.name])
            if kept[one.name]:
                keys = [key for key in one.keys if quantile_of(key) is not None]
                found |= of_rows(np.concatenate(kept[one.name]), keys)
            yield one, {key: found[key] for key in one.keys if key in found}


def _array(column: Any, width: int) -> Numbers | None:
    """A column as (N, width) in its own type of numbers; None where it holds none.

    N is the number of rows, or more: LeRobot takes each row of a matrix for one.
    """
    values = column
    while hasattr(values.type, "value_type"):
        values = values.flatten()
    kinds = pa.types
    if not (kinds.is_integer(values.type) or kinds.is_floating(values.type)):
        if not kinds.is_boolean(values.type):
            return None
        values = values.cast(pa.int8())
    flat = values.to_numpy(zero_copy_only=False)
    fits = len(column) > 0 and width > 0 and flat.size % (len(column) * width) == 0
    return flat.reshape(-1, width) if fits else None
