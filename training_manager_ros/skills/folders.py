"""Names and folders: which entries of the skills directory are skills, and the one safe lookup."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from training_manager_ros.errors import InvalidInput, NotFound, Unreadable

__all__ = ["METADATA", "candidate_names", "folder_name", "link_problem", "skill_folder"]

METADATA = "metadata.json"
_NAME_BYTES = 255  # the longest name that file systems take


def folder_name(display_name: str) -> str:
    """The folder's name that follows from a display name, by the rule of the robot's brain.

    "Pick up cup!" → "pick-up-cup". Raises `InvalidInput` where nothing is left of it.
    """
    kept = re.sub(r"[^A-Za-z0-9\s-]", "", display_name).strip()
    name = re.sub(r"\s+", "-", kept).lower()
    if not name:
        raise InvalidInput(
            f"No folder name can be made from the name {display_name!r}; "
            "use letters a to z, digits or '-'.",
            {"name": "must contain letters a to z, digits or '-'"},
        )
    if len(name) > _NAME_BYTES:
        raise InvalidInput(
            f"The name is too long; its folder's name can have {_NAME_BYTES} characters at most.",
            {"name": f"must give a folder name of at most {_NAME_BYTES} characters"},
        )
    return name


def is_shown(name: str) -> bool:
    """Whether an entry of the skills directory can be a skill at all, by its name."""
    return not name.startswith(".") and name != "__pycache__"


def is_plain(name: str) -> bool:
    """Whether `name` can be the name of a skill's folder, and is nothing more than a name."""
    if not name or "/" in name or "\0" in name or not is_shown(name):
        return False
    try:
        return len(os.fsencode(name)) <= _NAME_BYTES
    except UnicodeEncodeError:  # half a surrogate pair: no file's name
        return False


def skill_folder(root: Path, name: str) -> Path:
    """The folder of the skill `name`, which is a plain name and never a path.

    Raises `InvalidInput` for what can't be a folder's name, and `NotFound` where there is no such
    folder directly below `root`, or only a link that leads out of it.
    """
    if not is_plain(name):
        shown = name[:80].encode("utf-8", "replace").decode()
        raise InvalidInput(
            f"{shown!r} is no skill's name; use a folder's name as the list of skills shows it.",
            {"name": "must be the name of a folder in the skills directory"},
        )
    folder = root / name
    try:
        status = folder.lstat()
        if stat.S_ISLNK(status.st_mode):
            problem = link_problem(root, name)
            if problem:
                raise NotFound(f"The skill {name} {problem}")
            status = folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise _unknown(name) from None
    except (OSError, ValueError) as error:
        raise Unreadable(f"The folder of the skill {name} can't be read: {error}.") from error
    if not stat.S_ISDIR(status.st_mode):
        raise _unknown(name)
    return folder


def candidate_names(root: Path) -> list[str]:
    """Names in `root` that may be skills: folders, and links that do not lead to a file.

    Raises `OSError` where the directory can't be read.
    """
    names = []
    with os.scandir(root) as entries:
        for entry in entries:
            if not is_shown(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False) or (
                entry.is_symlink() and not os.path.isfile(entry.path)
            ):
                names.append(entry.name)
    return names


def link_problem(root: Path, name: str) -> str:
    """What is wrong with the link `name` in `root`, as the end of a sentence; "" if it is sound."""
    link = root / name
    try:
        target = os.path.realpath(link, strict=True)
    except OSError as error:
        return (
            f"is a link that leads nowhere ({error.strerror}); "
            "remove it or bring back what it points to."
        )
    if not target.startswith(os.path.realpath(root).rstrip("/") + "/"):
        return (
            "is a link that leads out of the skills directory, which is not followed; "
            "move the folder itself there."
        )
    return ""


def _unknown(name: str) -> NotFound:
    return NotFound(f"There is no skill {name!r}; see the list of skills for their names.")
