"""Time as the contract writes it: ISO 8601, UTC, ending in Z."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone

__all__ = ["Clock", "iso", "seconds"]

Clock = Callable[[], float]
"""Seconds since the epoch; `time.time` outside of tests."""


def iso(at: float) -> str:
    """Seconds since the epoch as text; sorts as time does."""
    text = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def seconds(text: str) -> float:
    """The reverse of `iso`."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
