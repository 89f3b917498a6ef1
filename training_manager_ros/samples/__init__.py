"""Sample skills that the package makes itself: short recordings of simple tasks in every format.

Every picture bears its episode's and its frame's number, for people and (as a strip of blocks
along its lower edge) for tests.
"""

from __future__ import annotations

from training_manager_ros.samples.barcode import read_frame_number
from training_manager_ros.samples.making import make_samples

__all__ = ["make_samples", "read_frame_number"]
