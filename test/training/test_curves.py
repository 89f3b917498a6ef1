from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.training.curves import CurveCache, thinned
from training_manager_ros.training.models import Metrics, RunProgress

POINTS = st.lists(st.tuples(st.integers(0, 10**6), st.floats()), max_size=300)


@given(POINTS, st.integers(2, 50))
def test_it_keeps_the_extremes_and_the_order(points: list[tuple[int, float]], most: int) -> None:
    kept = thinned(points, most)
    finite = [point for point in points if math.isfinite(point[1])]
    assert len(kept) <= most
    assert kept == sorted(kept)
    assert set(kept) <= set(finite)
    if finite:
        assert min(p[1] for p in kept) == min(p[1] for p in finite)
        assert max(p[1] for p in kept) == max(p[1] for p in finite)


def test_a_short_curve_stays_whole() -> None:
    assert thinned([(2, 1.0), (1, float("nan")), (0, 3.0)], 1000) == [(0, 3.0), (2, 1.0)]


def test_what_is_known_of_a_run_is_not_asked_for_again() -> None:
    curves: dict[str, list[tuple[int, float]]] = {"loss": [(1, 3.0), (2, 2.0)]}
    asked: list[int | None] = []

    def ask(after: int | None) -> Metrics:
        asked.append(after)
        behind = -1 if after is None else after
        shown = {name: tuple(p for p in c if p[0] > behind) for name, c in curves.items()}
        last = max(point[0] for curve in curves.values() for point in curve)
        return Metrics(RunProgress(last), shown)

    cache = CurveCache()
    assert cache.get("a", ask).curves == {"loss": ((1, 3.0), (2, 2.0))}
    curves["validation"] = [(2, 4.0)]  # it came a little later than the loss of its step
    curves["loss"].append((3, 1.5))
    found = cache.get("a", ask)
    assert found.curves == {name: tuple(points) for name, points in curves.items()}
    assert found.progress == RunProgress(3)
    curves["loss"].append((4, 1.0))
    assert cache.get("a", ask).curves["loss"][-1] == (4, 1.0)
    assert asked == [None, 1, 1]
    for other in "bcde":
        cache.get(other, ask)
    cache.get("a", ask)  # forgotten by now
    assert asked[3:] == [None] * 5
