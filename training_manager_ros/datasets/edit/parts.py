"""What the joiners of all formats are given, and what they give back.

Deleting is joining what is kept of one dataset; merging is joining several.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from training_manager_ros.datasets.edit.plan import Origin, PlanProblem, Step
from training_manager_ros.datasets.model import Dataset, DatasetFormat
from training_manager_ros.errors import InvalidInput

__all__ = ["INNATE", "JoinRules", "Joined", "Part", "same_rate"]

INNATE = frozenset({DatasetFormat.H5, DatasetFormat.H264, DatasetFormat.MIXED})
_SAME_RATE = 0.001  # 29.97 and 30 are different, rounding is not


@dataclass(frozen=True)
class JoinRules:
    """What the user decided where sources differ; without a rule a difference blocks the plan."""

    rate: float | None = None  # declare this rate for all; the frames stay as they are
    any_width: bool = False  # action and state may differ in width or names between episodes
    any_cameras: bool = False  # episodes may have different cameras, or pictures of another size

    def __post_init__(self) -> None:
        """Raise `InvalidInput` for a rate that can't be one."""
        if self.rate is not None and not (math.isfinite(self.rate) and self.rate > 0):
            raise InvalidInput(f"{self.rate} is no frame rate; give frames per second.")


@dataclass(frozen=True)
class Part:
    """Some episodes of one source, in the order in which the result has them."""

    dataset: Dataset
    episodes: tuple[int, ...]
    cameras: Mapping[str, str] = field(default_factory=dict)  # new names of cameras, if any

    @property
    def skill(self) -> str:
        """The folder name of the source."""
        return self.dataset.root.name

    def renamed(self, camera: str) -> str:
        """What a camera of the source is called in the result."""
        return self.cameras.get(camera, camera)


@dataclass(frozen=True)
class Joined:
    """What becomes of the parts. Targets of steps begin with "data/"."""

    format: DatasetFormat
    rate: float  # frames per second as the result declares
    cameras: tuple[str, ...]
    origins: tuple[Origin, ...]
    frames: int
    problems: tuple[PlanProblem, ...]
    steps: tuple[Step, ...]


def same_rate(first: float, second: float) -> bool:
    """Whether two rates are the same but for rounding."""
    return abs(first - second) <= _SAME_RATE * max(first, second)
