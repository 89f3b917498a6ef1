"""The package's log on `~/logs`: what this process logs through `logging`, and what others hand in.

The last 500 messages are kept, by the latched topic for ROS nodes and in a ring for `~/get_logs`.
"""

from __future__ import annotations

import logging
import threading
from collections import deque

from rcl_interfaces.msg import Log
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from training_manager_ros.redaction import SecretFilter
from training_manager_ros.roslog import log_message

__all__ = ["KEPT", "LogTopic"]

KEPT = 500


class LogTopic(logging.Handler):
    """A logging handler that publishes, and the ring of what was published, without secrets."""

    def __init__(self, node: Node, secrets: SecretFilter) -> None:
        super().__init__()
        self._secrets = secrets
        self.addFilter(secrets)
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
        message.msg = self._secrets.clean(message.msg)
        with self._publishing:
            self._ring.append(message)
            self._publisher.publish(message)

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging` for every message of this process."""
        self.add(log_message(record, self.format(record)))
