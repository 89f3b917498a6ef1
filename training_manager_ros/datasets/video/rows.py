"""Frames that are rows of an HDF5 dataset, one after the other or one alone."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import av
import numpy as np

from training_manager_ros.datasets.hdf5 import open_hdf5
from training_manager_ros.datasets.model import Hdf5Frames
from training_manager_ros.errors import NotFound, Unreadable

__all__ = ["row_count_and_size", "row_frame", "row_frames"]

_BLOCK_BYTES = 32 * 2**20
_MARGIN = 64  # bytes behind a picture, which FFmpeg may read but does not use


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


def row_frames(source: Hdf5Frames) -> Generator[av.VideoFrame, None, None]:
    """All rows in order as bgr24, numbered by `pts`, a few of them in memory at a time.

    A frame holds its picture only until the next one is asked for: memory that is new for each
    frame costs as much time as reading it.
    """
    with _images(source) as images:
        count = min(len(images), source.count)
        bytes_a_row = max(1, images.nbytes // max(1, len(images)))
        # chunks are read whole, whatever part of them is asked for
        chunk = images.chunks[0] if images.chunks else 1
        block = max(1, min(chunk, _BLOCK_BYTES // bytes_a_row))
        rows = _empty((min(block, count), *images.shape[1:]))
        for start in range(0, count, block):
            stop = min(start + block, count)
            _read(images, start, rows[: stop - start])
            for offset, row in enumerate(rows[: stop - start]):
                frame = _bgr(row)
                frame.pts = start + offset
                yield frame


def _read(images: Any, start: int, rows: Any) -> None:
    """Read into `rows`. (`read_direct` works out a selection first, which takes longer.)"""
    import h5py

    there = images.id.get_space()
    there.select_hyperslab((start, 0, 0, 0), rows.shape)
    images.id.read(h5py.h5s.create_simple(rows.shape), there, rows)


def _empty(shape: tuple[int, ...]) -> Any:
    size = int(np.prod(shape))
    return np.empty(size + _MARGIN, np.uint8)[:size].reshape(shape)


def _bgr(row: Any) -> av.VideoFrame:
    if hasattr(av.VideoFrame, "from_numpy_buffer"):  # PyAV 11 and later: nothing is copied
        return av.VideoFrame.from_numpy_buffer(row, format="bgr24")
    return av.VideoFrame.from_ndarray(row, format="bgr24")


def _frame(row: Any) -> av.VideoFrame:
    # as RGB, since FFmpeg's short cut from BGR rounds all colours down; a slice at a time is fast
    rgb = np.empty_like(row)
    for channel in range(3):
        rgb[..., channel] = row[..., 2 - channel]
    return av.VideoFrame.from_ndarray(rgb, format="rgb24")


def _without_cache(file: Any, name: str) -> Any:
    """A dataset of which every chunk is read once: kept by HDF5, each would be copied once more."""
    import h5py

    access = h5py.h5p.create(h5py.h5p.DATASET_ACCESS)
    access.set_chunk_cache(1, 0, 0.0)
    return h5py.Dataset(h5py.h5d.open(file.id, os.fsencode(name), access))


@contextmanager
def _images(source: Hdf5Frames) -> Iterator[Any]:
    try:
        with open_hdf5(source.path) as file:
            images = _without_cache(file, source.dataset)
            if images.ndim != 4 or images.shape[3] != 3 or images.dtype != "uint8":
                raise Unreadable(
                    f"{source.dataset} in {source.path.name} does not hold images.", "wrong-type"
                )
            yield images
    except (OSError, KeyError, RuntimeError, AttributeError) as error:
        where = f"{source.dataset} in {source.path.name}"
        why = getattr(error, "strerror", None) or error
        raise Unreadable(f"{where} can't be read: {why}.") from error
