"""The levers of an upload or a download."""

from __future__ import annotations

from training_manager_ros.levers import Levers as Control

__all__ = ["Control"]
