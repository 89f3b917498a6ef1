"""One client: carries out its requests, and answers each one that fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any

from training_manager_ros.bridge.actions import Actions
from training_manager_ros.bridge.globs import Globs
from training_manager_ros.bridge.goals import Goals
from training_manager_ros.bridge.graph import full_ros_name
from training_manager_ros.bridge.outbox import Outbox, Subscription, Wish
from training_manager_ros.bridge.protocol import LEVELS, BadRequest, Request, read_request, write
from training_manager_ros.bridge.publishers import Publishers
from training_manager_ros.bridge.services import Services
from training_manager_ros.bridge.subscribers import Subscribers
from training_manager_ros.errors import Conflict, InvalidInput, NotFound, TrainingManagerError

__all__ = ["Bridge", "Session"]

# Seconds that a service may take if the client doesn't say.
SERVICE_TIMEOUT = 10.0
# Calls and goals of one client that may be open at a time.
MAX_PENDING = 100
# No queue longer than this, whatever a client asks for.
MAX_QUEUE = 10_000

STATUS_UNKNOWN = 0  # action_msgs/msg/GoalStatus: for goals that were never accepted

_log = logging.getLogger("training_manager.bridge")


@dataclass(frozen=True)
class Bridge:
    """What all sessions share."""

    loop: asyncio.AbstractEventLoop
    subscribers: Subscribers
    publishers: Publishers
    services: Services
    actions: Actions
    topics: Globs
    service_names: Globs
    action_names: Globs


class Session:
    """One client's requests, subscriptions, advertisements and goals."""

    def __init__(self, bridge: Bridge, outbox: Outbox) -> None:
        self._bridge = bridge
        self._outbox = outbox
        self._level = LEVELS.index("error")
        self._subscriptions: dict[str, Subscription] = {}  # by the topic as the client spells it
        self._advertised: dict[str, set[Hashable]] = {}
        self._goals = Goals(bridge.actions, outbox)
        self._pending: set[asyncio.Task[None]] = set()
        self._closed = False  # a request may still be worked on then
        self._operations: dict[str, Callable[[Request], Awaitable[None]]] = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "advertise": self._advertise,
            "unadvertise": self._unadvertise,
            "publish": self._publish,
            "call_service": self._start_call,
            "send_action_goal": self._start_goal,
            "cancel_action_goal": self._cancel_goal,
            "set_level": self._set_level,
        }

    async def handle(self, text: str) -> None:
        """Carry out one message of the client; calls and goals go on by themselves."""
        await self._outbox.relieved()
        if self._closed:
            return
        try:
            request = read_request(text)
        except BadRequest as error:
            self.refuse(str(error), error.request)
            return
        await self._answered(request, self._operations[request.op](request))

    def refuse(self, reason: str, request: Request | None = None) -> None:
        """Answer a request that failed, in the way its operation answers."""
        fields = request.fields if request is not None else {}
        request_id = request.id if request is not None else None
        op = request.op if request is not None else ""
        if op == "call_service" and isinstance(fields.get("service"), str):
            self._outbox.send(
                write(
                    "service_response",
                    request_id,
                    service=fields["service"],
                    values=reason,
                    result=False,
                )
            )
        elif op == "send_action_goal" and isinstance(fields.get("action"), str):
            self._outbox.send(
                write(
                    "action_result",
                    request_id,
                    action=fields["action"],
                    values=reason,
                    status=STATUS_UNKNOWN,
                    result=False,
                )
            )
        else:
            self._status("error", reason, request_id)
        _log.debug("Refused %s: %s", op or "a message", reason)

    def close(self) -> None:
        """The client is gone: release all it had. Goals it sent go on."""
        self._closed = True
        self._outbox.close()
        for task in self._pending:
            task.cancel()
        for topic, subscription in self._subscriptions.items():
            subscription.close()
            self._bridge.subscribers.leave(full_ros_name("topic", topic), subscription)
        for topic, users in self._advertised.items():
            for user in users:
                self._bridge.publishers.release(user, topic)
        self._subscriptions.clear()
        self._advertised.clear()

    # Topics

    async def _subscribe(self, request: Request) -> None:
        spelled = request.fields["topic"]
        topic = self._allowed(self._bridge.topics, "topic", spelled)
        compression = request.get("compression", "none")
        if compression not in ("none", "png"):
            raise InvalidInput(
                f"This bridge does not offer the compression {compression!r}; use none or png."
            )
        subscription = self._subscriptions.get(spelled)
        if subscription is None:
            subscription = Subscription(spelled, self._outbox, self._bridge.loop)
            self._subscriptions[spelled] = subscription
        wish = Wish(
            throttle=request.get("throttle_rate", 0) / 1000,
            queue_length=min(int(request.get("queue_length", 0)), MAX_QUEUE),
        )
        subscription.want(request.id, wish)
        try:
            await self._bridge.subscribers.join(topic, request.get("type"), subscription)
        except TrainingManagerError:
            subscription.unwant(request.id)
            self._end_if_unwanted(spelled, topic)
            raise
        if self._closed:
            self._bridge.subscribers.leave(topic, subscription)
        self._status("info", f"Subscribed to {spelled}", request.id)

    async def _unsubscribe(self, request: Request) -> None:
        spelled = request.fields["topic"]
        topic = self._allowed(self._bridge.topics, "topic", spelled)
        subscription = self._subscriptions.get(spelled)
        if subscription is None or not subscription.unwant(request.id):
            raise NotFound(f"There is no such subscription to {spelled}.")
        self._end_if_unwanted(spelled, topic)
        self._status("info", f"Unsubscribed from {spelled}", request.id)

    def _end_if_unwanted(self, spelled: str, topic: str) -> None:
        subscription = self._subscriptions.get(spelled)
        if subscription is not None and not subscription.wanted:
            del self._subscriptions[spelled]
            subscription.close()
            self._bridge.subscribers.leave(topic, subscription)

    async def _advertise(self, request: Request) -> None:
        topic = self._allowed(self._bridge.topics, "topic", request.fields["topic"])
        user = (self, request.id)
        await self._bridge.publishers.advertise(
            user,
            topic,
            request.fields["type"],
            bool(request.get("latch", False)),
            max(1, min(int(request.get("queue_size", 100)), MAX_QUEUE)),
        )
        self._advertise_as(user, topic)
        self._status("info", f"Advertised {topic}", request.id)

    async def _unadvertise(self, request: Request) -> None:
        topic = self._allowed(self._bridge.topics, "topic", request.fields["topic"])
        mine = self._advertised.get(topic, set())
        given_up = set(mine) if request.id is None else mine & {(self, request.id)}
        if not given_up:
            raise NotFound(f"This client has not advertised {request.fields['topic']} so.")
        for user in given_up:
            self._bridge.publishers.release(user, topic)
        mine -= given_up
        self._status("info", f"Unadvertised {topic}", request.id)

    async def _publish(self, request: Request) -> None:
        topic = self._allowed(self._bridge.topics, "topic", request.fields["topic"])
        user = next(iter(self._advertised.get(topic, ())), (self, None))
        await self._bridge.publishers.publish(user, topic, request.fields.get("msg"))
        self._advertise_as(user, topic)

    def _advertise_as(self, user: Hashable, topic: str) -> None:
        if self._closed:
            self._bridge.publishers.release(user, topic)
        else:
            self._advertised.setdefault(topic, set()).add(user)

    # Services

    async def _start_call(self, request: Request) -> None:
        service = self._allowed(self._bridge.service_names, "service", request.fields["service"])
        self._start(request, self._call(request, service))

    async def _call(self, request: Request, service: str) -> None:
        timeout = request.get("timeout", SERVICE_TIMEOUT)
        values = await self._bridge.services.call(
            service, request.get("args"), timeout if timeout > 0 else None
        )
        self._outbox.send(
            write(
                "service_response",
                request.id,
                service=request.fields["service"],
                values=values,
                result=True,
            )
        )

    # Actions

    async def _start_goal(self, request: Request) -> None:
        action = self._allowed(self._bridge.action_names, "action", request.fields["action"])
        self._start(request, self._goals.run(request, action))

    async def _cancel_goal(self, request: Request) -> None:
        action = self._allowed(self._bridge.action_names, "action", request.fields["action"])
        self._start(request, self._goals.cancel(request, action))

    # The rest

    async def _set_level(self, request: Request) -> None:
        level = request.fields["level"]
        if level not in LEVELS:
            raise InvalidInput(f"There is no level {level!r}; there are {', '.join(LEVELS)}.")
        self._level = LEVELS.index(level)

    def _start(self, request: Request, work: Coroutine[Any, Any, None]) -> None:
        """Let a call or goal go on while the client's next requests are worked on."""
        if len(self._pending) >= MAX_PENDING:
            work.close()
            raise Conflict(f"{MAX_PENDING} calls and goals of this client are open already.")

        task = self._bridge.loop.create_task(self._answered(request, work))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _answered(self, request: Request, work: Awaitable[None]) -> None:
        try:
            await work
        except TrainingManagerError as error:
            self.refuse(str(error), request)
        except Exception as error:
            # Something of rclpy's failed: the client still gets its answer, the log the trace.
            _log.exception("%s failed", request.op)
            self.refuse(f"{request.op} failed in the bridge: {error}", request)

    def _allowed(self, globs: Globs, kind: str, name: str) -> str:
        full = full_ros_name(kind, name)
        globs.check(kind, full)
        return full

    def _status(self, level: str, message: str, request_id: str | int | None) -> None:
        if LEVELS.index(level) <= self._level:
            self._outbox.send(write("status", request_id, level=level, msg=message))
