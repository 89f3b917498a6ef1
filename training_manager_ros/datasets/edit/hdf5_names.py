"""An episode's HDF5 file with other names for its cameras: a copy of its own, changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.errors import Unreadable

__all__ = ["PlaceRenamed", "rename_cameras"]

_GROUPS = ("observations/images", "timestamps/images")


@dataclass(frozen=True)
class PlaceRenamed:
    """A file of a source in which cameras get new names; shares blocks where possible, no link."""

    source: Path
    target: str  # below the new skill's folder
    size: int  # bytes
    cameras: tuple[tuple[str, str], ...]  # (old, new)

    @property
    def linked(self) -> int:
        """See `Step`."""
        return 0

    @property
    def written(self) -> int:
        """See `Step`."""
        return self.size

    def apply(self, stage: Path, files: Files) -> None:
        """See `Step`."""
        target = stage / self.target
        files.place(self.source, target, linkable=False, size=self.size)
        files.change(target, lambda path: rename_cameras(path, dict(self.cameras)))


def rename_cameras(path: Path, cameras: Mapping[str, str]) -> None:
    """Give cameras in an episode's file new names, in place. Raises `Unreadable`."""
    import h5py

    try:
        with h5py.File(path, "r+") as file:
            for name in _GROUPS:
                group = file.get(name)
                if not isinstance(group, h5py.Group):
                    continue
                # aside first, as names may be swapped
                moved = {old: new for old, new in cameras.items() if old in group}
                for number, old in enumerate(moved):
                    group.move(old, f".renamed {number}")
                for number, new in enumerate(moved.values()):
                    group.move(f".renamed {number}", new)
    except (ValueError, KeyError, RuntimeError) as error:
        raise Unreadable(f"The cameras in {path.name} can't be renamed: {error}.") from error
