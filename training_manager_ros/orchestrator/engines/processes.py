"""Finding and ending a run's processes when nobody supervises them any more."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from training_manager_ros.orchestrator.engines.runner import each

__all__ = ["kill_marked", "marked"]


def marked(marker: str) -> set[int]:
    """Processes that have `marker` (NAME=value) in the environment they were started with."""
    wanted = marker.encode()
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
                if wanted in file.read().split(b"\0"):
                    found.add(int(name))
    return found


def kill_marked(marker: str, timeout: float = 10.0) -> bool:
    """Kill them all, and what they start meanwhile; whether none is left."""
    ends = time.monotonic() + timeout
    while found := marked(marker):
        if time.monotonic() > ends:
            return False
        each(found, signal.SIGKILL)
        time.sleep(0.02)
    return True
