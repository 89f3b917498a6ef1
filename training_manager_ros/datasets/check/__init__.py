"""Check a dataset without changing it: everything that would spoil a training or a playback.

`check_dataset` gives findings; a clean dataset gives none.
"""

from __future__ import annotations

from training_manager_ros.datasets.check.checking import check_dataset
from training_manager_ros.datasets.check.finding import Finding, Watch

__all__ = ["Finding", "Watch", "check_dataset"]
