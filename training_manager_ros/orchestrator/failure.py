"""Why a run ended other than well."""

from __future__ import annotations

from ..errors import TrainingManagerError

__all__ = ["RunFailed"]


class RunFailed(TrainingManagerError):
    """Raised while a run is taken through its life; its text becomes the run's error_message."""
