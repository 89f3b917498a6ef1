"""The bridge's own log, handed to the node, which shows it with everybody else's on `~/logs`."""

from __future__ import annotations

import logging
from collections import deque

from rcl_interfaces.msg import Log
from rclpy.qos import QoSProfile

from training_manager_ros.bridge.rosthread import RosThread
from training_manager_ros.roslog import log_message

__all__ = ["LogInput"]

TOPIC = "/training_manager/log_input"
# Lines kept until there is a node to take them.
KEPT = 100


class LogInput(logging.Handler):
    """Publishes records to `/training_manager/log_input`."""

    def __init__(self, ros: RosThread) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(message)s"))
        self._ros = ros
        self._waiting: deque[Log] = deque(maxlen=KEPT)
        self._publisher = ros.node.create_publisher(Log, TOPIC, QoSProfile(depth=500))

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging`, in any thread."""
        self._waiting.append(log_message(record, self.format(record)))
        self._ros.post(self._publish)

    def _publish(self) -> None:
        if self._publisher.get_subscription_count() > 0:
            while self._waiting:
                self._publisher.publish(self._waiting.popleft())
