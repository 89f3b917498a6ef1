"""What clients publish to ROS: one publisher a topic, shared by all clients that advertise it."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from training_manager_ros.bridge.decode import from_json
from training_manager_ros.bridge.graph import one_type, topic_types
from training_manager_ros.bridge.interfaces import full_name, message_class
from training_manager_ros.bridge.rosthread import RosThread
from training_manager_ros.errors import Conflict, NotFound

__all__ = ["Publishers"]

# A publisher outlives its last advertisement by this, in seconds, so that its last messages arrive.
LINGER = 5.0
# A message that isn't latched still reaches who is discovered within this time.
LIFESPAN = 1.0


@dataclass
class _Publisher:
    type: str
    cls: Any
    entity: Any
    users: set[Hashable] = field(default_factory=set)


class Publishers:
    """All publishers. A user is whatever hashable names one advertisement of one client."""

    def __init__(self, ros: RosThread, loop: asyncio.AbstractEventLoop) -> None:
        self._ros = ros
        self._loop = loop
        self._publishers: dict[str, _Publisher] = {}  # in the executor's thread only

    async def advertise(
        self, user: Hashable, topic: str, type_name: str, latch: bool, queue_size: int
    ) -> None:
        """Make sure there is a publisher for as long as the user wants one.

        `latch` and `queue_size` are those of the first who advertises. Raises `Conflict` if the
        topic has another type, `NotFound` or `InvalidInput` if the type is not to be had.
        """
        wanted = full_name(type_name, "msg")
        await self._ros.run(self._advertise, user, topic, wanted, latch, queue_size)

    async def publish(self, user: Hashable, topic: str, value: Any) -> None:
        """Publish a message; `user` advertises the topic thereby if it has a type already.

        Raises `NotFound` if nobody has advertised the topic, `InvalidInput` if the message does
        not fit.
        """
        await self._ros.run(self._publish, user, topic, value)

    def release(self, user: Hashable, topic: str) -> None:
        """The user doesn't publish there any more."""

        def release() -> None:
            publisher = self._publishers.get(topic)
            if publisher is not None:
                publisher.users.discard(user)

        self._ros.post(release)
        self._loop.call_later(LINGER, lambda: self._ros.post(lambda: self._drop_unused(topic)))

    def _advertise(
        self, user: Hashable, topic: str, wanted: str, latch: bool, queue_size: int
    ) -> None:
        publisher = self._publishers.get(topic)
        if publisher is None:
            known = one_type("topic", topic, topic_types(self._ros.node, topic))
            if known is not None and known != wanted:
                raise Conflict(f"The topic {topic} has the type {known}, not {wanted}.")
            publisher = self._create(topic, wanted, latch, queue_size)
        elif publisher.type != wanted:
            raise Conflict(f"The topic {topic} has the type {publisher.type}, not {wanted}.")
        publisher.users.add(user)

    def _publish(self, user: Hashable, topic: str, value: Any) -> None:
        publisher = self._publishers.get(topic)
        if publisher is None:
            known = one_type("topic", topic, topic_types(self._ros.node, topic))
            if known is None:
                raise NotFound(f"Nobody has advertised the topic {topic}; advertise it first.")
            publisher = self._create(topic, known, latch=False, queue_size=100)
        message = from_json(publisher.cls, value)
        publisher.users.add(user)
        publisher.entity.publish(message)

    def _create(self, topic: str, type_name: str, latch: bool, queue_size: int) -> _Publisher:
        cls = message_class(type_name)
        qos = QoSProfile(
            depth=1 if latch else queue_size,
            reliability=ReliabilityPolicy.RELIABLE,
            durability=DurabilityPolicy.TRANSIENT_LOCAL,
        )
        if not latch:
            qos.lifespan = Duration(seconds=LIFESPAN)
        publisher = _Publisher(type_name, cls, self._ros.node.create_publisher(cls, topic, qos))
        self._publishers[topic] = publisher
        return publisher

    def _drop_unused(self, topic: str) -> None:
        publisher = self._publishers.get(topic)
        if publisher is not None and not publisher.users:
            del self._publishers[topic]
            self._ros.node.destroy_publisher(publisher.entity)
