"""Frames that are rows of an HDF5 dataset, one after the other or one alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av
import numpy as np

from training_manager_ros.datasets.hdf5 import open_hdf5
from training_manager_ros.datasets.model import Hdf5Frames
from training_manager_ros.errors import NotFound, Unreadable

__all__ = ["row_count_and_size", "row_frame", "row_frames"]

_BLOCK_BYTES = 32 * 2**20


def row_count_and_size(source: Hdf5Frames) -> tuple[int, int, int]:
    """Frames that are there, width and height. Raises `Unreadable` for what holds no images."""
    with _images(source) as images:
        return min(len(images), source.count), images.shape[2], images.shape[1]


def row_frame(source: Hdf5Frames, number: int) -> av.VideoFrame:
    """Row `number` alone. Raises `NotFound` past the end."""
    with _images(source) as images:
        if not 0 <= number < min(len(images), source.count):
            raise NotFound(f"{source.path.name} has no frame {number}.")
        return _frame(images[number])


def row_frames(source: Hdf5Frames) -> Iterator[av.VideoFrame]:
    """All rows in order, numbered by `pts`, holding a few of them in memory at a time."""
    with _images(source) as images:
        count = min(len(images), source.count)
        bytes_a_row = max(1, images.nbytes // max(1, len(images)))
        # chunks are read whole, whatever part of them is asked for
        chunk = images.chunks[0] if images.chunks else 1
        block = max(1, min(chunk, _BLOCK_BYTES // bytes_a_row))
        for start in range(0, count, block):
            for offset, row in enumerate(images[start : min(start + block, count)]):
                frame = _frame(row)
                frame.pts = start + offset
                yield frame


def _frame(row: Any) -> av.VideoFrame:
    # as RGB, since FFmpeg's short cut from BGR rounds all colours down; a slice at a time is fast
    rgb = np.empty_like(row)
    for channel in range(3):
        rgb[..., channel] = row[..., 2 - channel]
    return av.VideoFrame.from_ndarray(rgb, format="rgb24")


@contextmanager
def _images(source: Hdf5Frames) -> Iterator[Any]:
    try:
        with open_hdf5(source.path) as file:
            images = file[source.dataset]
            if images.ndim != 4 or images.shape[3] != 3 or images.dtype != "uint8":
                raise Unreadable(f"{source.dataset} in {source.path.name} does not hold images.")
            yield images
    except (OSError, KeyError, RuntimeError, AttributeError) as error:
        where = f"{source.dataset} in {source.path.name}"
        why = getattr(error, "strerror", None) or error
        raise Unreadable(f"{where} can't be read: {why}.") from error
