"""Looking into PyTorch files without PyTorch, and without running what is in them."""

from __future__ import annotations

import io
import os
import pickle
import tracemalloc
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.training.dataset_facts import DatasetFacts
from training_manager_ros.training.weights import facts_of_stats, shapes


class Global:
    """Pickled as a call of the name, as PyTorch's tensors are."""

    def __init__(self, name: str, *arguments: Any) -> None:
        self.name = name
        self.arguments = arguments


class Storage:
    """Pickled as a persistent id."""


class Pickler(pickle._Pickler):  # type: ignore[name-defined]
    """Writes names of modules that are not installed."""

    def persistent_id(self, value: Any) -> Any:
        return ("storage", "FloatStorage", "0", "cpu", 4) if isinstance(value, Storage) else None

    def save(self, value: Any, save_persistent_id: bool = True) -> None:
        if isinstance(value, Global):
            module, _, name = value.name.rpartition(".")
            self.write(b"c" + f"{module}\n{name}\n".encode())
            super().save(value.arguments)
            self.write(b"R")
        else:
            super().save(value, save_persistent_id)


def tensor(*shape: int) -> Global:
    stride = tuple(1 for _ in shape)
    name = "torch._utils._rebuild_tensor_v2"
    return Global(name, Storage(), 0, shape, stride, False, OrderedDict())


def pickled(value: Any) -> bytes:
    buffer = io.BytesIO()
    Pickler(buffer, protocol=2).dump(value)
    return buffer.getvalue()


def saved(path: Path, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/data/0", bytes(16))
    return path


def test_tensors(tmp_path: Path) -> None:
    value = {"a": tensor(10), "b": {"c": tensor(2, 3)}, "text": "x", 5: 7}
    assert shapes(saved(tmp_path / "x.pt", pickled(value))) == {"a": (10,), "b.c": (2, 3)}


def test_arrays(tmp_path: Path) -> None:
    data = pickle.dumps({"action_mean": np.zeros(10), "qpos_std": np.zeros((1, 6))}, protocol=2)
    assert shapes(saved(tmp_path / "x.pt", data)) == {"action_mean": (10,), "qpos_std": (1, 6)}


@pytest.mark.parametrize(
    ("stats", "facts"),
    [
        ({"action_mean": tensor(10), "action_std": tensor(10)}, DatasetFacts((), 10)),
        ({"action": {"mean": tensor(1, 14)}, "qpos": {"mean": tensor(6)}}, DatasetFacts((), 14)),
        ({"action_mean": tensor(10), "action_std": tensor(9)}, DatasetFacts()),
        ({"actions": tensor(500, 10)}, DatasetFacts()),
        (
            {"observation.images.top": {"mean": tensor(3, 1, 1)}, "action": {"std": tensor(8)}},
            DatasetFacts(("top",), 8),
        ),
        ({}, DatasetFacts()),
    ],
)
def test_what_statistics_tell(tmp_path: Path, stats: Any, facts: DatasetFacts) -> None:
    assert facts_of_stats(saved(tmp_path / "stats.pt", pickled(stats))) == facts


@pytest.mark.parametrize(
    "name",
    ["os.system", "posix.system", "builtins.eval", "builtins.getattr", "subprocess.Popen",
     "torch.load.x", "torch._utils._rebuild_anything"],
)  # fmt: skip
def test_nothing_is_run(tmp_path: Path, name: str) -> None:
    marker = tmp_path / "marker"
    data = pickled({"action_mean": Global(name, f"touch {marker}")})
    assert shapes(saved(tmp_path / "x.pt", data)) == {}
    assert not marker.exists()


def test_the_usual_attack(tmp_path: Path) -> None:
    class Attack:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'marker'}",)

    assert shapes(saved(tmp_path / "x.pt", pickle.dumps(Attack()))) == {}
    assert not (tmp_path / "marker").exists()


def test_nested_without_end(tmp_path: Path) -> None:
    value: Any = {"x": tensor(1)}
    for _ in range(30):
        value = {str(n): value for n in range(10)}
    assert shapes(saved(tmp_path / "x.pt", pickled(value))) == {}


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    assert shapes(path) == {}
    path.write_bytes(b"")
    assert shapes(path) == {}
    path.write_bytes(pickle.dumps({"old": 1}))
    assert shapes(path) == {}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other", b"")
    assert shapes(path) == {}


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_entries_that_can_not_be_unpacked(tmp_path: Path, method: int) -> None:
    path = tmp_path / "x.pt"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("archive/data.pkl", pickled({"a": tensor(10)}) * 9)
    assert shapes(path) == {"a": (10,)}
    packed = path.read_bytes()
    start = packed.index(b"data.pkl") + len(b"data.pkl")
    path.write_bytes(packed[:start] + b"\xff" * 20 + packed[start + 20 :])
    assert shapes(path) == {}
    encrypted = bytearray(packed)  # says so in both of its headers
    encrypted[6] |= 1
    encrypted[packed.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(encrypted)
    assert shapes(path) == {}


def test_a_small_file_takes_no_memory(tmp_path: Path) -> None:
    number = (1 << 25).to_bytes(4, "little")
    path = saved(tmp_path / "x.pt", b"\x80\x02]r" + number + b".")  # keeps a list as that number
    tracemalloc.start()
    try:
        shapes(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1 << 24


@settings(deadline=None)
@given(st.binary(max_size=60), st.integers(0, 200))
def test_broken_pickles(tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int) -> None:
    whole = pickled({"action_mean": tensor(10), "b": [tensor(3)]})
    path = tmp_path_factory.mktemp("noise") / "x.pt"
    for data in (noise, whole[:at], whole[:at] + noise + whole[at:]):
        shapes(saved(path, data))
