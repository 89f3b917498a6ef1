"""`~/runs`: all training runs and how the training server is doing, whenever that changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from rclpy.node import Node

from training_manager.msg import TrainingRunList
from training_manager_ros.node.latched import LATCHED
from training_manager_ros.node.training_messages import RunMessages
from training_manager_ros.training.overview import Overview

__all__ = ["RunsTopic"]

_PAUSE = 0.2  # seconds between two messages


class RunsTopic:
    """Publishes what `overview` gives, in a thread of its own."""

    def __init__(
        self, node: Node, overview: Callable[[], Overview], secrets: Collection[str]
    ) -> None:
        self._node = node
        self._overview = overview
        self._messages = RunMessages(secrets)
        self._topic = node.create_publisher(TrainingRunList, "~/runs", LATCHED)
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._publish, name="runs", daemon=True)

    def start(self) -> None:
        """Publish what is known, and from then on what changes."""
        self._changed.set()
        self._thread.start()

    def changed(self) -> None:
        """Look again soon; from any thread."""
        self._changed.set()

    def stop(self) -> None:
        """Publish no more."""
        self._stopping.set()
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _publish(self) -> None:
        told = None
        while True:
            self._changed.wait()
            self._changed.clear()
            if self._stopping.is_set():
                return
            overview = self._overview()
            timeless = overview.without_pace()
            if timeless != told:
                told = timeless
                stamp = self._node.get_clock().now().to_msg()
                try:
                    self._topic.publish(self._messages(overview, stamp))
                except RuntimeError:
                    if self._node.context.ok():
                        raise
                    return  # ROS has ended
                self._stopping.wait(_PAUSE)
