"""What carrying out a plan will cost, for the dry run."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from training_manager_ros.datasets.edit.files import FileMode, explained
from training_manager_ros.datasets.edit.plan import EditPlan

__all__ = ["Estimate", "estimate"]

# Guesses for a person to go by; nothing depends on them.
_BYTES_PER_SECOND = 200e6
_SECONDS_PER_STEP = 0.0005
_SECONDS_PER_PIXEL = 1e-8  # to encode it: 3 ms for a picture of 640 x 480


@dataclass(frozen=True)
class Estimate:
    """Costs of a plan on this disk."""

    bytes_to_write: int
    bytes_free: int
    seconds: float

    @property
    def fits(self) -> bool:
        """Whether the disk has room."""
        return self.bytes_to_write <= self.bytes_free


def estimate(root: Path, plan: EditPlan, mode: FileMode) -> Estimate:
    """Costs of `plan` in `root`: what is shared counts as nothing where it can be shared."""
    written = plan.written + (0 if _shares(root, plan, mode) else plan.linked)
    with explained(root):
        free = shutil.disk_usage(root).free
    seconds = written / _BYTES_PER_SECOND + len(plan.steps) * _SECONDS_PER_STEP
    seconds += plan.encoded * _SECONDS_PER_PIXEL
    return Estimate(written, free, round(seconds, 3))


def _shares(root: Path, plan: EditPlan, mode: FileMode) -> bool:
    if mode is FileMode.COPY:
        return False
    with explained(root):
        device = os.stat(root).st_dev
        return all(os.stat(root / name / "data").st_dev == device for name in set(plan.sources))
