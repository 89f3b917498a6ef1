"""rclpy's executor in a thread of its own, and the ways into it and back to the event loop.

`run` and `post` go in; `hand` comes back. Calls of one sender arrive in order.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import rclpy
from rclpy.context import Context
from rclpy.executors import (
    ExternalShutdownException,
    ShutdownException,
    SingleThreadedExecutor,
)
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

__all__ = ["RosThread"]

T = TypeVar("T")

NODE_NAME = "training_manager_bridge"
# What ROS has handed in and the event loop has not taken yet; above it the executor waits, and the
# middleware's own bounded history is what drops the oldest.
BACKLOG_BYTES = 32 * 1024 * 1024

_log = logging.getLogger("training_manager.bridge.ros")


class RosThread:
    """A node, its executor and their thread. `node` may be touched in that thread only."""

    def __init__(self, loop: asyncio.AbstractEventLoop, arguments: Sequence[str] = ()) -> None:
        self._loop = loop
        self._context = Context()
        # The event loop handles signals; rclpy's handlers would tear the context down under it.
        rclpy.init(
            args=list(arguments),
            context=self._context,
            signal_handler_options=SignalHandlerOptions.NO,
        )
        # Nothing that costs memory or wakes up an idle executor: no parameter services, no rosout.
        self.node = Node(
            NODE_NAME,
            context=self._context,
            enable_rosout=False,
            start_parameter_services=False,
            parameter_overrides=[Parameter("start_type_description_service", value=False)],
        )
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._calls: deque[Callable[[], None]] = deque()
        self._guard = self.node.create_guard_condition(self._run_calls)
        self._handed: deque[tuple[Callable[..., None], tuple[Any, ...], int]] = deque()
        self._handed_bytes = 0
        self._handing = threading.Lock()
        self._taken = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._spin, name="ros", daemon=True)

    def start(self) -> None:
        """Begin to spin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and leave ROS. Call it in the event loop's thread."""
        self._stopping = True
        self._taken.set()
        self._guard.trigger()
        self._thread.join(timeout=1.0)
        self._executor.shutdown(timeout_sec=0.1)
        self.node.destroy_node()
        self._context.try_shutdown()

    # Into the executor's thread

    def post(self, call: Callable[[], None]) -> None:
        """Have `call` run in the executor's thread, soon; what it raises is logged.

        After `stop` nothing happens: everything of ROS is gone then.
        """
        if not self._stopping:
            self._calls.append(call)
            self._guard.trigger()

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """Run `call(*args)` in the executor's thread; its result or its exception comes back.

        The call is posted before this coroutine first waits.
        """
        answer: asyncio.Future[T] = self._loop.create_future()

        def task() -> None:
            try:
                result = call(*args)
            except Exception as error:  # handed to whoever awaits, not handled here
                self.hand(_set_exception, answer, error)
            else:
                self.hand(_set_result, answer, result)

        self.post(task)
        return await answer

    async def result_of(
        self, start: Callable[[], Any], abandon: Callable[[Any], None] | None = None
    ) -> Any:
        """Start something of rclpy's that gives a Future, and wait for its result.

        What `start` raises is raised here. If the wait is cancelled (a time limit), `abandon` is
        given the Future, to forget about it.
        """
        answer: asyncio.Future[Any] = self._loop.create_future()
        started: list[Any] = []

        def done(future: Any) -> None:
            error = future.exception()
            if error is not None:
                self.hand(_set_exception, answer, error)
            else:
                self.hand(_set_result, answer, future.result())

        def begin() -> None:
            try:
                future = start()
            except Exception as error:  # handed to whoever awaits, not handled here
                self.hand(_set_exception, answer, error)
            else:
                started.append(future)
                future.add_done_callback(done)

        def forget() -> None:
            if abandon is not None and started and not started[0].done():
                abandon(started[0])

        self.post(begin)
        try:
            return await answer
        except asyncio.CancelledError:
            self.post(forget)
            raise

    def _run_calls(self) -> None:
        while self._calls:
            call = self._calls.popleft()
            try:
                call()
            except Exception:
                _log.exception("A call into ROS failed")

    # Back to the event loop

    def hand(self, call: Callable[..., None], *args: Any, size: int = 0) -> None:
        """Have `call(*args)` run in the event loop; waits while `size` bytes find no room."""
        while self._handed_bytes > BACKLOG_BYTES and size and not self._stopping:
            self._taken.clear()
            if self._handed_bytes > BACKLOG_BYTES:
                self._taken.wait(timeout=1.0)
        with self._handing:
            self._handed.append((call, args, size))
            self._handed_bytes += size
            first = len(self._handed) == 1
        if first and not self._stopping:
            try:
                self._loop.call_soon_threadsafe(self._take)
            except RuntimeError:  # the loop is closed: the process is ending
                self._stopping = True

    def _take(self) -> None:
        with self._handing:
            handed, self._handed = self._handed, deque()
            self._handed_bytes = 0
        self._taken.set()
        for call, args, _ in handed:
            try:
                call(*args)
            except Exception:
                _log.exception("What ROS handed in could not be worked on")

    def _spin(self) -> None:
        while not self._stopping:
            try:
                self._executor.spin_once()
            except (ExternalShutdownException, ShutdownException):
                return
            except Exception:
                # rclpy raises here when an entity is destroyed while it is being waited for, and
                # when a peer's message is broken. Neither may end the bridge.
                if not self._stopping:
                    _log.exception("rclpy failed while waiting for work")


def _set_result(answer: asyncio.Future[Any], result: Any) -> None:
    if not answer.done():
        answer.set_result(result)


def _set_exception(answer: asyncio.Future[Any], error: BaseException) -> None:
    if not answer.done():
        answer.set_exception(error)
