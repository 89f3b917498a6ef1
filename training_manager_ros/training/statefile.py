"""Small JSON files of our own: read tolerantly, written beside and renamed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from training_manager_ros.training.reading import Json, parse_json

__all__ = ["read_lines", "read_state", "write_state"]


def read_state(path: Path) -> Json:
    """The object in the file; an empty one if there is none or it can't be read."""
    try:
        value = parse_json(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def read_lines(path: Path) -> Iterator[Json]:
    """The objects in a file that has one a line; lines that are torn are passed over."""
    try:
        raw = path.read_bytes()
    except OSError:
        return
    for line in raw.splitlines():
        try:
            value = parse_json(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def write_state(path: Path, value: Json, *, private: bool = False) -> None:
    """Replace the file; a private one only its owner can read. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Others may write it as well, in this process or another one.
    fresh = path.with_name(f".{path.name}.{threading.get_native_id()}.tmp")
    fresh.unlink(missing_ok=True)
    mode = 0o600 if private else 0o666
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
