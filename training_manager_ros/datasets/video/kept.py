"""What is kept in memory of the videos looked at last: their indices and a few open decoders."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from training_manager_ros.datasets.video.decode import VideoReader
from training_manager_ros.datasets.video.index import MovieIndex, read_index
from training_manager_ros.errors import Unreadable

__all__ = ["Indices", "Readers"]

_INDICES = 16
_READERS = 4


class Indices:
    """The indices of the files used last, read again where a file changed. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int, int], MovieIndex] = OrderedDict()

    def get(self, path: Path) -> MovieIndex:
        """The file's index. Raises `Unreadable` where it has none."""
        try:
            status = path.stat()
        except OSError as error:
            raise Unreadable(
                f"{path.name} can't be read: {error.strerror}.", "file-unreadable"
            ) from error
        key = (str(path), status.st_size, status.st_mtime_ns)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        index = read_index(path)
        with self._lock:
            self._kept[key] = index
            if len(self._kept) > _INDICES:
                self._kept.popitem(last=False)
        return index


class Readers:
    """Open decoders, so that the next frame of the same video comes quickly. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[VideoReader] = []

    @contextmanager
    def borrow(self, index: MovieIndex) -> Iterator[VideoReader]:
        """A reader of exactly this index, nobody else's until the block ends."""
        reader = self._take(index) or VideoReader(index)
        try:
            yield reader
        except BaseException:
            reader.close()
            raise
        with self._lock:
            self._idle.append(reader)
            surplus = self._idle.pop(0) if len(self._idle) > _READERS else None
        if surplus is not None:
            surplus.close()

    def close(self) -> None:
        """Close those that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.close()

    def _take(self, index: MovieIndex) -> VideoReader | None:
        with self._lock:
            for position, reader in enumerate(self._idle):
                if reader.index is index:
                    return self._idle.pop(position)
        return None
