"""Why a run ended other than well.

RunFailed            the run can't go on; the text becomes its error_message
└── Unreachable      what carries runs out does not answer just now; asked again
"""

from __future__ import annotations

from training_manager_ros.errors import TrainingManagerError

__all__ = ["RunFailed", "Unreachable"]


class RunFailed(TrainingManagerError):
    """Raised while a run is taken through its life; its text becomes the run's error_message."""


class Unreachable(RunFailed):
    """Raised by an engine that can't be asked at the moment."""
