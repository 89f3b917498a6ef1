"""Whether a metadata.json makes sense, field by field, by the tables of `fields.py`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from training_manager_ros.skills.fields import JOINTS, SKILL_TYPES, MetadataField, known_fields

__all__ = ["find_errors", "is_one_line", "new_errors"]

_MISSING = object()
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def find_errors(value: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with a metadata.json: dotted path → what is allowed; empty if it is sound."""
    errors: dict[str, str] = {}
    if "execution" in value and not isinstance(value["execution"], dict):
        errors["execution"] = "must be a JSON object, such as {}"
    for field in known_fields(skill_type(value)):
        message = _error(field, lookup(value, field.path))
        if message:
            errors[field.path] = message
    return errors


def new_errors(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """The errors of `after` that a change brought in.

    A field that was wrong before and is untouched does not stop the repair of another one.
    """
    old = find_errors(before)
    return {
        path: message
        for path, message in find_errors(after).items()
        if old.get(path) != message or not same(lookup(before, path), lookup(after, path))
    }


def skill_type(value: Mapping[str, Any]) -> str:
    """The skill's type, or "" where it is none of the known ones."""
    found = value.get("type")
    return found if isinstance(found, str) and found in SKILL_TYPES else ""


def lookup(value: Any, path: str) -> Any:
    """The value at a dotted path, or a marker that equals nothing else where there is none."""
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return _MISSING
        value = value[key]
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; unlike `==`, true is not 1, and 1.0 is not 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _error(field: MetadataField, value: Any) -> str:
    if value is _MISSING or value is None:
        return f"is required: {_allowed(field)}" if field.required else ""
    return "" if _accepts(field, value) else f"must be {_allowed(field)}"


def _accepts(field: MetadataField, value: Any) -> bool:
    if field.kind in ("string", "text"):
        if not isinstance(value, str) or (field.required and not value.strip()):
            return False
        if field.kind == "string" and not is_one_line(value):
            return False
        return not (field.inside_skill and value and not stays_inside(value))
    if field.kind == "choice":
        return isinstance(value, str) and value in field.choices
    if field.kind == "object":
        return isinstance(value, dict)
    if field.kind == "pose":
        return value == [] or _is_pose(value)
    if field.kind == "pose_list":
        return isinstance(value, list) and value != [] and all(map(_is_pose, value))
    if field.kind == "integer" and not isinstance(value, int):
        return False
    return _is_number(value) and _in_range(field, value)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every double
        return False


def _in_range(field: MetadataField, value: float) -> bool:
    low = field.minimum
    if low is not None and (value < low or (field.exclusive_minimum and value == low)):
        return False
    return field.maximum is None or value <= field.maximum


def _is_pose(value: Any) -> bool:
    return isinstance(value, list) and len(value) == JOINTS and all(map(_is_number, value))


def stays_inside(path: str) -> bool:
    """Whether a relative path leads to something below the folder that it starts from."""
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts and "\0" not in path


def is_one_line(text: str) -> bool:
    """Whether a text holds no control character, line breaks among them."""
    return _CONTROL.search(text) is None


def _allowed(field: MetadataField) -> str:
    """What a field accepts, to follow "must be"."""
    if field.inside_skill:
        return "a path relative to the skill's folder, without '..'"
    kinds = {
        "string": "one line of text that is not empty" if field.required else "one line of text",
        "text": "a string",
        "object": "a JSON object",
        "pose": f"{JOINTS} finite numbers (rad), or empty",
        "pose_list": f"a list of at least one pose, each of {JOINTS} finite numbers (rad)",
        "choice": "one of " + ", ".join(field.choices),
    }
    if field.kind in kinds:
        return kinds[field.kind]
    limits = []
    if field.minimum is not None:
        bound = "greater than" if field.exclusive_minimum else "at least"
        limits.append(f"{bound} {field.minimum:g}")
    if field.maximum is not None:
        limits.append(f"at most {field.maximum:.15g}")
    number = "a whole number" if field.kind == "integer" else "a finite number"
    return f"{number} {' and '.join(limits)}".rstrip()
