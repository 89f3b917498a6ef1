from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from training_manager_ros.datasets import Signal
from training_manager_ros.panel.signals import signals_json


class Recorded:
    """One episode's signals, as a dataset would give them."""

    def __init__(self, *values, times=(), rate=30.0) -> None:
        self.summary = SimpleNamespace(rate=rate)
        self._values = [np.asarray(one, dtype=float) for one in values]
        self._times = np.asarray(times, dtype=float)

    def signals(self, episode_id):
        return tuple(
            Signal(f"signal{number}", values, ("a",) * values.shape[1], ("rad",) * values.shape[1])
            for number, values in enumerate(self._values)
        )

    def timestamps(self, episode_id):
        return self._times


def answer(recorded, points=None):
    return json.loads(signals_json(recorded, 0, points), parse_constant=pytest.fail)


def test_everything_is_there_row_by_row() -> None:
    got = answer(Recorded([[1, 2.5], [3, -4]], [[0], [1e-9]], times=[0, 0.04]))
    assert got == {
        "timestamps": [0, 0.04],
        "rate": 30,
        "signals": [
            {
                "name": "signal0",
                "names": ["a", "a"],
                "units": ["rad", "rad"],
                "values": [[1, 2.5], [3, -4]],
            },
            {"name": "signal1", "names": ["a"], "units": ["rad"], "values": [[0], [1e-9]]},
        ],
    }


def test_times_come_from_the_rate_where_none_fit() -> None:
    assert answer(Recorded([[1], [2], [3]], rate=10))["timestamps"] == [0, 0.1, 0.2]
    assert answer(Recorded([[1], [2], [3]], times=[5, 6], rate=0))["timestamps"] == [0, 1, 2]


def test_what_is_no_number_is_null() -> None:
    got = answer(Recorded([[np.nan, np.inf], [1, -np.inf]], times=[np.nan, 0]))
    assert got["signals"][0]["values"] == [[None, None], [1, None]]
    assert got["timestamps"] == [None, 0]


def test_nothing_recorded() -> None:
    assert answer(Recorded())["signals"] == []
    assert answer(Recorded(np.empty((0, 3))), points=10)["signals"][0]["values"] == []


def test_thinning_keeps_a_peak_of_one_frame() -> None:
    values = np.zeros((1800, 2))
    values[777, 0], values[1234, 1] = 5, -7
    got = np.asarray(answer(Recorded(values), points=100)["signals"][0]["values"])
    assert len(got) == 100
    assert got[:, 0].max() == 5
    assert got[:, 1].min() == -7


def test_a_short_episode_is_not_thinned() -> None:
    assert len(answer(Recorded(np.zeros((50, 1))), points=50)["timestamps"]) == 50


def test_signals_of_different_length_stay_in_step_when_thinned() -> None:
    got = answer(Recorded(np.ones((1000, 1)), np.ones((500, 1))), points=20)
    long, short = (np.array(one["values"], dtype=float) for one in got["signals"])
    assert len(got["timestamps"]) == len(long) == len(short) == 20
    assert np.isnan(short[-8:]).all()
    assert (short[:8] == 1).all()


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40),
        elements=st.floats(width=64),
    ),
    st.one_of(st.none(), st.integers(2, 60)),
)
def test_any_values_become_json_that_is_near_enough(values, points) -> None:
    got = answer(Recorded(values), points)
    rows = got["signals"][0]["values"]
    assert len(rows) == len(got["timestamps"])
    assert len(rows) <= (points or len(values))
    assert got["timestamps"] == sorted(got["timestamps"])
    shown = np.asarray(rows, dtype=float)
    if points is None or len(values) <= points:
        finite = np.isfinite(values)
        assert (np.isfinite(shown) == finite).all()
        np.testing.assert_allclose(shown[finite], values[finite], rtol=1e-5, atol=1e-285)
    else:
        for column in range(values.shape[1]):
            finite = values[np.isfinite(values[:, column]), column]
            if len(finite) == len(values):
                np.testing.assert_allclose(
                    [shown[:, column].min(), shown[:, column].max()],
                    [finite.min(), finite.max()],
                    rtol=1e-5,
                    atol=1e-285,
                )
