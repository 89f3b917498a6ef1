"""Parquet files of LeRobot rows, written anew a row group at a time with the new numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.parquet import open_parquet
from training_manager_ros.errors import Unreadable

__all__ = ["RowRun", "WriteRows"]


@dataclass(frozen=True)
class RowRun:
    """An episode's rows in a source, and the numbers that they get."""

    path: Path
    first: int
    count: int
    episode: int  # new number
    index: int  # new index of the first row
    size: int  # bytes, as a share of the source
    tasks: tuple[tuple[int, int], ...] = ()  # old and new task_index; () = they stay
    slower: float = 1.0  # timestamps are multiplied by this
    names: tuple[tuple[str, str], ...] = ()  # old and new names of columns that are renamed


@dataclass(frozen=True)
class WriteRows:
    """A parquet file with the rows of some episodes, one row group an episode."""

    target: str  # below the new skill's folder
    runs: tuple[RowRun, ...]

    @property
    def linked(self) -> int:
        """See `Step`."""
        return 0

    @property
    def written(self) -> int:
        """See `Step`."""
        return sum(run.size for run in self.runs)

    def apply(self, stage: Path, files: Files) -> None:
        """See `Step`."""
        files.make(stage / self.target, self._produce)

    def _produce(self, target: Path) -> None:
        writer: pq.ParquetWriter | None = None
        with ExitStack() as stack:
            for run, table, compression in _tables(self.runs):
                renumbered = _renumbered(table, run)
                if writer is None:
                    writer = stack.enter_context(
                        pq.ParquetWriter(target, renumbered.schema, compression=compression)
                    )
                fitted = _fitted(renumbered, writer.schema, run)
                writer.write_table(fitted, row_group_size=max(1, run.count))


def _tables(runs: tuple[RowRun, ...]) -> Iterator[tuple[RowRun, Any, str]]:
    """Each run with its rows and the compression of its file; a file is opened once in a row."""
    start = 0
    while start < len(runs):
        path = runs[start].path
        stop = start
        while stop < len(runs) and runs[stop].path == path:
            stop += 1
        with open_parquet(path) as file:
            groups = _Groups(file)
            for run in runs[start:stop]:
                yield run, groups.rows(run), groups.compression
        start = stop


class _Groups:
    """The row groups of a file; the last one read is kept, as the next episode may lie in it."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._counts = [
            file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)
        ]
        self._last: tuple[int, Any] = (-1, None)

    @property
    def compression(self) -> str:
        """As pyarrow names it."""
        if not self._counts or not self._file.metadata.num_columns:
            return "snappy"
        found = str(self._file.metadata.row_group(0).column(0).compression)
        return "none" if found == "UNCOMPRESSED" else found.lower()

    def rows(self, run: RowRun) -> Any:
        """The rows of a run. Raises `Unreadable` where there are fewer."""
        parts, start = [], 0
        for group, count in enumerate(self._counts):
            first, stop = max(run.first - start, 0), min(run.first + run.count - start, count)
            if first < stop:
                parts.append(self._group(group).slice(first, stop - first))
            start += count
        table = pa.concat_tables(parts) if parts else self._file.schema_arrow.empty_table()
        if len(table) != run.count:
            raise Unreadable(f"{run.path.name} became shorter since the plan was made.")
        return table

    def _group(self, group: int) -> Any:
        if self._last[0] != group:
            self._last = (group, self._file.read_row_group(group))
        return self._last[1]


def _renumbered(table: Any, run: RowRun) -> Any:
    names = dict(run.names)
    for place, field in enumerate(table.schema):
        column = _column(table.column(place), field, run)
        if column is not None:
            table = table.set_column(place, field, column.cast(field.type, safe=False))
    if names:
        known = table.schema.metadata
        table = table.rename_columns([names.get(name, name) for name in table.column_names])
        table = table.replace_schema_metadata(_renamed_metadata(known, names))
    return table


def _column(column: Any, field: Any, run: RowRun) -> Any:
    """The new values of a column that holds numbers of the dataset; None where it stays."""
    if field.name == "episode_index":
        values = pa.array([run.episode] * run.count, pa.int64())
    elif field.name == "frame_index":
        values = pa.array(range(run.count), pa.int64())
    elif field.name == "index":
        values = pa.array(range(run.index, run.index + run.count), pa.int64())
    elif field.name == "task_index" and run.tasks:
        values = pa.array(_new_tasks(column.to_pylist(), run), pa.int64())
    elif field.name == "timestamp" and run.slower != 1:
        values = pc.multiply(column.cast(pa.float64()), run.slower)
    else:
        return None
    return values


def _new_tasks(tasks: Sequence[Any], run: RowRun) -> list[int]:
    change = dict(run.tasks)
    unknown = next((task for task in tasks if task not in change), change)
    if unknown is not change:
        raise Unreadable(
            f"{run.path.name} names task {unknown}, which is not in the list of tasks."
        )
    return [change[task] for task in tasks]


def _renamed_metadata(known: Mapping[bytes, bytes] | None, names: Mapping[str, str]) -> Any:
    """The schema's notes, in which columns are named in quotes (`huggingface`)."""
    if not known:
        return known
    renamed = {}
    for key, text in known.items():
        for old, new in names.items():
            text = text.replace(f'"{old}"'.encode(), f'"{new}"'.encode())
        renamed[key] = text
    return renamed


def _fitted(table: Any, schema: Any, run: RowRun) -> Any:
    """The table with the columns of the file that it goes into."""
    if table.schema.names != schema.names:
        if sorted(table.schema.names) != sorted(schema.names):
            raise Unreadable(f"{run.path.name} has other columns than the files before it.")
        table = table.select(schema.names)
    if table.schema.equals(schema):
        return table
    try:
        return table.cast(schema)
    except pa.ArrowException as error:
        raise Unreadable(
            f"{run.path.name} has columns of other types than the files before it."
        ) from error
