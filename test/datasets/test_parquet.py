from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.datasets import FactCache
from training_manager_ros.datasets.listing import FileEntry
from training_manager_ros.datasets.parquet import (
    Run,
    episode_runs,
    parquet_facts,
    read_numbers,
    read_rows,
)
from training_manager_ros.errors import Unreadable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file-000.parquet"


def _entry(path: Path) -> FileEntry:
    status = path.stat()
    return FileEntry(str(path), status.st_size, status.st_mtime_ns)


def _write(path: Path, columns: dict[str, Any], **options: Any) -> None:
    pq.write_table(pa.table(columns), path, **options)


def _read(path: Path, name: str) -> np.ndarray:
    return read_numbers(path, 0, 10**6, (name,))[name]


def test_columns_are_of_a_kind(path: Path) -> None:
    image = pa.array(
        [{"bytes": b"x", "path": ""}], pa.struct([("bytes", "binary"), ("path", "string")])
    )
    _write(
        path,
        {
            "number": pa.array([1]),
            "flag": pa.array([True]),
            "list": pa.array([[1.0]], pa.list_(pa.float32())),
            "fixed": pa.array([[1.0]], pa.list_(pa.float32(), 1)),
            "nested": pa.array([[[1.0]]], pa.list_(pa.list_(pa.float64()))),
            "text": pa.array(["a"]),
            "texts": pa.array([["a"]]),
            "image": image,
            "binary": pa.array([b"x"]),
            "time": pa.array([0], pa.timestamp("s")),
        },
    )  # fmt: skip
    facts = parquet_facts(FactCache(None), _entry(path))
    assert facts.rows == 1
    assert {column.name: column.kind for column in facts.columns} == {
        "number": "number", "flag": "number", "list": "number", "fixed": "number",
        "nested": "number", "text": "text", "texts": "text", "image": "image",
        "binary": "image", "time": "other",
    }  # fmt: skip
    assert facts.kind("nowhere") == ""


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1, 2], pa.int64()), [[1], [2]]),
        (pa.array([2**60 + 1, 0], pa.int64()), [[2.0**60], [0]]),
        (pa.array([True, False]), [[1], [0]]),
        (pa.array([1.5, None]), [[1.5], [np.nan]]),
        (pa.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (pa.array([[1, 2], [3, 4]], pa.list_(pa.float32(), 2)), [[1, 2], [3, 4]]),
        (pa.array([[[1, 2]], [[3, 4]]]), [[1, 2], [3, 4]]),
        (pa.array([[1, None], [3, 4]]), [[1, np.nan], [3, 4]]),
        (pa.array([[], []], pa.list_(pa.float64())), np.empty((2, 0))),
    ],
)
def test_numbers_become_rows_of_values(path: Path, column: pa.Array, expected: Any) -> None:
    _write(path, {"x": column})
    np.testing.assert_array_equal(_read(path, "x"), np.array(expected, float))


@pytest.mark.parametrize(
    ("column", "says"),
    [
        (pa.array([[1, 2], [3]]), "rows of different lengths"),
        (pa.array([[1, 2, 3], [4]]), "rows of different lengths"),
        (pa.array([[1, 2], None]), "rows without values"),
        (pa.array(["a", "b"]), "holds no numbers"),
    ],
)
def test_what_is_no_table_of_numbers_is_unreadable(path: Path, column: pa.Array, says: str) -> None:
    _write(path, {"x": column})
    with pytest.raises(Unreadable, match=says):
        _read(path, "x")


@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=6),
    group=st.integers(1, 30),
    data=st.data(),
)
def test_any_part_is_read_whatever_the_row_groups(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], group: int, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("p") / "file.parquet"
    total = sum(lengths)
    episodes = np.repeat(np.arange(len(lengths)), lengths)
    values = np.arange(total * 3, dtype=float).reshape(total, 3)
    _write(path, {"episode_index": episodes, "x": list(values)}, row_group_size=group)
    first = data.draw(st.integers(0, total))
    rows = data.draw(st.integers(0, total - first))
    np.testing.assert_array_equal(
        read_numbers(path, first, rows, ("x",))["x"].ravel(), values[first : first + rows].ravel()
    )
    runs = episode_runs(FactCache(None), _entry(path))
    starts = [sum(lengths[:i]) for i in range(len(lengths))]
    assert runs == tuple(map(Run, range(len(lengths)), starts, lengths))


def test_runs_of_an_episode_in_two_pieces(path: Path) -> None:
    _write(path, {"episode_index": [3, 3, 1, 3]})
    runs = episode_runs(FactCache(None), _entry(path))
    assert runs == (Run(3, 0, 2), Run(1, 2, 1), Run(3, 3, 1))


def test_no_runs_without_the_column_and_none_without_rows(path: Path) -> None:
    _write(path, {"x": [1]})
    assert episode_runs(FactCache(None), _entry(path)) == ()
    _write(path, {"episode_index": pa.array([], pa.int64())})
    assert episode_runs(FactCache(None), _entry(path)) == ()


@pytest.mark.parametrize("column", [pa.array([0, None]), pa.array(["a", "b"])])
def test_rows_that_belong_to_no_episode_are_unreadable(path: Path, column: pa.Array) -> None:
    _write(path, {"episode_index": column})
    with pytest.raises(Unreadable, match="episode_index"):
        episode_runs(FactCache(None), _entry(path))


def test_duplicate_columns_are_read_once(path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1, 2]), pa.array([3, 4])], ["x", "x"])
    pq.write_table(table, path)
    np.testing.assert_array_equal(_read(path, "x"), [[1], [2]])
    assert [column.name for column in parquet_facts(FactCache(None), _entry(path)).columns] == [
        "x",
        "x",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
        (b"PAR1" + b"x" * 500, "can't be read as parquet"),
        (b"nonsense" * 100, "can't be read as parquet"),
    ],
)
def test_what_is_no_parquet_is_unreadable(path: Path, content: bytes, says: str) -> None:
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=says):
        parquet_facts(FactCache(None), _entry(path))


def test_every_file_that_is_cut_off_is_unreadable(path: Path) -> None:
    _write(path, {"x": list(range(300))})
    whole = path.read_bytes()
    for keep in range(4, len(whole), 97):
        path.write_bytes(whole[:keep])
        with pytest.raises(Unreadable):
            parquet_facts(FactCache(None), _entry(path))


def test_a_file_that_is_gone_is_unreadable(path: Path) -> None:
    with pytest.raises(Unreadable, match="No such file"):
        read_numbers(path, 0, 1, ("x",))


def test_only_the_row_groups_that_are_touched_are_read(path: Path) -> None:
    _write(path, {"x": list(range(1000))}, row_group_size=100)
    damaged = bytearray(path.read_bytes())
    first = pq.ParquetFile(path).metadata.row_group(0).column(0)
    start = first.dictionary_page_offset or first.data_page_offset
    damaged[start : start + first.total_compressed_size] = b"\xff" * first.total_compressed_size
    path.write_bytes(damaged)
    assert read_rows(path, 500, 3, ("x",)).column(0).to_pylist() == [500, 501, 502]
    with pytest.raises(Unreadable):
        read_rows(path, 50, 3, ("x",))
