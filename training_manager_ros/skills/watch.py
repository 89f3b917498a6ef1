"""Learning of changes in the skills directory within a second, at no cost while nothing changes."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import threading
import time
from collections.abc import Callable
from pathlib import Path

from training_manager_ros.skills.inotify import Inotify
from training_manager_ros.skills.watched import EVERYTHING, WatchedTree

__all__ = ["Watch", "watch"]

_log = logging.getLogger("training_manager.skills")

_DELAY = 0.15  # seconds in which changes are gathered
_SHARE = 10  # a callback may take one part in so many of the time…
_LONGEST = 0.6  # …as long as changes are known within a second
_POLL = 5.0  # seconds between two looks where inotify is not enough
_RETRY = 60.0  # seconds after which it is tried again


def watch(
    root: Path,
    on_change: Callable[[frozenset[str]], None],
    *,
    open_inotify: Callable[[], Inotify] = Inotify,
    poll_seconds: float = _POLL,
) -> Watch:
    """Call `on_change` with the names of skills that may have changed, from a thread of its own.

    The empty set says that everything may have changed; it can come once right at the start. What
    happens after this has returned is told, also where `root` is not there yet, goes away or comes
    back.
    """
    return Watch(root, on_change, open_inotify, poll_seconds)


class Watch:
    """A running watch; made by `watch`."""

    def __init__(
        self,
        root: Path,
        on_change: Callable[[frozenset[str]], None],
        open_inotify: Callable[[], Inotify],
        poll_seconds: float,
    ) -> None:
        self._root = root
        self._on_change = on_change
        self._open_inotify = open_inotify
        self._poll_seconds = poll_seconds
        self._problem = ""
        self._inotify: Inotify | None = None
        self._tree: WatchedTree | None = None
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._mounts: int | None = None
        with contextlib.suppress(OSError):
            self._mounts = os.open("/proc/self/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
        self._pending: frozenset[str] | None = None  # gathered, not told yet
        self._due: float | None = None
        self._earliest = 0.0  # when the next callback may come
        self._establish()
        self._thread = threading.Thread(target=self._run, name="skills-watch", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why changes are noticed late and what to do; "" while they are noticed at once."""
        return self._problem

    def stop(self) -> None:
        """End the watch; `on_change` is not called any more once this returns."""
        if self._thread.is_alive():
            os.eventfd_write(self._wake, 1)
            if threading.current_thread() is not self._thread:
                self._thread.join()

    def _run(self) -> None:
        poller = select.poll()
        poller.register(self._wake, select.POLLIN)
        if self._mounts is not None:
            poller.register(self._mounts, select.POLLPRI)
        next_poll = time.monotonic() + self._poll_seconds
        next_retry = time.monotonic() + _RETRY
        registered = -1
        try:
            self._deepen()
            while True:
                if self._inotify is not None and registered < 0:
                    registered = self._inotify.descriptor
                    poller.register(registered, select.POLLIN)
                times = [when for when in (self._due,) if when is not None]
                if self._problem:
                    times.append(next_poll)
                timeout = max(0.0, min(times) - time.monotonic()) * 1000 if times else None
                ready = {descriptor for descriptor, _ in poller.poll(timeout)}
                if self._wake in ready:
                    return
                if self._inotify is not None and self._tree is not None:
                    if registered in ready:
                        self._gather(self._tree.changed(self._inotify.read()))
                        self._judge()
                    if self._mounts in ready and self._tree.moved():
                        self._tree.establish()
                        self._deepen()
                        self._gather(EVERYTHING)
                now = time.monotonic()
                if self._problem and now >= next_poll:
                    next_poll = now + self._poll_seconds
                    if now >= next_retry:
                        next_retry = now + _RETRY
                        self._establish()
                        self._deepen()
                    self._gather(EVERYTHING)
                self._tell()
        finally:
            self._close()

    def _gather(self, names: frozenset[str] | None) -> None:
        if names is None:
            return
        if self._pending is None:
            self._pending = names
            self._due = max(time.monotonic() + _DELAY, self._earliest)
        elif self._pending != EVERYTHING:
            self._pending = names | self._pending if names else EVERYTHING

    def _tell(self) -> None:
        if self._pending is None or self._due is None or time.monotonic() < self._due:
            return
        names, self._pending, self._due = self._pending, None, None
        start = time.monotonic()
        try:
            self._on_change(names)
        except Exception:  # a defect of the listener; without this it would end the watch silently
            _log.exception("A change of the skills could not be handled")
        end = time.monotonic()
        self._earliest = end + min((end - start) * _SHARE, _LONGEST)

    def _establish(self) -> None:
        if self._inotify is None:
            try:
                self._inotify = self._open_inotify()
            except OSError as error:
                self._say(error.errno or errno.ENOSYS)
                return
            self._tree = WatchedTree(self._root, self._inotify)
        if self._tree is not None:
            self._tree.establish()
        self._judge()

    def _deepen(self) -> None:
        """Watch the lower levels; what may have happened there meanwhile is told."""
        if self._tree is not None and self._tree.deepen():
            self._gather(EVERYTHING)
        self._judge()

    def _judge(self) -> None:
        if self._tree is not None:
            self._say(self._tree.limit)

    def _say(self, code: int) -> None:
        problem = _problem(code, self._poll_seconds) if code else ""
        if problem and problem != self._problem:
            _log.warning("%s", problem)
        self._problem = problem

    def _close(self) -> None:
        if self._inotify is not None:
            self._inotify.close()
        if self._mounts is not None:
            os.close(self._mounts)
        os.close(self._wake)


def _problem(code: int, seconds: float) -> str:
    settings = {
        errno.ENOSPC: "fs.inotify.max_user_watches=524288",
        errno.EMFILE: "fs.inotify.max_user_instances=1024",
    }
    remedy = f"; raise it: sudo sysctl {settings[code]}" if code in settings else ""
    return (
        f"Not every folder of the skills can be watched ({_reason(code)}), so changes may be "
        f"noticed only after {seconds:g} s{remedy}."
    )


def _reason(code: int) -> str:
    if code == errno.ENOSPC:
        return "the system's limit of watched folders is reached"
    if code == errno.EMFILE:
        return "the system's limit of inotify instances is reached"
    return os.strerror(code)
