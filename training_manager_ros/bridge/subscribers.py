"""Who listens to what: finds a topic's type and keeps one feed for it while anybody listens."""

from __future__ import annotations

import asyncio

from training_manager_ros.bridge.feeds import Feed
from training_manager_ros.bridge.graph import one_type, topic_types
from training_manager_ros.bridge.interfaces import full_name, message_class
from training_manager_ros.bridge.rosthread import RosThread
from training_manager_ros.bridge.samples import Listener
from training_manager_ros.bridge.services import DISCOVERY, pauses
from training_manager_ros.errors import Conflict, NotFound

__all__ = ["Subscribers"]


class Subscribers:
    """All feeds."""

    def __init__(self, ros: RosThread) -> None:
        self._ros = ros
        self._feeds: dict[str, Feed] = {}  # in the executor's thread only

    async def join(self, topic: str, type_name: str | None, listener: Listener) -> None:
        """Hand the topic's messages to the listener, first of all what is latched.

        Without a type it is that of the topic, which has to exist then. Raises `NotFound` if it
        does not or the type isn't installed, `Conflict` if the topic has another type.
        """
        wanted = None if type_name is None else full_name(type_name, "msg")
        for pause in pauses(DISCOVERY):
            if await self._ros.run(self._join, topic, wanted, listener):
                return
            await asyncio.sleep(pause)
        raise NotFound(f"There is no topic {topic}; give its type, to wait for it.")

    def leave(self, topic: str, listener: Listener) -> None:
        """Hand nothing more to the listener."""

        def leave() -> None:
            feed = self._feeds.get(topic)
            if feed is not None:
                feed.remove(listener)
                if feed.empty:
                    del self._feeds[topic]
                    feed.close()

        self._ros.post(leave)

    def _join(self, topic: str, wanted: str | None, listener: Listener) -> bool:
        known = one_type("topic", topic, topic_types(self._ros.node, topic))
        if known is None and wanted is None and topic not in self._feeds:
            return False
        if wanted is not None and known is not None and known != wanted:
            raise Conflict(f"The topic {topic} has the type {known}, not {wanted}.")
        feed = self._feeds.get(topic)
        if feed is None:
            feed = Feed(self._ros, topic, message_class(wanted or known or ""))
            self._feeds[topic] = feed
        feed.add(listener)
        return True
