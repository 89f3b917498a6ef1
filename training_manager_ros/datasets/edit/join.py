"""Assembling episodes of one or several datasets into a new one, whatever their format.

Joiners are pure: they read, and answer with steps. Episodes are numbered from 0 in the order given.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from training_manager_ros.datasets.edit.compare import compare
from training_manager_ros.datasets.edit.parts import INNATE, Joined, JoinRules, Part
from training_manager_ros.datasets.model import DatasetFormat
from training_manager_ros.errors import InvalidInput

__all__ = ["JoinRules", "Joined", "Part", "join"]

_EDIT = "training_manager_ros.datasets.edit"

Joiner = Callable[[Sequence[Part], JoinRules], Joined]


def join(parts: Sequence[Part], rules: JoinRules, target: DatasetFormat | None = None) -> Joined:
    """The parts' episodes as one dataset, with what the parts disagree about as problems.

    `target` may be LeRobot v3.0 for parts of older versions; else the newest of the parts' is made.

    Raises `InvalidInput` for datasets that can't be joined at all, and `Unreadable` where a list
    of episodes can't be read; a broken episode is a problem of the result.
    """
    joined = _joiner(parts, target)(parts, rules)
    return replace(joined, problems=(*compare(parts, rules), *joined.problems))


def _joiner(parts: Sequence[Part], target: DatasetFormat | None) -> Joiner:
    formats = {part.dataset.summary.format for part in parts} | ({target} - {None})
    if formats <= INNATE:
        return _load("innate", "join_innate")
    if formats & INNATE:
        raise InvalidInput(
            "An Innate dataset and a LeRobot dataset can't be merged: their episodes hold "
            "different things. Choose sources of one kind."
        )
    if DatasetFormat.LEROBOT_V30 in formats:
        return _load("lerobot_v3", "join_v3")
    return _load("lerobot_v2", "join_v2")


def _load(module: str, name: str) -> Joiner:
    # A format's libraries are loaded only for that format.
    try:
        joiner: Joiner = getattr(importlib.import_module(f"{_EDIT}.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name != f"{_EDIT}.{module}":
            raise
        raise InvalidInput("This version can't edit LeRobot datasets of this format.") from error
    return joiner
