"""Client of the training server: sign-in, uploads, runs, results. Knows neither ROS nor the panel.

`TrainingClient` is the way in; it blocks, and may be called from any thread.
"""

from __future__ import annotations

from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.settings import Settings

__all__ = ["Settings", "TrainingClient"]
