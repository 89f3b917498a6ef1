from __future__ import annotations

import numpy as np
import pytest

from training_manager_ros.samples.motion import Path3D, signals
from training_manager_ros.samples.scenes import (
    FoldTowel,
    PickUpCup,
    Scene,
    SortFruit,
    StackBlocks,
    WipeTable,
)

_SCENES = [PickUpCup, FoldTowel, StackBlocks, SortFruit, WipeTable]


def test_a_path_goes_through_its_points_and_rests_at_them() -> None:
    path = Path3D([(0.0, 0, 0, 0, 0), (0.5, 1, 2, 3, 1), (1.0, 1, 2, 0, 0)])
    assert path.at(0.0) == (0, 0, 0, 0)
    assert path.at(0.5) == pytest.approx((1, 2, 3, 1))
    assert path.at(1.0) == path.at(7.0) == (1, 2, 0, 0)
    assert path.at(0.51)[2] == pytest.approx(3, abs=1e-3)


@pytest.mark.parametrize("scene", _SCENES)
def test_signals_are_those_of_an_arm(scene: type[Scene]) -> None:
    found = signals(scene(1).path, 90, 30.0, seed=1)
    assert (found.action.shape, found.qpos.shape, found.qvel.shape) == ((90, 10), (90, 6), (90, 6))
    for values in (found.action, found.qpos, found.qvel):
        assert np.isfinite(values).all()
    assert np.abs(found.qpos).max() < np.pi
    assert np.abs(found.qvel).max() < 12  # rad/s: quick, but no jump
    assert np.ptp(found.qpos, axis=0).max() > 0.5
    np.testing.assert_allclose(found.action[:, :6], found.qpos, atol=1.0)
    np.testing.assert_allclose(found.action[:, 8], np.linspace(0, 1, 90), atol=1e-9)
    assert found.action[:, 9].sum() == 10


def test_a_single_timestep_is_possible() -> None:
    assert np.isfinite(signals(PickUpCup(0).path, 1, 30.0, seed=0).qvel).all()
