"""Sending goals to actions of ROS: one client an action, kept while it is used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rclpy.action import ActionClient

from training_manager_ros.bridge.decode import from_json
from training_manager_ros.bridge.encode import to_json
from training_manager_ros.bridge.graph import service_types
from training_manager_ros.bridge.interfaces import action_class, full_name
from training_manager_ros.bridge.rosthread import RosThread
from training_manager_ros.bridge.services import DISCOVERY, KEPT, NoAnswer, pauses
from training_manager_ros.bridge.sweeper import Sweeper
from training_manager_ros.errors import Conflict, NotFound

__all__ = ["Actions", "Goal"]

# How long a server may take to accept or refuse a goal or a cancellation, in seconds.
RESPONSE = 10.0
# How often to look whether the server of a running goal is still there, in seconds, and how often
# in a row it may be missing.
WATCH = 2.0
MISSING = 3


@dataclass
class _Client:
    entity: Any
    cls: Any
    used: float
    goals: int = 0


class Goal:
    """One goal that an action has accepted."""

    def __init__(self, ros: RosThread, action: str, client: _Client, handle: Any) -> None:
        self._ros = ros
        self._action = action
        self._client = client
        self._handle = handle

    async def result(self) -> tuple[int, Any]:
        """Wait for the end: its status (action_msgs/msg/GoalStatus) and the result as a JSON value.

        Raises `NoAnswer` if the server goes away.
        """
        waiting = asyncio.ensure_future(self._ros.result_of(self._handle.get_result_async))
        missing = 0
        try:
            while True:
                done, _ = await asyncio.wait((waiting,), timeout=WATCH)
                if done:
                    response = waiting.result()
                    return response.status, to_json(response.result)
                there = await self._ros.run(self._client.entity.server_is_ready)
                missing = 0 if there else missing + 1
                if missing >= MISSING:
                    raise NoAnswer(f"The server of the action {self._action} has gone away.")
        finally:
            waiting.cancel()

    async def cancel(self) -> None:
        """Ask for the goal to be cancelled; its result tells when it was.

        Raises `Conflict` if the server refuses, `NoAnswer` if it says nothing.
        """
        try:
            response = await asyncio.wait_for(
                self._ros.result_of(self._handle.cancel_goal_async), RESPONSE
            )
        except asyncio.TimeoutError:
            raise NoAnswer(
                f"The action {self._action} did not answer the cancellation within {RESPONSE:g} s."
            ) from None
        if not response.goals_canceling:
            raise Conflict(
                f"The action {self._action} refused to cancel the goal, or it has ended."
            )


class Actions:
    """All action clients."""

    def __init__(self, ros: RosThread, loop: asyncio.AbstractEventLoop) -> None:
        self._ros = ros
        self._clients: dict[tuple[str, str], _Client] = {}  # in the executor's thread only
        self._sweeper = Sweeper(ros, loop, KEPT, self._sweep)

    async def send(
        self, action: str, type_name: str, arguments: Any, feedback: Callable[[Any], None] | None
    ) -> Goal:
        """Send a goal and wait until it is accepted; `release` it later.

        `feedback` gets JSON values.
        Raises `NotFound` if there is no such action, `InvalidInput` if the goal does not fit,
        `Conflict` if it is rejected, `NoAnswer` if the server says nothing.
        """
        wanted = full_name(type_name, "action")
        cls = action_class(wanted)
        goal = from_json(cls.Goal, arguments)
        client = await self._client(action, wanted, cls)
        on_feedback = None if feedback is None else self._on_feedback(feedback)
        accepted = None
        try:
            handle = await asyncio.wait_for(
                self._ros.result_of(lambda: client.entity.send_goal_async(goal, on_feedback)),
                RESPONSE,
            )
            if not handle.accepted:
                raise Conflict(f"The action {action} rejected the goal.")
            accepted = Goal(self._ros, action, client, handle)
            return accepted
        except asyncio.TimeoutError:
            raise NoAnswer(
                f"The action {action} did not answer the goal within {RESPONSE:g} s."
            ) from None
        finally:
            if accepted is None:
                self._release(client)

    def release(self, goal: Goal) -> None:
        """The goal is not waited for any more."""
        self._release(goal._client)

    def _on_feedback(self, feedback: Callable[[Any], None]) -> Callable[[Any], None]:
        def hand(message: Any) -> None:
            self._ros.hand(lambda: feedback(to_json(message.feedback)))

        return hand

    async def _client(self, action: str, type_name: str, cls: Any) -> _Client:
        for pause in pauses(DISCOVERY):
            client = await self._ros.run(self._ready, action, type_name, cls)
            if client is not None:
                return client
            await asyncio.sleep(pause)
        self._sweeper.wake()
        raise NotFound(f"There is no action {action}; is its node running?")

    def _release(self, client: _Client) -> None:
        def done() -> None:
            client.goals -= 1
            client.used = time.monotonic()

        self._ros.post(done)
        self._sweeper.wake()

    # In the executor's thread

    def _ready(self, action: str, type_name: str, cls: Any) -> _Client | None:
        """A client whose server is there, marked as used; None if there is none yet."""
        client = self._clients.get((action, type_name))
        if client is None or not client.entity.server_is_ready():
            found = service_types(self._ros.node, f"{action}/_action/send_goal")
            # Our own clients stand on the graph too.
            types = {name.removesuffix("_SendGoal") for name in found}
            others = types - {known for at, known in self._clients if at == action}
            if others and type_name not in others:
                raise Conflict(f"The action {action} has the type {others.pop()}, not {type_name}.")
        if client is None:
            entity = ActionClient(self._ros.node, cls, action)
            client = self._clients[action, type_name] = _Client(entity, cls, time.monotonic())
        if not client.entity.server_is_ready():
            return None
        client.goals += 1
        return client

    def _sweep(self) -> bool:
        before = time.monotonic() - KEPT
        for key, client in list(self._clients.items()):
            if client.goals == 0 and client.used < before:
                del self._clients[key]
                client.entity.destroy()
        return bool(self._clients)
