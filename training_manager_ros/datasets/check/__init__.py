"""Check a dataset without changing it: everything that would spoil a training or a playback.

`check_dataset` gives findings; a clean dataset gives none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_manager_ros.datasets.check.finding import Finding, Watch

if TYPE_CHECKING:
    from training_manager_ros.datasets.check.checking import check_dataset

__all__ = ["Finding", "Watch", "check_dataset"]


def __getattr__(name: str) -> Any:
    # Who only shows findings shall not load what decodes pictures.
    if name != "check_dataset":
        raise AttributeError(name)
    from training_manager_ros.datasets.check.checking import check_dataset

    return check_dataset
