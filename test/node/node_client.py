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
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

DEADLINE = 20.0


class Manager:
    """`python -m training_manager_ros.node` over a skills directory."""

    def __init__(self, skills_dir: Path, state: Path, *arguments: str) -> None:
        self.skills_dir = skills_dir
        environment = os.environ | {
            "XDG_CACHE_HOME": str(state / "cache"),
            "XDG_STATE_HOME": str(state / "state"),
        }
        command = [sys.executable, "-m", "training_manager_ros.node", "--ros-args"]
        self.process = subprocess.Popen(
            [*command, "-p", f"skills_dir:={skills_dir}", *arguments],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self) -> tuple[int, str]:
        """Ctrl-C, so that others see it go at once; the exit code and what was printed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            _, printed = self.process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, printed


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
        """The answer of a service of the node."""
        client = self.node.create_client(kind, f"/training_manager/{service}")
        try:
            assert client.wait_for_service(DEADLINE), f"no service {service}"
            answered = threading.Event()
            future = client.call_async(kind.Request(**fields))
            future.add_done_callback(lambda _: answered.set())
            assert answered.wait(DEADLINE), f"{service} did not answer"
            return future.result()
        finally:
            self.node.destroy_client(client)

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


def until(condition: Callable[[], Any], what: str = "did not happen in time") -> Any:
    """What `condition` gives as soon as it is true."""
    deadline = time.monotonic() + DEADLINE
    while not (value := condition()):
        assert time.monotonic() < deadline, what
        time.sleep(0.005)
    return value
