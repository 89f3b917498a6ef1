"""A `Control`, obeyed by asynchronous work: cancelled at once, held wherever it passes the gate."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from training_manager_ros.errors import Cancelled
from training_manager_ros.training.control import Control

__all__ = ["Gate", "obeying"]


class Gate:
    """Open, or closed while the work is paused."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    @property
    def closed(self) -> bool:
        """Whether `passed` would wait."""
        return not self._open.is_set()

    async def passed(self) -> None:
        """Return once the gate is open."""
        await self._open.wait()

    def set(self, *, closed: bool) -> None:
        """Open or close it."""
        if closed and self._open.is_set():
            self._open = asyncio.Event()
        elif not closed:
            self._open.set()


@asynccontextmanager
async def obeying(control: Control) -> AsyncIterator[Gate]:
    """Cancel the block with `Cancelled`, and close and open the gate, as the control says."""
    gate = Gate()
    loop = asyncio.get_running_loop()

    with anyio.CancelScope() as scope:

        def obey() -> None:
            gate.set(closed=control.paused)
            if control.cancelled:
                scope.cancel()

        def changed() -> None:
            loop.call_soon_threadsafe(obey)

        with control.listening(changed):
            yield gate
    if scope.cancel_called:
        raise Cancelled("cancelled")
