"""How the arm moves in a sample: a smooth path of the gripper, and the joints that go with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Path3D", "Signals", "signals"]

_BASE = (0.75, 1.05)  # where the arm stands on the table
_UPPER, _FORE = 0.95, 0.95  # lengths of its links
_TERMINATION = 10  # rows


@dataclass(frozen=True)
class Path3D:
    """A path through way points (time 0 to 1, x, y, z, how far the gripper is open 0 to 1).

    The table reaches from -1 to 1 in x (right) and 0 to 1 in y (away), z is up.
    """

    points: Sequence[tuple[float, float, float, float, float]]

    def at(self, time: float) -> tuple[float, float, float, float]:
        """(x, y, z, opening) at a time, starting and stopping gently at every way point."""
        before = self.points[0]
        for after in self.points[1:]:
            if time <= after[0]:
                part = (time - before[0]) / (after[0] - before[0]) if after[0] > before[0] else 1.0
                part = min(max(part, 0.0), 1.0)
                ease = part**3 * (10 - 15 * part + 6 * part**2)
                x, y, z, opening = (
                    a + (b - a) * ease for a, b in zip(before[1:], after[1:], strict=True)
                )
                return x, y, z, opening
            before = after
        return before[1:]


@dataclass(frozen=True)
class Signals:
    """What the recorder writes for an episode: a row a timestep."""

    action: npt.NDArray[np.float64]  # (T, 10)
    qpos: npt.NDArray[np.float64]  # (T, 6) rad
    qvel: npt.NDArray[np.float64]  # (T, 6) rad/s


def signals(path: Path3D, frames: int, rate: float, seed: int) -> Signals:
    """The leader's joints along the path and the follower's, which lags and trembles a little."""
    random = np.random.default_rng(seed)
    times = np.arange(frames) / max(frames - 1, 1)
    leader = np.array([_joints(*path.at(float(time))) for time in times])
    lag = max(round(0.08 * rate), 1)
    follower = leader[np.maximum(np.arange(frames) - lag, 0)]
    tremble = np.cumsum(random.normal(0, 0.002, follower.shape), axis=0)
    qpos = follower + tremble - np.linspace(0, 1, frames)[:, None] * tremble[-1]
    qvel = np.gradient(qpos, 1 / rate, axis=0) if frames > 1 else np.zeros_like(qpos)
    base = np.column_stack([0.05 * np.sin(2 * np.pi * times), 0.1 * np.sin(4 * np.pi * times)])
    base[: frames // 2] = 0  # the robot stands while it reaches, and settles while it puts down
    termination = (np.arange(frames) >= frames - _TERMINATION).astype(float)
    return Signals(np.column_stack([leader, base, times, termination]), qpos, qvel)


def _joints(x: float, y: float, z: float, opening: float) -> tuple[float, ...]:
    """Base, shoulder, elbow, wrist pitch, wrist roll and gripper, in rad."""
    dx, dy = x - _BASE[0], y - _BASE[1]
    yaw = math.atan2(dy, -dx)
    reach = min(math.hypot(math.hypot(dx, dy), z), _UPPER + _FORE - 0.01)
    lift = math.atan2(z, math.hypot(dx, dy))
    bend = math.acos((_UPPER**2 + _FORE**2 - reach**2) / (2 * _UPPER * _FORE))
    shoulder = lift + math.acos(reach / (2 * _UPPER))
    return yaw, shoulder - math.pi / 2, math.pi - bend, bend / 2 - lift, 0.3 * x, 0.9 * opening
