"""The steps that all formats share: an unchanged file, and a small file with new content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training_manager_ros.datasets.edit.files import Files

__all__ = ["Place", "Write"]


@dataclass(frozen=True)
class Place:
    """A file of a source, unchanged."""

    source: Path
    target: str  # below the new skill's folder
    size: int  # bytes
    linkable: bool  # nobody writes such files in place: HDF5 episodes and MP4s, not JSON or parquet

    @property
    def linked(self) -> int:
        """See `Step`."""
        return self.size

    @property
    def written(self) -> int:
        """See `Step`."""
        return 0

    def apply(self, stage: Path, files: Files) -> None:
        """See `Step`."""
        files.place(self.source, stage / self.target, linkable=self.linkable, size=self.size)


@dataclass(frozen=True)
class Write:
    """A file with content that the plan already holds."""

    target: str  # below the new skill's folder
    content: bytes

    @property
    def linked(self) -> int:
        """See `Step`."""
        return 0

    @property
    def written(self) -> int:
        """See `Step`."""
        return len(self.content)

    def apply(self, stage: Path, files: Files) -> None:
        """See `Step`."""
        files.write(stage / self.target, self.content)
