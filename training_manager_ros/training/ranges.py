"""Whether a number is allowed, and in what words not."""

from __future__ import annotations

from training_manager_ros.training.reading import number

__all__ = ["ANY", "range_problem", "range_words"]

ANY = (float("-inf"), float("inf"))


def range_problem(value: object, minimum: float, maximum: float, *, integer: bool) -> str:
    """What is wrong with a value, such as "must be from 1 to 64"; "" if nothing is."""
    found = number(value)
    if found is None:
        return "must be a number"
    if integer and found != int(found):
        return "must be a whole number"
    if not minimum <= found <= maximum:
        return f"must be {range_words(minimum, maximum)}"
    return ""


def range_words(minimum: float, maximum: float) -> str:
    """Such as "from 1 to 64" or "at least 1"; "" without limits."""
    low, high = (f"{limit:.12g}" for limit in (minimum, maximum))
    if (minimum, maximum) == ANY:
        return ""
    if maximum == ANY[1]:
        return f"at least {low}"
    return f"from {low} to {high}" if minimum != ANY[0] else f"at most {high}"
