from __future__ import annotations

import numpy as np
import pytest

from training_manager_ros.datasets.innate_signals import signal_names

_JOINTS = tuple(f"joint_{i}" for i in range(1, 7))


def _with_progress(commanded: int, rows: int = 30) -> np.ndarray:
    termination = (np.arange(rows) >= rows - 10).astype(float)
    return np.column_stack(
        [
            np.random.default_rng(0).normal(size=(rows, commanded)),
            np.linspace(0, 1, rows),
            termination,
        ]
    )


def test_the_recorders_usual_action() -> None:
    names, units = signal_names("action", _with_progress(8))
    assert names == (*_JOINTS, "linear_x", "angular_z", "progress", "termination")
    assert units == ("rad",) * 6 + ("m/s", "rad/s", "", "")


def test_the_usual_width_is_named_even_where_nothing_moves() -> None:
    assert signal_names("action", np.zeros((5, 10)))[0][-2:] == ("progress", "termination")


def test_joints_alone_with_progress() -> None:
    names, units = signal_names("action", _with_progress(6))
    assert names == (*_JOINTS, "progress", "termination")
    assert units[0] == "rad"


@pytest.mark.parametrize(("commanded", "rows"), [(12, 30), (14, 5), (1, 12)])
def test_other_widths_are_numbered_but_progress_is_seen(commanded: int, rows: int) -> None:
    names, units = signal_names("action", _with_progress(commanded, rows))
    assert names == (*(f"action[{i}]" for i in range(commanded)), "progress", "termination")
    assert set(units) == {""}


@pytest.mark.parametrize("width", [0, 1, 2, 3, 14])
def test_what_does_not_look_like_progress_is_numbered(width: int) -> None:
    values = np.random.default_rng(0).normal(size=(20, width))
    names, units = signal_names("action", values)
    assert names == tuple(f"action[{i}]" for i in range(width))
    assert len(units) == width


def test_joints_and_base() -> None:
    assert signal_names("qpos", np.zeros((2, 3))) == (
        ("joint_1", "joint_2", "joint_3"),
        ("rad",) * 3,
    )
    assert signal_names("qvel", np.zeros((2, 1))) == (("joint_1",), ("rad/s",))
    assert signal_names("cmd_vel", np.zeros((2, 2))) == (
        ("linear_x", "angular_z"),
        ("m/s", "rad/s"),
    )
    assert signal_names("odom", np.zeros((2, 2))) == (("odom[0]", "odom[1]"), ("", ""))


def test_no_rows_are_no_harm() -> None:
    assert signal_names("action", np.zeros((0, 14)))[0][0] == "action[0]"
