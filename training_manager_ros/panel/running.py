"""Runs a panel server until the process is told to end: the part that both commands share."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import sys
import threading
from typing import TextIO

from training_manager_ros.panel.port_holder import port_holder
from training_manager_ros.panel.server import CantListen

__all__ = ["LOG_LEVELS", "end_within", "explain", "set_up_logging", "when_told_to_end"]

LOG_LEVELS = ("debug", "info", "warning", "error")


def set_up_logging(level: str) -> None:
    """Log to stderr, as all processes of the package do."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("training_manager").setLevel(level.upper())


def when_told_to_end() -> asyncio.Event:
    """An event that Ctrl-C, SIGTERM and a closed terminal set; a second Ctrl-C ends at once."""
    told = asyncio.Event()

    def end() -> None:
        if told.is_set():
            os._exit(130)
        told.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        numbers.append(signal.SIGHUP)
    loop = asyncio.get_running_loop()
    for number in numbers:
        loop.add_signal_handler(number, end)
    return told


def end_within(seconds: float) -> None:
    """End the process by force if it is still there then: a thread may hang on a dead disk."""
    timer = threading.Timer(seconds, os._exit, (1,))
    timer.daemon = True
    timer.start()


def explain(error: CantListen, out: TextIO) -> None:
    """Say why the server can't listen, and what to do."""
    if error.errno == errno.EADDRINUSE:
        holder = port_holder(error.port)
        by = f" by {holder}" if holder else " by another program"
        print(
            f"Port {error.port} is taken{by}. End it, or choose another port: --port "
            f"{error.port + 1}",
            file=out,
        )
    elif error.errno == errno.EACCES:
        print(
            f"Port {error.port} needs root's rights. Choose one above 1023: --port 8080", file=out
        )
    else:
        print(f"The panel can't listen there: {error}. Check --host and --port.", file=out)
