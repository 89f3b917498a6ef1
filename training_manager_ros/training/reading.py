"""Reading JSON that others wrote: each function takes anything and gives a value of one type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

from training_manager_ros.errors import Unavailable

__all__ = ["Json", "amount", "as_list", "as_object", "number", "parse_time", "text", "whole"]

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
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}")
    except ValueError:
        return None
    moment += timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))
    if zone and zone not in "zZ":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        moment -= offset if zone[0] == "+" else -offset
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
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def number(value: object) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < float("inf") else None


def amount(value: object) -> float | None:
    """A finite number, also from a string; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return number(value)


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
