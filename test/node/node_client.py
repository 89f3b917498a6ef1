"""A node under test as a process, and another node that talks to it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rclpy
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

DEADLINE = 20.0
ROOT = "/training_manager/"


class Manager:
    """`python -m training_manager_ros.node` over a skills directory."""

    def __init__(self, skills_dir: Path, state: Path, *arguments: str) -> None:
        self.skills_dir = skills_dir
        environment = os.environ | {
            "XDG_CACHE_HOME": str(state / "cache"),
            "XDG_CONFIG_HOME": str(state / "config"),
            "XDG_STATE_HOME": str(state / "state"),
        }
        command = [sys.executable, "-m", "training_manager_ros.node", "--ros-args"]
        state.mkdir(exist_ok=True)
        self._log = state / f"node-{time.monotonic_ns()}.log"  # a pipe would fill
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "-p", f"skills_dir:={skills_dir}", *arguments],
                env=environment,
                stderr=log,
            )

    def end(self) -> tuple[int, str]:
        """Ctrl-C, so that others see it go at once; the exit code and what was printed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, self._log.read_text()


class Peer:
    """A node of its own that spins in a thread."""

    def __init__(self) -> None:
        self._context = Context()
        rclpy.init(context=self._context)
        self.node = Node(f"peer_{os.getpid()}_{time.monotonic_ns()}", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        with contextlib.suppress(ExternalShutdownException):
            self._executor.spin()

    def close(self) -> None:
        rclpy.shutdown(context=self._context)
        self._thread.join()
        self.node.destroy_node()

    def call(self, kind: Any, service: str, /, **fields: Any) -> Any:
        """The answer of a service of the node, or of another one by its full name."""
        client = self.node.create_client(kind, service if service[0] == "/" else ROOT + service)
        try:
            assert client.wait_for_service(DEADLINE), f"no service {service}"
            answered = threading.Event()
            future = client.call_async(kind.Request(**fields))
            future.add_done_callback(lambda _: answered.set())
            assert answered.wait(DEADLINE), f"{service} did not answer"
            return future.result()
        finally:
            self.node.destroy_client(client)

    def send_goal(self, kind: Any, action: str, /, **fields: Any) -> Goal:
        """A goal that was accepted."""
        # rclpy can't make one while another thread spins the node.
        client = wait(self._executor.create_task(ActionClient, self.node, kind, ROOT + action))
        assert client.wait_for_server(DEADLINE), f"no action {action}"
        feedback: list[Any] = []
        handle = wait(
            client.send_goal_async(
                kind.Goal(**fields), feedback_callback=lambda one: feedback.append(one.feedback.job)
            )
        )
        assert handle.accepted
        return Goal(handle, feedback)

    def listen(self, kind: Any, topic: str, depth: int = 1) -> list[Any]:
        """All messages of a latched topic from now on, in a list that grows."""
        messages: list[Any] = []
        qos = QoSProfile(
            depth=depth,
            reliability=ReliabilityPolicy.RELIABLE,
            durability=DurabilityPolicy.TRANSIENT_LOCAL,
        )
        self.node.create_subscription(kind, topic, messages.append, qos)
        return messages


class Goal:
    """An accepted goal, with the feedback so far."""

    def __init__(self, handle: Any, feedback: list[Any]) -> None:
        self.feedback = feedback
        self._handle = handle
        self._result = handle.get_result_async()

    def cancel(self) -> int:
        """Ask to cancel; how many goals will be."""
        return len(wait(self._handle.cancel_goal_async()).goals_canceling)

    def result(self) -> tuple[int, Any]:
        """The final status of the goal and its result, as soon as they are there."""
        answer = wait(self._result)
        return answer.status, answer.result


def wait(future: Any) -> Any:
    """The result of a future that the peer's thread brings."""
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    assert done.wait(DEADLINE), "no answer in time"
    return future.result()


def until(condition: Callable[[], Any], what: str = "did not happen in time") -> Any:
    """What `condition` gives as soon as it is true."""
    deadline = time.monotonic() + DEADLINE
    while not (value := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.005)
    return value
