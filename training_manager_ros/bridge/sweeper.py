"""Clearing away what nobody has used for a while, without waking up while there is nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from training_manager_ros.bridge.rosthread import RosThread

__all__ = ["Sweeper"]


class Sweeper:
    """Calls `sweep` in the executor's thread every `seconds`, for as long as it returns True."""

    def __init__(
        self,
        ros: RosThread,
        loop: asyncio.AbstractEventLoop,
        seconds: float,
        sweep: Callable[[], bool],
    ) -> None:
        self._ros = ros
        self._loop = loop
        self._seconds = seconds
        self._sweep = sweep
        self._waiting = False

    def wake(self) -> None:
        """Something may be there to be cleared away later."""
        if not self._waiting:
            self._waiting = True
            self._loop.call_later(self._seconds, lambda: self._ros.post(self._run))

    def _run(self) -> None:
        left = self._sweep()
        self._ros.hand(self._done, left)

    def _done(self, left: bool) -> None:
        self._waiting = False
        if left:
            self.wake()
