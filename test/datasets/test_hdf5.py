from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from training_manager_ros.datasets import FactCache
from training_manager_ros.datasets.hdf5 import Hdf5Facts, hdf5_facts, open_hdf5, read_table
from training_manager_ros.datasets.listing import FileEntry
from training_manager_ros.errors import Unreadable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "episode_0.h5"


def _facts(path: Path) -> Hdf5Facts:
    status = path.stat()
    return hdf5_facts(FactCache(None), FileEntry(str(path), status.st_size, status.st_mtime_ns))


def _write(path: Path, **datasets: Any) -> None:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name.replace("__", "/")] = values


def test_finds_signals_images_and_clock(path: Path) -> None:
    images = np.zeros((4, 6, 8, 3), np.uint8)
    _write(
        path,
        odom=np.zeros((4, 3)),
        cmd_vel=np.zeros((4, 2)),
        action=np.zeros((4, 10)),
        observations__qvel=np.zeros((4, 6)),
        observations__qpos=np.zeros((4, 6), np.float32),
        observations__images__wrist=images,
        observations__images__main=images,
        timestamps__arm=np.zeros(4),
        timestamps__images__main=np.zeros(4),
    )
    facts = _facts(path)
    assert facts.problems == ()
    assert (facts.rows, facts.clock) == (4, "/timestamps/arm")
    assert [table.path for table in facts.tables] == [
        "/action", "/observations/qpos", "/observations/qvel", "/cmd_vel", "/odom",
    ]  # fmt: skip
    assert [(one.camera, one.height, one.width) for one in facts.images] == [
        ("main", 6, 8),
        ("wrist", 6, 8),
    ]


@pytest.mark.parametrize(
    ("datasets", "rows", "says"),
    [
        ({"observations__qpos": np.zeros((3, 6))}, 3, "has no /action"),
        ({"action": np.zeros((0, 10))}, 0, "has no timesteps"),
        (
            {"action": np.zeros((3, 10)), "observations__qpos": np.zeros((2, 6))},
            3,
            "/observations/qpos has 2 rows, but the episode has 3",
        ),
        (
            {"action": np.zeros((3, 10)), "observations__images__m": np.zeros((2, 4, 4, 3), "u1")},
            3,
            "/observations/images/m has 2 rows, but the episode has 3",
        ),
        (
            {"action": np.zeros((3, 2)), "observations__images__m": np.zeros((3, 4, 4), "u1")},
            3,
            "images of m are uint8 (3, 4, 4), not",
        ),
        ({"action": np.array([b"a", b"b"])}, 0, "/action is |S1 (2,), not (T, D) numbers"),
        ({"action": 3.0}, 0, "/action is float64 (), not (T, D) numbers"),
        ({}, 0, "has no timesteps"),
    ],
)
def test_what_is_wrong_inside_is_said(
    path: Path, datasets: dict[str, Any], rows: int, says: str
) -> None:
    _write(path, **datasets)
    facts = _facts(path)
    assert facts.rows == rows
    assert any(says in problem for problem in facts.problems), facts.problems


def test_action_may_have_one_column_of_any_number_type(path: Path) -> None:
    _write(path, action=np.array([1, 2, 3], np.int16))
    assert [(table.rows, table.columns) for table in _facts(path).tables] == [(3, 1)]
    np.testing.assert_array_equal(read_table(path, "/action"), [[1.0], [2.0], [3.0]])


@pytest.mark.parametrize("keep", [0, 1, 100, 800, 2000, -1, -300])
def test_a_file_that_is_cut_off_is_unreadable_or_says_what_is_missing(
    path: Path, keep: int
) -> None:
    _write(path, action=np.random.default_rng(1).random((400, 10)))
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])
    with pytest.raises(Unreadable, match=r"episode_0\.h5"):
        _facts(path)


def test_an_lfs_pointer_is_called_that(path: Path) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(Unreadable, match="Git LFS pointer"):
        _facts(path)


def test_values_in_other_files_are_not_read(path: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(range(48)))
    other = tmp_path / "other.h5"
    _write(other, values=np.ones((4, 2)), group__images__m=np.zeros((4, 4, 4, 3), np.uint8))
    with h5py.File(path, "w") as file:
        file["action"] = np.zeros((4, 10))
        file.create_dataset("raw", (4, 12), "u1", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])
        file["linked"] = h5py.ExternalLink(str(other), "/values")
        file["soft"] = h5py.SoftLink("/action")
        layout = h5py.VirtualLayout((4, 2), "f8")
        layout[:] = h5py.VirtualSource(str(other), "values", shape=(4, 2))
        file.create_virtual_dataset("virtual", layout)
        file["observations"] = h5py.ExternalLink(str(other), "/group")
    facts = _facts(path)
    assert [table.path for table in facts.tables] == ["/action"]
    assert facts.images == ()
    said = " ".join(facts.problems)
    for name in ("raw", "linked", "soft", "virtual", "observations"):
        assert f"/{name} " in said


def test_a_loop_of_groups_ends(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["action"] = np.zeros((2, 10))
        file["observations"] = file["/"]
    assert _facts(path).rows == 2


def test_a_dataset_of_absurd_size_is_no_signal(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["action"] = np.zeros((2, 10))
        file.create_dataset("huge", (10**9, 10**6), "f8", chunks=(1, 1000))
    facts = _facts(path)
    assert [table.path for table in facts.tables] == ["/action"]
    assert "/huge is too large to be a signal." in facts.problems


def test_names_that_are_no_utf8_are_left_out(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["action"] = np.zeros((2, 10))
        file[b"observations/images/caf\xe9"] = np.zeros((2, 4, 4, 3), np.uint8)
    facts = _facts(path)
    assert facts.images == ()
    assert "".join(facts.problems).encode()


def test_neither_a_lock_is_taken_nor_one_in_the_way(path: Path) -> None:
    _write(path, action=np.zeros((2, 10)))
    other = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        with open_hdf5(path) as file:
            assert len(file["action"]) == 2
        fcntl.flock(other, fcntl.LOCK_UN)
        with open_hdf5(path):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(other)


def test_facts_are_read_once(path: Path) -> None:
    _write(path, action=np.zeros((2, 10)))
    cache = FactCache(None, now_ns=lambda: 10**19)
    status = path.stat()
    entry = FileEntry(str(path), status.st_size, status.st_mtime_ns)
    first = hdf5_facts(cache, entry)
    path.unlink()
    assert hdf5_facts(cache, entry) == first
