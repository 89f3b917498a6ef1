"""Curves of a run: asked for only as far as they are not known, and thinned out for a screen."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from training_manager_ros.training.models import Metrics

__all__ = ["CurveCache", "thinned"]

KEPT = 4  # runs whose curves are kept; somebody looks at one or two


class CurveCache:
    """The curves of the runs that were looked at last; safe for threads."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._known: OrderedDict[object, Metrics] = OrderedDict()

    def get(self, key: object, ask: Callable[[int | None], Metrics]) -> Metrics:
        """All curves of a run.

        `ask` gives what comes behind a step (None: all). The last points are asked for again:
        another curve may have one there that came a little later.
        """
        with self._changing:
            known = self._known.get(key)
        if known is None or not all(known.curves.values()) or not known.curves:
            found = ask(None)
        else:
            found = _joined(known, ask(min(points[-1][0] for points in known.curves.values()) - 1))
        with self._changing:
            self._known[key] = found
            self._known.move_to_end(key)
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found


def _joined(known: Metrics, more: Metrics) -> Metrics:
    names = {**known.curves, **more.curves}
    joined = {
        name: tuple(
            sorted({**dict(known.curves.get(name, ())), **dict(more.curves.get(name, ()))}.items())
        )
        for name in names
    }
    return Metrics(more.progress, joined)


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
