"""Threads for what may block, in a bounded number, with a bounded queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["Busy", "Workers"]

_T = TypeVar("_T")


class Busy(Exception):
    """Raised when too much work waits already."""


class Workers:
    """A pool of threads. Work whose awaiting task is cancelled before it began is dropped."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._most = threads + waiting
        self._pending = 0

    async def run(self, work: Callable[[], _T]) -> _T:
        """Run `work` in a thread. Raises `Busy`, and whatever `work` raises."""
        if self._pending >= self._most:
            raise Busy
        self._pending += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        future.add_done_callback(self._done)
        return await future

    def begin(self, work: Callable[[], object]) -> None:
        """Run `work` in a thread and forget it; whoever needs its result asks for it again."""
        self._pool.submit(work)

    def _done(self, _future: asyncio.Future[_T]) -> None:
        self._pending -= 1

    def close(self) -> None:
        """Drop what waits; what runs is left to end by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)
