"""How each call to a server is logged: with method, path, status and milliseconds, no more."""

from __future__ import annotations

import logging
from contextvars import ContextVar

__all__ = ["ROUTINE", "log_call"]

log = logging.getLogger("training_manager.training")

# Set around calls that are repeated for as long as the program runs: they are details in the log.
ROUTINE: ContextVar[bool] = ContextVar("routine", default=False)


def log_call(words: str, *arguments: object) -> None:
    """Log how a call went."""
    log.log(logging.DEBUG if ROUTINE.get() else logging.INFO, words, *arguments)
