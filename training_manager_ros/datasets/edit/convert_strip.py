"""An episode's HDF5 file without its images: everything else is copied into a new file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.edit.hdf5_names import rename_cameras
from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.hdf5 import Table, hdf5_facts, open_hdf5
from training_manager_ros.datasets.listing import FileEntry
from training_manager_ros.errors import Conflict, Unreadable

__all__ = ["Stripped", "strip"]

_ERRNO = re.compile(r"errno = (\d+)")
_OBSERVATIONS, _IMAGES = "observations", "images"


@dataclass(frozen=True)
class Stripped:
    """A step: a source's episode without its images, whose cameras may get new names."""

    source: Path
    target: str  # below the new skill's folder
    size: int  # bytes of the source
    images: int  # bytes of its images
    cameras: tuple[tuple[str, str], ...]  # (name in the source, name in the target)

    @property
    def linked(self) -> int:
        """See `Step`."""
        return 0

    @property
    def written(self) -> int:
        """See `Step`."""
        return max(self.size - self.images, 0)

    def apply(self, stage: Path, files: Files) -> None:
        """See `Step`."""
        if self.source.stat().st_size != self.size:
            raise Conflict(f"{self.source.name} was changed meanwhile; start again.")
        strip(self.source, stage / self.target, dict(self.cameras), files)
        files.advance(self.written)


def strip(source: Path, target: Path, cameras: Mapping[str, str], files: Files) -> None:
    """Write `target`: all of `source` but the images of `cameras` (old names to new ones).

    Raises `Unreadable` where the file is broken or keeps other things among the images, which
    would be lost.
    """
    files.make(target, lambda path: _strip(source, path, cameras))
    if _tables(target) != _tables(source):
        raise Unreadable(f"{source.name} without its images is not what it was; try again.")


def _tables(path: Path) -> tuple[Table, ...]:
    status = path.stat()
    file = FileEntry(str(path), status.st_size, status.st_mtime_ns)
    return hdf5_facts(FactCache(None), file).tables


def _strip(source: Path, target: Path, cameras: Mapping[str, str]) -> None:
    import h5py

    try:
        with open_hdf5(source) as reading, h5py.File(target, "w") as writing:
            _copy(reading, writing, without=_OBSERVATIONS)
            if _OBSERVATIONS in reading:
                observations = reading[_OBSERVATIONS]
                if others := sorted(set(observations.get(_IMAGES, ())) - cameras.keys()):
                    raise Unreadable(
                        f"{source.name} keeps {', '.join(map(str, others))} among its images, "
                        "which would be lost; move it elsewhere first."
                    )
                _copy(observations, writing.create_group(_OBSERVATIONS), without=_IMAGES)
    except (KeyError, RuntimeError, ValueError, TypeError) as error:
        if number := _ERRNO.search(str(error)):  # the disk's fault, which HDF5 hides
            raise OSError(int(number[1]), os.strerror(int(number[1]))) from error
        raise Unreadable(f"{source.name} can't be copied without images: {error}.") from error
    if any(old != new for old, new in cameras.items()):
        rename_cameras(target, {old: new for old, new in cameras.items() if old != new})


def _copy(group: Any, target: Any, without: str) -> None:
    import h5py

    for name in group.attrs:
        target.attrs[name] = group.attrs[name]
    for name in group:
        link = group.get(name, getlink=True)
        if name == without:
            continue
        if isinstance(link, h5py.HardLink):
            group.copy(name, target, name)
        else:
            target[name] = link
