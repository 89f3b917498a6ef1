"""Reading JSON that others wrote: each function takes anything and gives a value of one type."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

from training_manager_ros.errors import Unavailable

__all__ = [
    "Json",
    "amount",
    "as_list",
    "as_object",
    "is_within",
    "number",
    "parse_json",
    "parse_time",
    "text",
    "whole",
]

Json = Mapping[str, object]

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))?\s*(Z|[+-]\d\d:?(?:\d\d)?)?", re.I
)


def parse_time(value: object) -> datetime | None:
    """An ISO 8601 time as UTC; a naive one is UTC already; None for anything else."""
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    offset = timedelta()
    if zone and zone not in "zZ":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}")
        moment += timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))
        moment -= offset if zone and zone[0] == "+" else -offset
    except (ValueError, OverflowError):  # no such day, or one before the first
        return None
    return moment.replace(tzinfo=timezone.utc)


def text(value: object) -> str:
    """A string as it is, a number as its digits, anything else as nothing."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def whole(value: object) -> int | None:
    """A whole number, also from a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def number(value: object) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def amount(value: object) -> float | None:
    """A finite number, also from a string; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return number(value)


def is_within(value: object, depth: int) -> bool:
    """Whether a JSON value nests lists and objects at most so deep."""
    level = [value]
    for _ in range(depth + 1):
        containers = [item for item in level if isinstance(item, Mapping | list)]
        if not containers:
            return True
        level = [
            inner
            for item in containers
            for inner in (item.values() if isinstance(item, Mapping) else item)
        ]
    return False


def parse_json(data: bytes) -> object:
    """What JSON says; raises `ValueError` for anything else, however it breaks the parser."""
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("nested too deep") from None


def as_object(value: object, what: str) -> Json:
    """A JSON object; raises `Unavailable` for anything else, as a proxy's page would be."""
    if not isinstance(value, Mapping):
        raise Unavailable(f"The training server's answer is not {what}; is it a training server?")
    return value


def as_list(value: object, what: str) -> Sequence[object]:
    """A JSON list; raises `Unavailable` for anything else."""
    if not isinstance(value, list):
        raise Unavailable(f"The training server's answer is not {what}; is it a training server?")
    return value
