"""What a parquet file holds, and its numbers. pyarrow is imported only when a file is opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.listing import FileEntry
from training_manager_ros.datasets.sound import check_content, out_of_reach
from training_manager_ros.errors import Unreadable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "Column",
    "ParquetFacts",
    "Run",
    "episode_runs",
    "open_parquet",
    "parquet_facts",
    "read_numbers",
    "read_rows",
]

_MAX_VALUES = 50_000_000


@dataclass(frozen=True)
class Column:
    """A top-level column."""

    name: str
    kind: str  # "number" (or lists of them), "image" (bytes), "text", "other"


@dataclass(frozen=True)
class ParquetFacts:
    """A file's footer."""

    rows: int
    columns: tuple[Column, ...]

    def kind(self, name: str) -> str:
        """The kind of the first column of that name; "" where there is none."""
        return next((column.kind for column in self.columns if column.name == name), "")


@dataclass(frozen=True)
class Run:
    """Rows of one episode that follow each other in a file."""

    episode: int
    first: int
    rows: int


@contextmanager
def open_parquet(path: Path) -> Iterator[Any]:
    """A `pyarrow.parquet.ParquetFile`. Raises `Unreadable` where it is none, also while reading."""
    check_content(path)
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pa.OSFile(str(path)) as raw:  # an older ParquetFile can't be closed
            yield pq.ParquetFile(raw)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise Unreadable(
            f"{path.name} can't be read as parquet; it is cut off or damaged."
        ) from error


def parquet_facts(facts: FactCache, file: FileEntry) -> ParquetFacts:
    """A file's footer, remembered. Raises `Unreadable` where it can't be read."""
    found = facts.recall("parquet", file, _read_facts)
    return ParquetFacts(found["rows"], tuple(Column(*column) for column in found["columns"]))


def episode_runs(facts: FactCache, file: FileEntry) -> tuple[Run, ...]:
    """Which rows belong to which episode, by the column episode_index; remembered."""
    return tuple(Run(*run) for run in facts.recall("parquet-episodes", file, _read_runs))


def read_numbers(
    path: Path, first: int, rows: int, columns: tuple[str, ...]
) -> dict[str, npt.NDArray[np.float64]]:
    """Columns of numbers as (rows, D); a null is NaN. Raises `Unreadable` for ragged lists."""
    try:
        table = read_rows(path, first, rows, columns)
    except OSError as error:
        raise out_of_reach(error) from error
    names = table.column_names
    return {
        name: _to_array(table.column(names.index(name)), f"{name} in {path.name}")
        for name in columns
        if name in names
    }


def read_rows(path: Path, first: int, rows: int, columns: tuple[str, ...]) -> Any:
    """A `pyarrow.Table` of some rows and columns; reads only the row groups that are touched."""
    with open_parquet(path) as file:
        groups: list[int] = []
        start, skip = 0, 0
        for group in range(file.metadata.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if start < first + rows and first < start + count:
                if not groups:
                    skip = first - start
                groups.append(group)
            start += count
        return file.read_row_groups(groups, columns=list(columns)).slice(skip, rows)


def _read_facts(path: Path) -> dict[str, Any]:
    with open_parquet(path) as file:
        schema = file.schema_arrow
        columns = [(field.name, _kind(field.type)) for field in schema]
        return {"rows": file.metadata.num_rows, "columns": columns}


def _read_runs(path: Path) -> list[tuple[int, int, int]]:
    import numpy as np

    with open_parquet(path) as file:
        if "episode_index" not in file.schema_arrow.names:
            return []
        column = file.read(columns=["episode_index"]).column(0)
    episodes = _to_array(column, f"episode_index in {path.name}")[:, 0]
    if not np.all(np.isfinite(episodes)):
        raise Unreadable(f"episode_index in {path.name} has rows without a value.", "wrong-type")
    edges = np.flatnonzero(np.diff(episodes, prepend=np.nan, append=np.nan) != 0)
    starts, ends = edges[:-1], edges[1:]
    return [
        (int(episodes[start]), int(start), int(end - start))
        for start, end in zip(starts, ends, strict=True)
    ]


def _kind(kind: Any) -> str:
    import pyarrow as pa

    types = pa.types
    if types.is_struct(kind):
        return "image" if "bytes" in {field.name for field in kind} else "other"
    if types.is_binary(kind) or types.is_large_binary(kind):
        return "image"
    while types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        kind = kind.value_type
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind):
        return "number"
    return "text" if types.is_string(kind) or types.is_large_string(kind) else "other"


def _to_array(column: Any, where: str) -> npt.NDArray[np.float64]:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, values = len(column), column
    while hasattr(values.type, "value_type"):  # lists, lists of lists
        if values.null_count:
            raise Unreadable(f"{where} has rows without values.", "wrong-type")
        if not pa.types.is_fixed_size_list(values.type):
            lengths = pc.min_max(pc.list_value_length(values)).as_py()
            if lengths["min"] != lengths["max"]:
                raise Unreadable(f"{where} has rows of different lengths.", "wrong-type")
        values = pc.list_flatten(values)
    if len(values) > _MAX_VALUES:
        raise Unreadable(f"{where} is too large to be a signal.", "wrong-type")
    try:
        flat = values.cast(pa.float64(), safe=False).to_numpy()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise Unreadable(f"{where} holds no numbers.", "wrong-type") from error
    return np.asarray(flat, np.float64).reshape(rows, -1) if rows else np.empty((0, 1))
