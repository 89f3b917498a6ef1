"""Tells of changes of jobs as often as anybody can see them, from one thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from training_manager_ros.jobs import Job

__all__ = ["JobFeed", "Listener"]

_log = logging.getLogger("training_manager.node")

_PAUSE = 0.2  # seconds between two rounds: five a second

Listener = Callable[[tuple[Job, ...]], None]


class JobFeed:
    """Calls each listener with all jobs, at most five times a second; the last state always comes.

    `jobs` gives the jobs, and `alive` whether there is still somebody to tell. Listeners are added
    before `start`.
    """

    def __init__(self, jobs: Callable[[], tuple[Job, ...]], alive: Callable[[], bool]) -> None:
        self._jobs = jobs
        self._alive = alive
        self._listeners: list[Listener] = []
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job feed", daemon=True)

    def listen(self, listener: Listener) -> None:
        """Have a listener called from now on, from the feed's thread."""
        self._listeners.append(listener)

    def changed(self) -> None:
        """Something changed; may be called from any thread and takes no time."""
        self._changed.set()

    def start(self) -> None:
        """Tell how it is now, and every change from then on."""
        self.changed()
        self._thread.start()

    def stop(self) -> None:
        """Tell nothing more once this returns."""
        self._stopping.set()
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._changed.wait()
            self._changed.clear()
            jobs = self._jobs()
            for listener in self._listeners:
                if self._stopping.is_set():
                    return
                try:
                    listener(jobs)
                except Exception:  # a defect of one listener must not silence the others
                    if not self._alive():
                        return
                    _log.exception("A change of the jobs could not be handled")
            self._stopping.wait(_PAUSE)
