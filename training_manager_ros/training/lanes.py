"""How many transfers go on at once, and how fast: fewer when a server struggles, never too fast."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio

from training_manager_ros.training.gate import Gate

__all__ = ["MOST_LANES", "Lanes", "Pace"]

MOST_LANES = 8  # what one client may reasonably ask of one host


class Lanes:
    """Places for transfers: halved when one fails for a passing reason, one more when one is well.

    Transfers that began together often fail together, so failures within a second count once.
    """

    def __init__(self, most: int = MOST_LANES, clock: Callable[[], float] = time.monotonic) -> None:
        self._places = anyio.CapacityLimiter(most)
        self._most = most
        self._clock = clock
        self._narrowed_at = float("-inf")

    @property
    def open(self) -> int:
        """Transfers that may go on at once now."""
        return int(self._places.total_tokens)

    @asynccontextmanager
    async def lane(self) -> AsyncIterator[None]:
        """Hold one place."""
        async with self._places:
            yield

    def widen(self) -> None:
        """A transfer went well."""
        self._places.total_tokens = min(self._most, self.open + 1)

    def narrow(self) -> None:
        """A transfer failed for a passing reason."""
        now = self._clock()
        if now - self._narrowed_at >= 1.0:
            self._narrowed_at = now
            self._places.total_tokens = max(1, self.open // 2)


class Pace:
    """Lets bytes pass: none while paused, and no more a second than the limit, over all lanes."""

    def __init__(
        self,
        gate: Gate,
        limit: float | None = None,  # bytes a second
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gate = gate
        self._limit = limit
        self._clock = clock
        self._free_at = 0.0

    async def take(self, size: int) -> None:
        """Return when that many bytes may be sent or received."""
        if self._limit is not None:
            now = self._clock()
            start = max(now, self._free_at)
            self._free_at = start + size / self._limit
            if start > now:
                await anyio.sleep(start - now)
        await self._gate.passed()
