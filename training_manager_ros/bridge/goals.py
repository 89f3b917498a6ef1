"""One client's goals: those that run, by the id the client gave them."""

from __future__ import annotations

import asyncio
from typing import Any

from training_manager_ros.bridge.actions import Actions, Goal
from training_manager_ros.bridge.outbox import Outbox
from training_manager_ros.bridge.protocol import Request, write
from training_manager_ros.errors import Conflict, NotFound

__all__ = ["Goals"]


class _Running:
    """A goal on its way; `accepted` gives it once it is, or is cancelled with it."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.accepted: asyncio.Future[Goal] = asyncio.get_running_loop().create_future()


class Goals:
    """Sends goals, their feedback and results, and cancels them."""

    def __init__(self, actions: Actions, outbox: Outbox) -> None:
        self._actions = actions
        self._outbox = outbox
        self._running: dict[str | int, _Running] = {}

    async def run(self, request: Request, action: str) -> None:
        """Carry out a send_action_goal request to its result; raises what `Actions` raises."""
        if request.id is not None and request.id in self._running:
            raise Conflict(f"The goal {request.id} is running already; give each its own id.")
        running = _Running(action)
        if request.id is not None:
            self._running[request.id] = running
        spelled = request.fields["action"]
        try:
            goal = await self._actions.send(
                action,
                request.fields["action_type"],
                request.get("args"),
                self._feedback(request) if request.get("feedback", False) else None,
            )
            running.accepted.set_result(goal)
            try:
                status, values = await goal.result()
            finally:
                self._actions.release(goal)
        finally:
            running.accepted.cancel()
            if request.id is not None:
                del self._running[request.id]
        self._outbox.send(
            write(
                "action_result",
                request.id,
                action=spelled,
                values=values,
                status=status,
                result=True,
            )
        )

    async def cancel(self, request: Request, action: str) -> None:
        """Carry out a cancel_action_goal request; the goal's result tells when it was cancelled.

        Raises `NotFound` if this client has no such goal, and what `Goal.cancel` raises.
        """
        running = self._running.get(request.id) if request.id is not None else None
        if running is None or running.action != action:
            raise NotFound(
                f"The client has no goal {request.id} running at {request.fields['action']}."
            )
        await asyncio.wait((running.accepted,))
        if not running.accepted.cancelled():  # else it was never accepted, which its result says
            await running.accepted.result().cancel()

    def _feedback(self, request: Request) -> Any:
        def feedback(values: Any) -> None:
            if self._outbox.has_room:  # a slow client gets the next one
                self._outbox.send(
                    write(
                        "action_feedback",
                        request.id,
                        action=request.fields["action"],
                        values=values,
                    )
                )

        return feedback
