"""Which names an uploaded file may have: paths that stay below the folder they are put in."""

from __future__ import annotations

import unicodedata

from training_manager_ros.errors import InvalidInput

__all__ = ["check_name"]

LONGEST_NAME = 1024  # bytes of UTF-8, as S3 has it
LONGEST_PART = 255  # bytes of UTF-8, as Linux file systems have it


def check_name(name: object) -> str:
    """`name` if it is a relative path that climbs nowhere; else `InvalidInput` saying why."""
    if not isinstance(name, str):
        raise InvalidInput("A file's name must be text.")
    problem = _problem(name)
    if problem:
        raise InvalidInput(f"{name!r} can't be a file's name: {problem}.", {"filenames": problem})
    return name


def _problem(name: str) -> str:
    if not name:
        return "it is empty"
    try:
        parts = [part.encode("utf-8") for part in name.split("/")]
    except UnicodeEncodeError:
        return "it is no valid Unicode"
    if len(name.encode("utf-8")) > LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} bytes"
    if any(unicodedata.category(c) == "Cc" for c in name):
        return "it has control characters"
    if "\\" in name:
        return "it has a backslash"
    if any(part in (b"", b".", b"..") for part in parts):
        return "it must be a relative path without empty, '.' or '..' parts"
    if any(len(part) > LONGEST_PART for part in parts):
        return f"a part of it is longer than {LONGEST_PART} bytes"
    return ""
