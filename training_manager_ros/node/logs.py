"""The package's log on `~/logs`: what this process logs through `logging`, and what others hand in.

The last 500 messages are kept, by the latched topic for ROS nodes and in a ring for `~/get_logs`.
"""

from __future__ import annotations

import logging
import threading
from collections import deque

from builtin_interfaces.msg import Time
from rcl_interfaces.msg import Log
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

__all__ = ["KEPT", "LogTopic"]

KEPT = 500

# rcl_interfaces/msg/Log's levels are logging's own numbers (DEBUG 10 … FATAL 50).
_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)


class LogTopic(logging.Handler):
    """A logging handler that publishes, and the ring of what was published."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))
        self._ring: deque[Log] = deque(maxlen=KEPT)
        self._publishing = threading.Lock()  # ring and topic in the same order
        self._publisher = node.create_publisher(
            Log,
            "~/logs",
            QoSProfile(
                depth=KEPT,
                reliability=ReliabilityPolicy.RELIABLE,
                durability=DurabilityPolicy.TRANSIENT_LOCAL,
            ),
        )
        node.create_subscription(
            Log,
            "~/log_input",
            self.add,
            QoSProfile(depth=KEPT, reliability=ReliabilityPolicy.RELIABLE),
        )

    def newest(self, limit: int) -> list[Log]:
        """The newest `limit` messages, oldest first."""
        with self._publishing:
            return list(self._ring)[-limit:]

    def add(self, message: Log) -> None:
        """Keep and publish a message."""
        with self._publishing:
            self._ring.append(message)
            self._publisher.publish(message)

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging` for every message of this process."""
        seconds, fraction = divmod(record.created, 1)
        self.add(
            Log(
                stamp=Time(sec=int(seconds), nanosec=int(fraction * 1e9)),
                level=max((level for level in _LEVELS if level <= record.levelno), default=10),
                name=record.name,
                msg=self.format(record),
                file=record.filename,
                function=record.funcName or "",
                line=record.lineno,
            )
        )
