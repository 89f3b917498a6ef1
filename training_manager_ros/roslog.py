"""Records of `logging` as ROS log messages, for the processes that speak ROS."""

from __future__ import annotations

import logging

from builtin_interfaces.msg import Time
from rcl_interfaces.msg import Log

__all__ = ["log_message"]

# rcl_interfaces/msg/Log's levels are logging's own numbers (DEBUG 10 … FATAL 50).
_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)


def log_message(record: logging.LogRecord, text: str) -> Log:
    """A record whose formatted message is `text`; levels between ROS's are rounded down."""
    seconds, fraction = divmod(record.created, 1)
    return Log(
        stamp=Time(sec=int(seconds), nanosec=int(fraction * 1e9)),
        level=max((level for level in _LEVELS if level <= record.levelno), default=logging.DEBUG),
        name=record.name,
        msg=text,
        file=record.filename,
        function=record.funcName or "",
        line=record.lineno,
    )
