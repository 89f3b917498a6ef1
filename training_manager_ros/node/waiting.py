"""Questions that may take long, asked in threads of their own and not waited for without end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from typing import TypeVar

from training_manager_ros.errors import Cancelled, TrainingManagerError, Unavailable

__all__ = ["MOST_WAITING", "Waiting"]

_log = logging.getLogger("training_manager.node")

_T = TypeVar("_T")

MOST_WAITING = 12  # at once; the executor needs more threads than this
SECONDS = 25.0  # that somebody waits for an answer


class Waiting:
    """Carries out work for callers that give up after a while."""

    def __init__(self, most: int = MOST_WAITING, seconds: float = SECONDS) -> None:
        self._most = most
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="waiting")
        self._counting = threading.Lock()
        self._open = 0
        self._closed = False

    def __call__(self, work: Callable[[], _T]) -> _T:
        """The result of the work.

        Raises what it raises, and `Unavailable` if it takes too long or too much waits already;
        work that takes too long goes on.
        """
        future = self.start(work)
        try:
            return future.result(self._seconds)
        except Late:
            if future.done():
                raise
            raise Unavailable(
                f"This takes more than {self._seconds:.0f} s, as where the training server does "
                "not answer. It goes on; look at the runs before you ask again."
            ) from None

    def start(self, work: Callable[[], _T]) -> Future[_T]:
        """Begin the work; raises `Unavailable` if too much waits already or it was closed."""
        with self._counting:
            if self._closed:
                raise Unavailable("The Training Manager is ending; try again when it is back.")
            if self._open >= self._most:
                raise Unavailable(
                    f"{self._open} questions wait for the training server already; "
                    "try again in a moment."
                )
            self._open += 1
        future = self._pool.submit(work)
        future.add_done_callback(self._ended)
        return future

    def in_background(self, work: Callable[[], object]) -> None:
        """Begin work that nobody waits for; how it fails is logged."""
        try:
            self.start(work).add_done_callback(_log_failure)
        except Unavailable as error:
            _log.warning("%s", error)

    def refuse(self) -> None:
        """From now on begin no work any more."""
        with self._counting:
            self._closed = True

    def close(self) -> None:
        """Wait for what is still open; whoever closes makes sure before that it ends."""
        self.refuse()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _ended(self, future: Future[_T]) -> None:
        with self._counting:
            self._open -= 1


def _log_failure(future: Future[object]) -> None:
    if future.cancelled():
        return
    error = future.exception()
    if isinstance(error, Cancelled):
        return
    if isinstance(error, TrainingManagerError):
        _log.warning("%s", error)
    elif error is not None:
        _log.error("This should not have happened: %r", error, exc_info=error)
