"""The package's log on `~/logs`: what this process logs through `logging`, and what others hand in.

The last 500 messages are kept, by the latched topic for ROS nodes and here for `~/get_logs`. At
most 100 of those here are details, as each question about runs is: they push little out.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections import deque

from rcl_interfaces.msg import Log
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from training_manager_ros.redaction import SecretFilter
from training_manager_ros.roslog import log_message

__all__ = ["DETAILS", "KEPT", "LogTopic"]

KEPT = 500
DETAILS = 100  # of these, messages of the level DEBUG


class LogTopic(logging.Handler):
    """A logging handler that publishes, and what was published last, without secrets."""

    def __init__(self, node: Node, secrets: SecretFilter) -> None:
        super().__init__()
        self._context = node.context
        self._secrets = secrets
        self.addFilter(secrets)
        self.setFormatter(logging.Formatter("%(message)s"))
        self._numbers = itertools.count()
        self._details: deque[tuple[int, Log]] = deque(maxlen=DETAILS)
        self._others: deque[tuple[int, Log]] = deque(maxlen=KEPT)
        self._publishing = threading.Lock()  # here and on the topic in the same order
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
            kept = [message for _, message in heapq.merge(self._details, self._others)]
        return kept[-limit:]

    def add(self, message: Log) -> None:
        """Keep and publish a message."""
        message.msg = self._secrets.clean(message.msg)
        with self._publishing:
            kept = self._details if message.level <= logging.DEBUG else self._others
            kept.append((next(self._numbers), message))
            try:
                self._publisher.publish(message)
            except RuntimeError:
                if self._context.ok():  # else ROS has ended, and whoever still logs can't help it
                    raise

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging` for every message of this process."""
        self.add(log_message(record, self.format(record)))
