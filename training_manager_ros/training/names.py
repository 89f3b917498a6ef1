"""File names that a server gave: untrusted, so each is a safe path below a folder or none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from training_manager_ros.errors import Refused

__all__ = ["ResultNames", "result_names", "unsafe"]

LONGEST_PART = 200  # bytes; file systems take 255, and names are made from it
LONGEST = 1000
COMPRESSED = ".zst"
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class ResultNames:
    """Where each file of a run goes, below the run's folder."""

    paths: dict[str, str]  # relative path, with "/", by the server's name
    skipped: dict[str, str]  # why, by the server's name


def unsafe(name: str) -> str:
    """Why a name must not be used as a path below a folder; "" if it may."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "is no valid text"
    if not name:
        return "is empty"
    if size > LONGEST:
        return "is too long"
    if any(unicodedata.category(character).startswith("C") for character in name):
        return "has control characters"
    if "\\" in name:
        return "has backslashes"
    if name.startswith("/") or _DRIVE.match(name):
        return "is an absolute path"
    for part in name.split("/"):
        if part in ("", ".", ".."):
            return "climbs out of its folder" if part == ".." else "is no plain path"
        if len(part.encode()) > LONGEST_PART:
            return "is too long"
        if _RESERVED.fullmatch(part) or part != part.strip() or part.endswith("."):
            return "is reserved on some systems"
    return ""


def result_names(names: Iterable[str]) -> ResultNames:
    """Where the files of a run go; compressed ones without their ending, hidden ones nowhere.

    Raises `Refused` if a name is unsafe, or if two would come to the same place: such a list is
    not one that a sound run leaves.
    """
    paths: dict[str, str] = {}
    skipped: dict[str, str] = {}
    taken: dict[str, str] = {}
    folders: set[str] = set()
    for name in sorted(names):
        problem = unsafe(name)
        if problem:
            raise Refused(
                f"The run's list of files has the name {_shown(name)}, which {problem}; nothing of "
                "the run is downloaded."
            )
        if any(part.startswith(".") for part in name.split("/")):
            skipped[name] = "hidden"
            continue
        path = name.removesuffix(COMPRESSED)
        if not path or path.endswith("/"):
            skipped[name] = "has no name"
            continue
        key = _folded(path)
        if key in taken:
            raise Refused(
                f"The run's files {_shown(taken[key])} and {_shown(name)} would be the same file; "
                "nothing of the run is downloaded."
            )
        taken[key] = name
        parts = key.split("/")
        folders |= {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        paths[name] = path
    for key in folders & taken.keys():
        raise Refused(
            f"The run's file {_shown(taken[key])} is also a folder of other files; nothing of the "
            "run is downloaded."
        )
    return ResultNames(paths, skipped)


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _shown(name: str) -> str:
    return repr(name if len(name) <= 80 else name[:77] + "…")
