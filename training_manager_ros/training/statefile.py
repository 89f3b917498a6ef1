"""Small JSON files of our own: read tolerantly, written beside and renamed."""

from __future__ import annotations

import json
import os
from pathlib import Path

from training_manager_ros.training.reading import Json

__all__ = ["read_state", "write_state"]


def read_state(path: Path) -> Json:
    """The object in the file; an empty one if there is none or it can't be read."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_state(path: Path, value: Json) -> None:
    """Replace the file; raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.tmp")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
