"""An episode before it is written in some format."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Picture", "Recording"]

Picture = npt.NDArray[np.uint8]  # (H, W, 3) RGB


@dataclass(frozen=True)
class Recording:
    """What was recorded in an episode of T timesteps."""

    action: npt.NDArray[np.float64]  # (T, D)
    qpos: npt.NDArray[np.float64]  # (T, J)
    qvel: npt.NDArray[np.float64] | None  # (T, J)
    pictures: Callable[[str], Iterable[Picture]]  # T pictures of a camera, in order

    @property
    def frames(self) -> int:
        """Timesteps."""
        return len(self.action)
