"""Names and units of the columns that the recorder writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["signal_names"]

_JOINTS = 6
_UNITS = {"qpos": "rad", "qvel": "rad/s"}


def signal_names(
    name: str, values: npt.NDArray[np.float64]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names and units of a signal's columns; `name[i]` and "" where nothing is known.

    `action` has 6 leader joints and the base's two speeds, then progress and termination. Other
    widths occur; what looks like progress and termination is still called that.
    """
    width = values.shape[1]
    if name in _UNITS:
        return tuple(f"joint_{i + 1}" for i in range(width)), (_UNITS[name],) * width
    if name == "cmd_vel" and width == 2:
        return ("linear_x", "angular_z"), ("m/s", "rad/s")
    if name != "action":
        return _numbered(name, width), ("",) * width
    usual = width == _JOINTS + 4
    tail = ("progress", "termination") if usual or _ends_with_progress(values) else ()
    commanded = width - len(tail)
    if commanded == _JOINTS + 2:
        names = (*(f"joint_{i + 1}" for i in range(_JOINTS)), "linear_x", "angular_z")
        units = ("rad",) * _JOINTS + ("m/s", "rad/s")
    elif commanded == _JOINTS:
        names, units = tuple(f"joint_{i + 1}" for i in range(_JOINTS)), ("rad",) * _JOINTS
    else:
        names, units = _numbered(name, commanded), ("",) * commanded
    return names + tail, units + ("",) * len(tail)


def _numbered(name: str, width: int) -> tuple[str, ...]:
    return tuple(f"{name}[{i}]" for i in range(width))


def _ends_with_progress(values: npt.NDArray[np.float64]) -> bool:
    """Whether the last two columns rise from 0 to 1, the very last one in a single step."""
    import numpy as np

    if values.shape[1] < 3 or not len(values):
        return False
    progress, termination = values[:, -2], values[:, -1]
    return bool(
        np.all((progress >= 0) & (progress <= 1) & ((termination == 0) | (termination == 1)))
        and np.all(np.diff(progress) >= 0)
        and np.all(np.diff(termination) >= 0)
        and termination[-1] == 1
    )
