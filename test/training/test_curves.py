from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.training.curves import thinned

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
