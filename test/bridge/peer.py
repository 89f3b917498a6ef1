"""A ROS node for tests: publishes, subscribes, serves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from test_msgs.action import Fibonacci

LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
VOLATILE = QoSProfile(depth=500, reliability=ReliabilityPolicy.RELIABLE)
BEST_EFFORT = QoSProfile(depth=500, reliability=ReliabilityPolicy.BEST_EFFORT)


def eventually(condition: Callable[[], Any], timeout: float = 10.0) -> Any:
    """What the condition gives once it is true."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)
    return value


class Peer:
    def __init__(self, domain: int) -> None:
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self.node = Node("peer", context=self._context)
        self._group = ReentrantCallbackGroup()
        self._executor = MultiThreadedExecutor(num_threads=4, context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._executor.shutdown()
        self._thread.join(5)
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return

    def publisher(self, cls: Any, topic: str, qos: QoSProfile = VOLATILE) -> Any:
        return self.node.create_publisher(cls, topic, qos)

    def matched(self, publisher: Any, count: int = 1) -> Any:
        """The publisher, once so many readers are there."""
        eventually(lambda: publisher.get_subscription_count() >= count)
        return publisher

    def listen(self, cls: Any, topic: str, qos: QoSProfile = VOLATILE) -> list[Any]:
        """A list that fills with what arrives."""
        arrived: list[Any] = []
        self.node.create_subscription(cls, topic, arrived.append, qos, callback_group=self._group)
        return arrived

    def serve(self, cls: Any, name: str, answer: Callable[[Any, Any], Any]) -> Any:
        return self.node.create_service(cls, name, answer, callback_group=self._group)

    def act(self, name: str, *, accept: bool = True, cancellable: bool = True) -> ActionServer:
        """Fibonacci: a feedback every 20 ms; aborts at order 13."""

        def execute(goal: Any) -> Fibonacci.Result:
            sequence = [0, 1]
            for _ in range(goal.request.order):
                if goal.is_cancel_requested:
                    goal.canceled()
                    return Fibonacci.Result(sequence=sequence)
                sequence.append(sequence[-1] + sequence[-2])
                goal.publish_feedback(Fibonacci.Feedback(sequence=sequence))
                time.sleep(0.02)
            if goal.request.order == 13:
                goal.abort()
            else:
                goal.succeed()
            return Fibonacci.Result(sequence=sequence)

        return ActionServer(
            self.node,
            Fibonacci,
            name,
            execute,
            goal_callback=lambda _: GoalResponse.ACCEPT if accept else GoalResponse.REJECT,
            cancel_callback=lambda _: (
                CancelResponse.ACCEPT if cancellable else CancelResponse.REJECT
            ),
            callback_group=self._group,
        )
