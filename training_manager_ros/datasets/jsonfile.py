"""Reading JSON that other programs write, sometimes at this very moment, and that people edit."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.listing import shown
from training_manager_ros.datasets.problem import Problem
from training_manager_ros.errors import Unreadable

__all__ = ["quoted", "read_json", "read_json_lines", "to_int", "to_number", "to_text"]

_MAX_BYTES = 64 * 2**20


def read_json(path: str | Path) -> Mapping[str, Any]:
    """The JSON object in a file. Raises `Unreadable` where there is none, or only half of it."""
    name = os.path.basename(path)
    text = _read(path)
    if not text.strip():
        raise Unreadable(f"{name} is empty; if something is writing it, it will be read again.")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(
            f"{name} is not valid JSON{where}; if it is being written, it will be read again, "
            "otherwise repair it by hand.",
            "metadata-broken",
        ) from error
    if not isinstance(value, dict):
        raise Unreadable(
            f"{name} must hold a JSON object, not {_kind(value)}; repair it by hand.",
            "metadata-broken",
        )
    return value


def read_json_lines(path: str | Path) -> tuple[list[Mapping[str, Any]], tuple[Problem, ...]]:
    """The JSON objects of a file that has one a line, and what is wrong with other lines."""
    objects: list[Mapping[str, Any]] = []
    broken: list[str] = []
    for number, line in enumerate(_read(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            objects.append(value)
        else:
            broken.append(str(number))
    if not broken:
        return objects, ()
    lines = ", ".join(broken[:3]) + (", …" if len(broken) > 3 else "")
    return objects, (
        Problem(
            "list-broken", f"{os.path.basename(path)} has lines that are no JSON objects: {lines}."
        ),
    )


def _read(path: str | Path) -> str:
    name = os.path.basename(path)
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"{name} can't be read: {error.strerror}.", "file-unreadable") from error
    if len(data) > _MAX_BYTES:
        raise Unreadable(
            f"{name} is larger than {_MAX_BYTES >> 20} MB; that can't be right.", "metadata-broken"
        )
    return data.decode("utf-8-sig", "replace")


def _kind(value: object) -> str:
    kinds = {
        dict: "an object",
        list: "a list",
        str: "a string",
        bool: "true or false",
        type(None): "null",
    }
    return kinds.get(type(value), "a number")


def quoted(value: object) -> str:
    """A value as a sentence names it: short strings and numbers themselves, else their kind."""
    if isinstance(value, str):
        return repr(shown(value[:40]))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:.6g}" if isinstance(value, float) or abs(value) < 2**63 else "a number"
    return _kind(value)


def to_number(value: object, default: float = 0.0) -> float:
    """A finite number ≥ 0, or `default` for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return default
    try:
        number = float(value)
    except OverflowError:
        return default
    return number if math.isfinite(number) and number >= 0 else default


def to_int(value: object, default: int | None = None) -> int | None:
    """A whole number from 0 to 2³¹ - 1 (`3.0` is one), or `default` for anything else."""
    if type(value) is int:  # nearly always
        return value if 0 <= value < 2**31 else default
    number = to_number(value, -1.0)
    return int(number) if number.is_integer() and 0 <= number < 2**31 else default


def to_text(value: object) -> str:
    """A string that can be shown and sent anywhere, or "" for anything else."""
    return shown(value) if isinstance(value, str) else ""
