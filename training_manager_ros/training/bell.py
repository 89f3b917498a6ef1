"""Waking asynchronous work that sleeps, from any thread."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import anyio

__all__ = ["Bell"]


class Bell:
    """One piece of work waits for it; rung while nobody waits, it cuts the next wait short."""

    def __init__(self) -> None:
        self._rung = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None

    def ring(self) -> None:
        """Wake the work, or keep it from falling asleep."""
        self._rung = True
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop is closed: there is nobody to wake
                loop.call_soon_threadsafe(self._wake)

    async def wait(self, seconds: float) -> None:
        """Return when the bell rings, or after that time."""
        self._loop, self._event = asyncio.get_running_loop(), asyncio.Event()
        if not self._rung:
            with anyio.move_on_after(seconds):
                await self._event.wait()
        self._rung = False

    def _wake(self) -> None:
        if self._event is not None:
            self._event.set()
