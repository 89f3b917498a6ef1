"""Whether a file can be read, and be what its name says, before a library is set upon it."""

from __future__ import annotations

import os
from pathlib import Path

from training_manager_ros.datasets.listing import shown
from training_manager_ros.errors import Unreadable

__all__ = ["check_content", "out_of_reach", "too_small"]

_LFS = b"version https://git-lfs"
_SMALLEST = 200  # bytes; no video, parquet or HDF5 file with content is smaller


def check_content(path: Path) -> None:
    """Raise `Unreadable` for a file that is empty or a Git LFS pointer; `OSError` passes."""
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        raise Unreadable(f"{path.name} is empty.")
    if head.startswith(_LFS):
        raise Unreadable(
            f"{path.name} is a Git LFS pointer, not the file itself; run `git lfs pull` where it "
            "came from and copy it again.",
            "lfs-pointer",
        )


def too_small(size: int) -> bool:
    """Whether a data file of `size` bytes can't be whole (a Git LFS pointer has some 130)."""
    return size < _SMALLEST


def out_of_reach(error: OSError) -> Unreadable:
    """What to raise where the disk is at fault, not the content; that may pass."""
    name = os.path.basename(os.fsdecode(error.filename or "A file"))
    return Unreadable(f"{shown(name)} can't be read: {error.strerror or error}.", "file-unreadable")
