"""What an episode's HDF5 file holds.

Files are opened without a lock, so that the recorder is never disturbed.
h5py lets one thread at a time into the HDF5 library, so every visit here is short.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.listing import FileEntry, shown
from training_manager_ros.datasets.problem import Problem
from training_manager_ros.datasets.sound import check_content, out_of_reach
from training_manager_ros.errors import Unreadable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Hdf5Facts", "Images", "Table", "hdf5_facts", "open_hdf5", "read_table"]

_MAX_VALUES = 50_000_000  # of a signal; what is larger is damage, and would not fit memory
_MAX_SIDE = 16_384  # pixels of an image; likewise
_KNOWN_ORDER = ("action", "qpos", "qvel")


@dataclass(frozen=True)
class Table:
    """A dataset of numbers, one row a timestep."""

    name: str  # the last part of its path
    path: str  # inside the file
    rows: int
    columns: int


@dataclass(frozen=True)
class Images:
    """A dataset of images, one a timestep: uint8 (rows, height, width, 3)."""

    camera: str
    path: str  # inside the file
    rows: int
    height: int
    width: int


@dataclass(frozen=True)
class Hdf5Facts:
    """What an episode file holds."""

    rows: int  # timesteps: of /action where there is one
    tables: tuple[Table, ...]  # action, qpos, qvel first, then others by name
    images: tuple[Images, ...]  # by camera name
    clock: str  # path of the timesteps' times of recording; "" where there are none
    problems: tuple[Problem, ...]


@contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """An `h5py.File` for reading, without file locking. Raises `Unreadable` where it is no HDF5."""
    check_content(path)
    # older HDF5 knows only the variable, and reads it when the library is loaded
    os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")
    import h5py

    try:
        try:
            file = h5py.File(path, "r", locking=False)
        except (TypeError, ValueError):
            file = h5py.File(path, "r")
    except OSError as error:
        raise Unreadable(
            f"{path.name} can't be opened as HDF5; it is cut off or damaged."
        ) from error
    with file:
        yield file


def hdf5_facts(facts: FactCache, file: FileEntry) -> Hdf5Facts:
    """Facts about an episode file, remembered. Raises `Unreadable` where it can't be read."""
    found = facts.recall("hdf5", file, _read_json)
    return Hdf5Facts(
        found["rows"],
        tuple(Table(**table) for table in found["tables"]),
        tuple(Images(**images) for images in found["images"]),
        found["clock"],
        tuple(Problem(*problem) for problem in found["problems"]),
    )


def read_table(path: Path, dataset: str) -> npt.NDArray[np.float64]:
    """A dataset of numbers as (T, D); one-dimensional ones get D = 1."""
    import numpy as np

    try:
        with open_hdf5(path) as file:
            values = np.asarray(file[dataset][()], dtype=np.float64)
    except FileNotFoundError as error:
        raise out_of_reach(error) from error
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{dataset} in {path.name} can't be read: {error}.") from error
    return values.reshape(len(values), -1)


def _read_json(path: Path) -> dict[str, Any]:
    """Facts as the cache keeps them, in JSON."""
    found = _read(path)
    return asdict(found) | {"problems": [(one.code, one) for one in found.problems]}


def _read(path: Path) -> Hdf5Facts:
    tables: list[Table] = []
    images: list[Images] = []
    problems: list[Problem] = []
    clock = ""
    with open_hdf5(path) as file:
        try:
            for where in ("/", "/observations", "/observations/images"):
                for name, item in _datasets(file, where, problems):
                    inside = f"{where.rstrip('/')}/{name}"
                    if where.endswith("images"):
                        if _is_images(item):
                            images.append(Images(name, inside, *item.shape[:3]))
                        else:
                            problems.append(
                                Problem(
                                    "wrong-type",
                                    f"The images of {shown(name)} are {item.dtype} {item.shape}, "
                                    "not uint8 (T, height, width, 3).",
                                )
                            )
                    elif item.dtype.kind in "fiub" and item.ndim in (1, 2):
                        if item.size <= _MAX_VALUES:
                            columns = item.shape[1] if item.ndim == 2 else 1
                            tables.append(Table(name, inside, len(item), columns))
                        else:
                            problems.append(
                                Problem("wrong-type", f"{inside} is too large to be a signal.")
                            )
                    elif name in _KNOWN_ORDER:
                        problems.append(
                            Problem(
                                "wrong-type",
                                f"{inside} is {item.dtype} {item.shape}, not (T, D) numbers.",
                            )
                        )
            for name, item in _datasets(file, "/timestamps", []):
                if name == "arm" and item.ndim == 1 and len(item) <= _MAX_VALUES:
                    clock = "/timestamps/arm"
        except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
            raise Unreadable(f"{path.name} is damaged: {error}.") from error
    tables.sort(key=lambda table: (_rank(table.name), table.path))
    images.sort(key=lambda one: one.camera)
    actions = [table for table in tables if table.path == "/action"]
    if not actions:
        problems.append(Problem("signal-missing", f"{path.name} has no /action."))
    leading = actions or [t for t in tables if t.name in _KNOWN_ORDER]
    rows = leading[0].rows if leading else max((one.rows for one in images), default=0)
    for path_inside, count in [(t.path, t.rows) for t in tables] + [
        (i.path, i.rows) for i in images
    ]:
        if count != rows:
            problems.append(
                Problem(
                    "frames-differ", f"{path_inside} has {count} rows, but the episode has {rows}."
                )
            )
    if rows == 0:
        problems.append(Problem("no-timesteps", f"{path.name} has no timesteps."))
    return Hdf5Facts(rows, tuple(tables), tuple(images), clock, tuple(problems))


def _is_images(item: Any) -> bool:
    return bool(
        item.ndim == 4
        and item.shape[3] == 3
        and item.dtype == "uint8"
        and max(item.shape[1:3]) <= _MAX_SIDE
    )


def _rank(name: str) -> int:
    return _KNOWN_ORDER.index(name) if name in _KNOWN_ORDER else len(_KNOWN_ORDER)


def _datasets(file: Any, where: str, problems: list[Problem]) -> list[tuple[str, Any]]:
    """The datasets of a group that keep their values in this very file."""
    import h5py

    found: list[tuple[str, Any]] = []
    group = file
    for part in filter(None, where.split("/")):
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            return found
        group = group[part]
        if not isinstance(group, h5py.Group):
            return found
    for name in group:
        if not isinstance(name, str) or shown(name) != name:  # h5py gives bytes then
            problems.append(Problem("name-odd", f"A name in {where} is not UTF-8; it is left out."))
            continue
        inside = f"{where.rstrip('/')}/{name}"
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            problems.append(
                Problem("leads-elsewhere", f"{inside} is a link to elsewhere and is not followed.")
            )
            continue
        item = group[name]
        if not isinstance(item, h5py.Dataset) or item.shape is None:
            continue
        if item.is_virtual or item.external:
            problems.append(
                Problem(
                    "leads-elsewhere", f"{inside} keeps its values in another file and is not read."
                )
            )
            continue
        found.append((name, item))
    return found
