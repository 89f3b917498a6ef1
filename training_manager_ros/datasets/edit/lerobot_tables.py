"""The small tables of LeRobot v3.0: meta/episodes and meta/tasks.parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from training_manager_ros.datasets.edit.lerobot_parts import data_path
from training_manager_ros.datasets.edit.lerobot_stats import quantile_of
from training_manager_ros.datasets.edit.lerobot_tasks import task_column
from training_manager_ros.datasets.edit.parts import Part
from training_manager_ros.datasets.jsonfile import to_int
from training_manager_ros.datasets.parquet import open_parquet

__all__ = ["counting_stats", "episode_rows", "episodes_file", "tasks_file"]

Row = dict[str, Any]


def episode_rows(part: Part) -> tuple[dict[int, Row], dict[str, Any]]:
    """The rows of a v3.0 source's meta/episodes by episode, and the columns' types.

    Raises `Unreadable` where a file can't be read. Columns of cameras have their new names.
    """
    rows: dict[int, Row] = {}
    types: dict[str, Any] = {}
    position = 0
    for path in sorted((data_path(part) / "meta/episodes").rglob("*.parquet")):
        with open_parquet(path) as file:
            names = file.schema_arrow.names
            once = [name for name in names if names.count(name) == 1]
            table = file.read(columns=once)
        for field in table.schema:
            types.setdefault(_renamed(field.name, part), field.type)
        for row in table.to_pylist():
            number = to_int(row.get("episode_index"))
            key = position if number is None else number
            rows.setdefault(key, {_renamed(name, part): value for name, value in row.items()})
            position += 1
    return rows, types


def episodes_file(rows: Sequence[Row], types: Mapping[str, Any]) -> bytes:
    """A meta/episodes file with these rows; what a row does not have is null."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: pa.array([row.get(name) for row in rows], types.get(name)) for name in names}
    return _bytes(pa.table(columns))


def counting_stats(first: int, step: int, count: int, like: Mapping[str, Any]) -> Row:
    """The statistics of `count` numbers from `first` on, `step` apart, with the keys of `like`."""
    values = first + step * np.arange(count)
    found: Row = {}
    for key in like:
        share = quantile_of(key)
        if key in ("min", "max"):
            found[key] = [int(values.min() if key == "min" else values.max())]
        elif key in ("mean", "std"):
            found[key] = [float(values.mean() if key == "mean" else values.std())]
        elif key == "count":
            found[key] = [count]
        elif share is not None:
            found[key] = [float(np.quantile(values, share))]
    return found


def tasks_file(tasks: Sequence[str], like: Any | None) -> bytes:
    """meta/tasks.parquet as pandas would write it, or with the columns of the table `like`."""
    if like is not None:
        values = {"task_index": list(range(len(tasks))), task_column(like): list(tasks)}
        nothing = [None] * len(tasks)
        arrays = [pa.array(values.get(one.name, nothing), one.type) for one in like.schema]
        return _bytes(pa.Table.from_arrays(arrays, schema=like.schema))
    column = {"name": None, "pandas_type": "unicode", "numpy_type": "object", "metadata": None}
    number = {"name": "task_index", "pandas_type": "int64", "numpy_type": "int64"}
    known = {
        "index_columns": ["task"],
        "column_indexes": [{**column, "field_name": None, "metadata": {"encoding": "UTF-8"}}],
        "columns": [
            {**column, **number, "field_name": "task_index"},
            {**column, "name": "task", "field_name": "task"},
        ],
    }
    table = pa.table(
        {
            "task_index": pa.array(range(len(tasks)), pa.int64()),
            "task": pa.array(tasks, pa.string()),
        }
    )
    return _bytes(table.replace_schema_metadata({"pandas": json.dumps(known)}))


def _renamed(name: str, part: Part) -> str:
    """`stats/<camera>/min`, `videos/<camera>/file_index` with the camera's new name."""
    head, _, rest = name.partition("/")
    middle, _, tail = rest.rpartition("/")
    return f"{head}/{part.renamed(middle)}/{tail}" if middle in part.cameras else name


def _bytes(table: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="snappy")
    return bytes(sink.getvalue())
