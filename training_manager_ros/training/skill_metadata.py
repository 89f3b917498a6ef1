"""Changes of a skill's metadata.json that must go through although others write it too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from training_manager_ros.errors import Unreadable
from training_manager_ros.skills import StaleRevision, read_metadata, update_metadata

__all__ = ["change_metadata", "metadata_value"]

TRIES = 5


def metadata_value(folder: Path) -> Mapping[str, Any]:
    """What metadata.json says; raises `NotFound` and `Unreadable`."""
    metadata = read_metadata(folder)
    if metadata.value is None:
        raise Unreadable(f"{folder.name}: {metadata.problem}")
    return metadata.value


def change_metadata(
    folder: Path, patch: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
) -> None:
    """Apply the patch that `patch` makes of the present content; None: leave it.

    Where somebody else was faster, the patch is made again. Raises as `update_metadata`.
    """
    metadata = read_metadata(folder)
    for remaining in reversed(range(TRIES)):
        if metadata.value is None:
            raise Unreadable(f"{folder.name}: {metadata.problem}")
        changes = patch(metadata.value)
        if changes is None:
            return
        try:
            update_metadata(folder, metadata.revision, changes)
            return
        except StaleRevision as error:
            if not remaining:
                raise
            metadata = error.current
