"""What a PyTorch file holds, without PyTorch and without running anything that is in it.

Such a file is a ZIP archive with a pickle, and a pickle can run any code. Here it is read by an
unpickler that knows only the names that tensors are made of, and gives their shapes.
"""

from __future__ import annotations

import lzma
import pickle
import re
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from training_manager_ros.errors import Unreadable
from training_manager_ros.training.dataset_facts import DatasetFacts

__all__ = ["check_whole", "facts_of_stats", "shapes"]

LARGEST_PICKLE = 64 << 20
DEEPEST = 10
MOST = 10_000  # entries that are looked at
_STATISTIC = re.compile(r"mean|std|min|max|q\d+", re.I)
_IMAGE = re.compile(r"(?:^|[./])images?[./]([^./]+)")


class _Array:
    """Stands for a tensor or an array; only its shape is kept."""

    def __init__(self, shape: tuple[int, ...] = ()) -> None:
        self.shape = shape

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) > 1 and isinstance(state[1], tuple):
            self.shape = state[1]


class _Nothing:
    """Stands for what is not looked at."""

    def __init__(self, *arguments: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


def _tensor(storage: Any, offset: Any, size: Any, *rest: Any) -> _Array:
    return _Array(tuple(size))


def _parameter(data: Any, *rest: Any) -> Any:
    return data


def _array(*arguments: Any) -> _Array:
    return _Array()


_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): tuple,
    ("numpy.core.multiarray", "_reconstruct"): _array,
    ("numpy._core.multiarray", "_reconstruct"): _array,
    ("numpy", "ndarray"): _Nothing,
    ("numpy", "dtype"): _Nothing,
    ("_codecs", "encode"): _Nothing,
}


class _Unpickler(pickle._Unpickler):
    """The one written in Python: the other gives any file as much memory as it names."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and (name.endswith("Storage") or name.islower()):
            return _Nothing
        if (module, name) in _KNOWN:
            return _KNOWN[module, name]
        raise pickle.UnpicklingError(f"{module}.{name} is not expected here")

    def persistent_load(self, pid: Any) -> Any:
        return None


def check_whole(path: Path) -> None:
    """Raise `Unreadable` if a file is empty, or a ZIP archive that is cut off."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
            if not start:
                raise Unreadable(f"{path.name} is empty; download the run again.")
            if start == b"PK\x03\x04" and not zipfile.is_zipfile(file):
                raise Unreadable(f"{path.name} is cut off; download the run again.")
    except OSError as error:
        raise Unreadable(f"{path.name} can't be read: {error.strerror}.") from None


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of each tensor by its keys, joined by dots; {} where that can't be found out."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [i for i in archive.infolist() if i.filename.endswith("/data.pkl")]
            if len(entries) != 1 or entries[0].file_size > LARGEST_PICKLE:
                return {}
            with archive.open(entries[0]) as file:
                value = _Unpickler(file).load()
    except (OSError, zipfile.BadZipFile, pickle.UnpicklingError, EOFError):
        return {}
    except (ArithmeticError, AttributeError, LookupError, MemoryError):
        return {}  # what a pickle that was made to break does to any unpickler
    except (ImportError, TypeError, ValueError):
        return {}
    except (AssertionError, RuntimeError, lzma.LZMAError, struct.error, zlib.error):
        return {}  # what is encrypted, or can't be unpacked
    return {
        name: item.shape
        for name, item in islice(_entries(value, "", 0), MOST)
        if isinstance(item, _Array) and all(isinstance(size, int) for size in item.shape)
    }


def facts_of_stats(path: Path) -> DatasetFacts:
    """What a statistics file tells about the dataset that a run was trained on."""
    found = shapes(path)
    widths = {
        shape[-1]
        for name, shape in found.items()
        if "action" in name.lower()
        and _STATISTIC.search(name)
        and shape
        and all(size == 1 for size in shape[:-1])
    }
    cameras = {match.group(1) for name in found if (match := _IMAGE.search(name))}
    return DatasetFacts(
        cameras=tuple(sorted(cameras)), action_width=widths.pop() if len(widths) == 1 else 0
    )


def _entries(value: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    yield name, value
    if isinstance(value, Mapping) and depth < DEEPEST:
        for key, inner in value.items():
            yield from _entries(inner, f"{name}.{key}" if name else str(key), depth + 1)
