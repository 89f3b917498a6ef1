"""What people say about episodes (keep, reject, a note), and where a dataset was made from.

Both lie beside the dataset, in data/.training_manager.json: hidden, so never uploaded.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.edit.files import explained, sync
from training_manager_ros.datasets.jsonfile import read_json, to_text
from training_manager_ros.errors import InvalidInput, Unreadable

__all__ = ["MARKS_FILE", "Mark", "Verdict", "mark_episodes", "notes_text", "read_marks"]

MARKS_FILE = "data/.training_manager.json"
_ID = re.compile(r"[0-9]{1,9}")
_LONGEST_NOTE = 1000  # characters


class Verdict(str, Enum):
    """What is to become of an episode."""

    NONE = ""
    KEEP = "keep"
    REJECT = "reject"


@dataclass(frozen=True)
class Mark:
    """What somebody said about an episode."""

    verdict: Verdict = Verdict.NONE
    note: str = ""


def read_marks(skill_dir: Path) -> dict[int, Mark]:
    """The marks by episode id. Raises `Unreadable` where the file is broken."""
    marks: dict[int, Mark] = {}
    listed = read_notes(skill_dir).get("marks")
    for key, value in listed.items() if isinstance(listed, Mapping) else ():
        if _ID.fullmatch(key) and isinstance(value, Mapping):
            verdict = to_text(value.get("verdict"))
            known = Verdict(verdict) if verdict in set(Verdict) else Verdict.NONE
            marks[int(key)] = Mark(known, to_text(value.get("note")))
    return marks


def mark_episodes(
    skill_dir: Path,
    episodes: Iterable[int],
    verdict: Verdict | None = None,
    note: str | None = None,
) -> dict[int, Mark]:
    """Mark episodes and return all marks; None leaves a verdict or a note as it is.

    The ids must be episodes of the dataset (see `named_episodes`). Raises `InvalidInput` for a note
    that is too long, `Unreadable` where the file is broken and `DiskProblem` where it can't be
    written.
    """
    if note is not None and len(note) > _LONGEST_NOTE:
        raise InvalidInput(f"The note is too long; {_LONGEST_NOTE} characters are enough.")
    with _alone(skill_dir):
        content = read_notes(skill_dir)
        marks = read_marks(skill_dir)
        for episode in episodes:
            old = marks.get(episode, Mark())
            marks[episode] = Mark(
                old.verdict if verdict is None else verdict, old.note if note is None else note
            )
        _replace(skill_dir / MARKS_FILE, notes_text(content, marks))
    return {episode: mark for episode, mark in marks.items() if mark != Mark()}


def read_notes(skill_dir: Path) -> Mapping[str, Any]:
    """All that the file holds; empty where there is none. Raises `Unreadable`."""
    path = skill_dir / MARKS_FILE
    return read_json(path) if os.path.lexists(path) else {}


def notes_text(content: Mapping[str, Any], marks: Mapping[int, Mark]) -> str:
    """The file's text: `content` with these marks."""
    listed = {
        str(episode): {"verdict": mark.verdict.value, "note": mark.note}
        for episode, mark in sorted(marks.items())
        if mark != Mark()
    }
    return json.dumps({"version": 1, **content, "marks": listed}, indent=4) + "\n"


@contextlib.contextmanager
def _alone(skill_dir: Path) -> Iterator[None]:
    """One writer at a time, across processes; the folder itself serves as the lock."""
    try:
        descriptor = os.open(skill_dir / "data", os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise Unreadable(f"{skill_dir.name} has no dataset that can be opened.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.tmp")
    with explained(path):
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        sync(path.parent)
