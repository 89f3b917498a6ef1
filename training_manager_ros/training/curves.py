"""Curves of a run, thinned out for a screen."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["thinned"]


def thinned(points: Sequence[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    """At most `most` (2 or more) of the finite points, in order of their steps.

    The lowest and the highest of each part stay, so that a spike is still seen.
    """
    finite = sorted(point for point in points if math.isfinite(point[1]))
    if len(finite) <= most:
        return finite
    parts = most // 2
    kept = []
    for number in range(parts):
        start, end = (len(finite) * n // parts for n in (number, number + 1))
        part = finite[start:end]
        low = min(part, key=lambda point: point[1])
        high = max(part, key=lambda point: point[1])
        kept += sorted({low, high})
    return kept
