"""Work done one piece at a time in the background, the newest request first."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from training_manager_ros.errors import TrainingManagerError, Unreadable

__all__ = ["Lane", "Ticket"]

_log = logging.getLogger("training_manager.video")

_MAX_KEPT = 1000
_MAX_WAITING = 200
_RETRY_S = 60.0  # after a failure that is not the file's own: disk full, encoder killed
_ABANDONED_S = 20.0  # work that nobody asked for in this time gives way to other work


class Ticket:
    """One piece of work as those who asked for it see it."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.progress = 0.0  # 0 to 1
        self.error = ""  # a sentence, once it failed
        self._ended = threading.Event()
        self._stop = threading.Event()
        self.wanted_at = 0.0  # monotonic seconds
        self.ended_at = 0.0
        self.final = False  # failed, and will fail again

    @property
    def stopping(self) -> bool:
        """Whether the work should end early; it then raises `TrainingManagerError`."""
        return self._stop.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the work, done or failed; False where it goes on."""
        return self._ended.wait(seconds)


class Lane:
    """A single worker thread with a queue; requests for the same key share one ticket.

    `work` is called in that thread with its ticket, sets `progress`, looks at `stopping` and
    raises `TrainingManagerError` or `OSError` where it fails. `Unreadable` is final, since the key
    of a file that changed is another one; other failures may be tried again after a minute.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._change = threading.Condition()
        self._waiting: dict[str, tuple[Ticket, Callable[[Ticket], None]]] = {}
        self._running: Ticket | None = None
        self._failed: dict[str, Ticket] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, key: str, work: Callable[[Ticket], None]) -> Ticket:
        """The ticket for `key`: of the work under way or just failed, else of new work."""
        now = self._clock()
        with self._change:
            ticket = self._known(key, now)
            if ticket is None:
                ticket = Ticket(key)
                if self._closed:
                    ticket.error = "The panel server is shutting down."
                    ticket._ended.set()
                    return ticket
                self._waiting[key] = (ticket, work)
                if len(self._waiting) > _MAX_WAITING:
                    self._waiting.pop(next(iter(self._waiting)))[0]._ended.set()
                if self._thread is None:
                    self._start()
            ticket.wanted_at = now
            running = self._running
            if running and self._waiting and now - running.wanted_at > _ABANDONED_S:
                running._stop.set()
            self._change.notify_all()
        return ticket

    def close(self) -> None:
        """Stop the work under way, drop what waits and wait for the thread to end."""
        with self._change:
            self._closed = True
            self._waiting.clear()
            if self._running:
                self._running._stop.set()
            self._change.notify_all()
            thread = self._thread
        if thread:
            thread.join()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        self._thread.start()

    def _known(self, key: str, now: float) -> Ticket | None:
        if self._running and self._running.key == key and not self._running.stopping:
            return self._running
        if key in self._waiting:
            return self._waiting[key][0]
        failed = self._failed.get(key)
        if failed and not failed.final and now - failed.ended_at > _RETRY_S:
            del self._failed[key]
            return None
        return failed

    def _work(self) -> None:
        try:
            self._work_until_closed()
        finally:
            with self._change:
                self._running = self._thread = None
                if self._waiting and not self._closed:  # an unforeseen error ended this thread
                    self._start()

    def _work_until_closed(self) -> None:
        while True:
            with self._change:
                self._running = None
                while not self._waiting and not self._closed:
                    self._change.wait()
                if self._closed:
                    return
                _, (ticket, work) = self._waiting.popitem()
                self._running = ticket
            self._run(ticket, work)

    def _run(self, ticket: Ticket, work: Callable[[Ticket], None]) -> None:
        try:
            work(ticket)
        except (TrainingManagerError, OSError) as error:
            if not ticket.stopping:
                _log.warning("%s", error)
                ticket.error = _sentence(error)
                ticket.final = isinstance(error, Unreadable)
        except BaseException:
            ticket.error = "It failed for an unknown reason; the log has the details."
            raise
        finally:
            ticket.ended_at = self._clock()
            with self._change:
                if ticket.error:
                    self._failed[ticket.key] = ticket
                    if len(self._failed) > _MAX_KEPT:
                        del self._failed[next(iter(self._failed))]
            ticket._ended.set()


def _sentence(error: TrainingManagerError | OSError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"The video could not be prepared: {error.strerror}."
    return str(error)
