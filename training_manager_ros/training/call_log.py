"""How each call to a server is logged: with method, path, status and milliseconds, no more."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["log_call", "routine"]

log = logging.getLogger("training_manager.training")

_ROUTINE: ContextVar[bool] = ContextVar("routine", default=False)


@contextmanager
def routine() -> Iterator[None]:
    """Around calls that are repeated every few seconds: they are details in the log."""
    before = _ROUTINE.set(True)
    try:
        yield
    finally:
        _ROUTINE.reset(before)


def log_call(words: str, *arguments: object) -> None:
    """Log how a call went."""
    log.log(logging.DEBUG if _ROUTINE.get() else logging.INFO, words, *arguments)
