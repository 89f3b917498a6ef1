"""Cancel, pause and resume of long work, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from training_manager_ros.errors import Cancelled

__all__ = ["Levers"]


class Levers:
    """The levers of one piece of work: whoever watches it pulls them, the work obeys.

    Work in a plain thread calls `check` often; work elsewhere listens.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._cancelled = False
        self._paused = False
        self._listeners: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether the work was asked to stop for good."""
        return self._cancelled

    @property
    def paused(self) -> bool:
        """Whether the work was asked to hold still."""
        return self._paused

    def cancel(self) -> None:
        """Ask the work to stop as soon as it can; a paused one stops too."""
        self._set(cancelled=True)

    def pause(self) -> None:
        """Ask the work to hold still until `resume`."""
        self._set(paused=True)

    def resume(self) -> None:
        """Let paused work go on."""
        self._set(paused=False)

    def check(self) -> None:
        """Return when the work may go on; raise `Cancelled` if it may not."""
        with self._changed:
            self._changed.wait_for(lambda: self._cancelled or not self._paused)
            if self._cancelled:
                raise Cancelled("Cancelled.")

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener` at once and after each change, from the thread that made the change."""
        with self._changed:
            self._listeners.append(listener)
        try:
            listener()
            yield
        finally:
            with self._changed:
                self._listeners.remove(listener)

    def _set(self, *, cancelled: bool | None = None, paused: bool | None = None) -> None:
        with self._changed:
            if cancelled is not None:
                self._cancelled = cancelled
            if paused is not None:
                self._paused = paused
            self._changed.notify_all()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()
