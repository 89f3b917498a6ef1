"""What uploads and downloads share: the server, checked arguments, and progress as a job's.

Server and key come from the environment of this process and from the settings file, never from a
job's arguments, which everybody can read and which anybody could choose.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from training_manager_ros.errors import InvalidInput, NotSignedIn
from training_manager_ros.jobs.control import Control
from training_manager_ros.jobs.model import Progress
from training_manager_ros.paths import server_settings_file
from training_manager_ros.training import Progress as Transferred
from training_manager_ros.training import Settings, load_settings
from training_manager_ros.training.signin import NO_KEY

__all__ = ["rate_limit", "run_number", "server_settings", "telling"]


def server_settings() -> Settings:
    """The server and its key; `InvalidInput` if they are wrong, `NotSignedIn` without a key."""
    settings = load_settings(file=server_settings_file())
    if settings.issuer_url and not settings.service_key:
        raise NotSignedIn(NO_KEY)
    return settings


def telling(control: Control) -> Callable[[Transferred], None]:
    """Hands the progress of a transfer on as the job's."""

    def tell(progress: Transferred) -> None:
        left = progress.seconds_left
        control.tell(
            Progress(
                stage=progress.stage,
                items_done=max(0, progress.items_done),
                items_total=max(0, progress.items_total),
                bytes_done=max(0, progress.bytes_done),
                bytes_total=max(0, progress.bytes_total),
                rate=progress.rate,
                seconds_left=-1.0 if left is None else left,
                message=progress.message,
            )
        )

    return tell


def rate_limit(arguments: Mapping[str, Any], key: str) -> float | None:
    """Bytes a second; None, no limit, where it is 0 or left out."""
    value = arguments.get(key, 0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(key, "must be a number of bytes a second, 0 for no limit")
    if not math.isfinite(value) or value < 0 or 0 < value < 1000:
        raise _wrong(key, "must be 0, for no limit, or 1000 and more")
    return float(value) or None


def run_number(arguments: Mapping[str, Any], key: str) -> int:
    """The number of a run."""
    value = arguments.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(key, "must be the number of a run")
    return value


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput(f"{field} {message}.", {field: message})
