"""A feature of two dimensions, as LeRobot writes it, in a dataset that has none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["add_matrix"]

_SHAPE = (2, 3)


def add_matrix(skill: Path) -> list[npt.NDArray[np.float64]]:
    """Add "matrix" to a v3.0 dataset, with quantiles; its values (T, 2, 3) of each episode.

    As LeRobot has it, statistics are of the three columns, over the rows of all matrices, and the
    count is that of the timesteps.
    """
    (path,) = (skill / "data/data").rglob("*.parquet")
    rows = pq.read_table(path)
    random = np.random.default_rng(3)
    values = random.normal(size=(len(rows), *_SHAPE)).astype(np.float32)
    column = pa.array(values.tolist(), pa.list_(pa.list_(pa.float32())))
    numbers = np.asarray(rows["episode_index"])
    groups = np.unique(numbers, return_counts=True)[1].tolist()
    _write(path, rows.append_column("matrix", column), groups)
    info_path = skill / "data/meta/info.json"
    info = json.loads(info_path.read_text())
    info["features"]["matrix"] = {"dtype": "float32", "shape": list(_SHAPE), "names": None}
    info_path.write_text(json.dumps(info))
    episodes = np.split(values.astype(float), np.cumsum(groups)[:-1])
    (path,) = (skill / "data/meta/episodes").rglob("*.parquet")
    table = pq.read_table(path)
    stats = [_stats(one) for one in episodes]
    for key in stats[0]:
        table = table.append_column(f"stats/matrix/{key}", pa.array([one[key] for one in stats]))
    pq.write_table(table, path)
    stats_path = skill / "data/meta/stats.json"
    together = json.loads(stats_path.read_text()) | {"matrix": _stats(values.astype(float))}
    stats_path.write_text(json.dumps(together))
    return episodes


def _stats(values: npt.NDArray[np.float64]) -> dict[str, list[float]]:
    lines = values.reshape(-1, _SHAPE[-1])
    return {
        "min": lines.min(axis=0).tolist(),
        "max": lines.max(axis=0).tolist(),
        "mean": lines.mean(axis=0).tolist(),
        "std": lines.std(axis=0).tolist(),
        "count": [len(values)],
        "q10": np.quantile(lines, 0.1, axis=0).tolist(),
        "q90": np.quantile(lines, 0.9, axis=0).tolist(),
    }


def _write(path: Path, table: pa.Table, groups: list[int]) -> None:
    """One row group an episode, as LeRobot has it."""
    with pq.ParquetWriter(path, table.schema) as writer:
        start = 0
        for count in groups:
            writer.write_table(table.slice(start, count), row_group_size=count)
            start += count
