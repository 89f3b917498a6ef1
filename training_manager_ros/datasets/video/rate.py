"""Frames a second as an exact fraction."""

from __future__ import annotations

from fractions import Fraction

from training_manager_ros.errors import InvalidInput

__all__ = ["exact_rate", "is_possible"]

_SLOWEST, _FASTEST = 0.001, 10_000.0


def is_possible(rate: float) -> bool:
    """Whether a film can be that slow or fast."""
    return _SLOWEST <= rate <= _FASTEST


def exact_rate(rate: float) -> Fraction:
    """The rate that is meant: 29.97002997 is 30000/1001. Raises `InvalidInput` if impossible."""
    if not is_possible(rate):
        raise InvalidInput(f"A video can't have {rate} frames a second.")
    return Fraction(rate).limit_denominator(1001)
