"""Plans of conversions: raw recordings to video, in place, and LeRobot v2 to v3.0, as a copy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from training_manager_ros.datasets import DatasetFormat, FactCache, open_dataset
from training_manager_ros.datasets.edit.plan import EditPlan
from training_manager_ros.errors import InvalidInput
from training_manager_ros.skills import skill_folder

__all__ = ["TARGETS", "plan_convert"]

TARGETS = (DatasetFormat.H264.value, DatasetFormat.LEROBOT_V30.value)


def plan_convert(
    root: Path,
    skill: str,
    target: str,
    name: str,
    keep_raw: bool,
    facts: FactCache,
    *,
    request: Mapping[str, object] | None = None,
) -> EditPlan:
    """What converting the dataset of `skill` to `target`, one of `TARGETS`, would do.

    "h264" is done in place, `keep_raw` keeps the originals in raw_data/; "lerobot-v3.0" makes the
    new skill `name` (a display name). Writes nothing. Raises `InvalidInput` where the dataset is
    of another kind or there is nothing to convert, otherwise as `plan_delete`.
    """
    open_dataset(skill_folder(root, skill), facts)
    raise InvalidInput("Converting is not there yet.")
