"""The files that wait for their transfer: the largest first, so that none is left for the end."""

from __future__ import annotations

import asyncio
import heapq
from typing import Generic, TypeVar

__all__ = ["Backlog"]

_T = TypeVar("_T")


class Backlog(Generic[_T]):
    """A queue that may still grow; it ends when it was closed and is empty."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._items: dict[str, _T] = {}
        self._certain: set[str] = set()
        self._grown = asyncio.Event()
        self._closed = False

    def add(self, name: str, size: int, item: _T, *, certain: bool = True) -> None:
        """Add a file that is not in here; `certain`: it will be transferred, not only compared."""
        heapq.heappush(self._heap, (-size, name))
        self._items[name] = item
        if certain:
            self._certain.add(name)
        self._wake()

    def close(self) -> None:
        """Say that no more will come."""
        self._closed = True
        self._wake()

    async def take(self) -> _T | None:
        """The next file; None at the end."""
        while not self._heap:
            if self._closed:
                return None
            await self._grown.wait()
        name = heapq.heappop(self._heap)[1]
        self._certain.discard(name)
        return self._items.pop(name)

    def upcoming(self, most: int) -> list[str]:
        """Names of the next files that are certain to be transferred, in order."""
        return [name for _, name in heapq.nsmallest(most, self._heap) if name in self._certain]

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()
