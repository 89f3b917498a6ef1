"""A new skill is made in a hidden folder beside the others and appears whole, or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training_manager_ros.datasets.edit.files import Files, explained
from training_manager_ros.errors import Conflict

__all__ = ["clean_stages", "stage_names", "staged"]

_SUFFIX = ".staging"


@contextmanager
def staged(root: Path, name: str, files: Files) -> Iterator[Path]:
    """A folder to fill; it becomes the skill `name` when the block ends without an error.

    The caller holds the lock on `name`, so what lies there from a crash belongs to nobody.
    Raises `Conflict` where the skill exists.
    """
    target, stage = root / name, root / f".{name}{_SUFFIX}"
    if os.path.lexists(target):
        raise Conflict(f"There is already a skill in the folder {name}; choose another name.")
    _remove(stage)
    try:
        files.make_folder(stage)
        yield stage
        files.publish(stage, target)
    finally:
        _remove(stage)


def clean_stages(root: Path, name: str) -> None:
    """Remove what a crash left of making the skill `name`; the caller holds its lock."""
    _remove(root / f".{name}{_SUFFIX}")


def stage_names(root: Path) -> list[str]:
    """Names of skills that are being made, or were when something was killed."""
    try:
        entries = os.listdir(root)
    except OSError:
        return []  # whoever wants to write there will be told
    hidden = [name for name in entries if name.startswith(".") and name.endswith(_SUFFIX)]
    return [name[1 : -len(_SUFFIX)] for name in hidden if len(name) > len(_SUFFIX) + 1]


def _remove(stage: Path) -> None:
    with explained(stage):
        if stage.is_symlink():
            stage.unlink()
        elif stage.exists():
            shutil.rmtree(stage)
