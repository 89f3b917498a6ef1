"""A thread that runs asynchronous work for callers that block."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from training_manager_ros.errors import Cancelled

__all__ = ["LoopThread"]

log = logging.getLogger("training_manager.training")

_T = TypeVar("_T")


class LoopThread:
    """An event loop in a thread of its own, started when it is first needed."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._at_end: Callable[[], Coroutine[Any, Any, None]] | None = None

    def call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of the work, from any thread but the loop's own.

        Raises `Cancelled` if the loop is closed meanwhile.
        """
        loop = self._running()
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("a callback must not wait for the client that called it")
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except CancelledError:
            raise Cancelled("The client of the training server was closed.") from None
        except BaseException:
            future.cancel()  # Ctrl-C: nobody waits for it any more
            raise

    def start(self, work: Coroutine[Any, Any, None]) -> Callable[[], None]:
        """Begin the work; what is returned cancels it and waits for its end."""
        task = self.call(_begun(work))

        def stop() -> None:
            if not task.done() and self._loop is not None:
                self.call(_stopped(task))

        return stop

    def close(self, at_end: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Cancel what still runs, do `at_end`, and end the thread; nothing if it never began."""
        with self._starting:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            self._at_end = at_end
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._run, args=(self._loop,), name="training", daemon=True
                )
                self._thread.start()
            return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            while left := asyncio.all_tasks(loop):
                for task in left:
                    task.cancel()
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            if self._at_end is not None:
                loop.run_until_complete(self._at_end())
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()


async def _begun(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.create_task(work)
    task.add_done_callback(_log_failure)
    return task


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("Background work ended: %s", error, exc_info=error)
