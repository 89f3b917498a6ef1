"""Recorded demonstrations, whatever their format on disk.

`summarise` tells what a list shows, by JSON and sizes alone; `open_dataset` gives a `Dataset` that
answers where everything is. What is broken becomes a problem of the dataset or of an episode.
"""

from __future__ import annotations

from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.model import (
    Camera,
    Dataset,
    DatasetFormat,
    DatasetSummary,
    Episode,
    FrameSource,
    Hdf5Frames,
    ImageFrames,
    Signal,
    VideoFrames,
)
from training_manager_ros.datasets.opening import open_dataset, summarise

__all__ = [
    "Camera",
    "Dataset",
    "DatasetFormat",
    "DatasetSummary",
    "Episode",
    "FactCache",
    "FrameSource",
    "Hdf5Frames",
    "ImageFrames",
    "Signal",
    "VideoFrames",
    "open_dataset",
    "summarise",
]
