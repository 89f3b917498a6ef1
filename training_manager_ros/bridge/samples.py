"""One message on its way from ROS to clients, and finding out that it came twice."""

from __future__ import annotations

import json
from typing import Any, Protocol

from rclpy.serialization import deserialize_message

from training_manager_ros.bridge.encode import to_json

__all__ = ["Listener", "Once", "Sample", "key_of"]


class Sample:
    """One message as it came, in ROS's serialised form, and as JSON once somebody wants it."""

    __slots__ = ("_cls", "_json", "latched", "raw")

    def __init__(self, raw: bytes, cls: Any, latched: bool) -> None:
        self.raw = raw
        self.latched = latched  # it came from a publisher that latches
        self._cls = cls
        self._json: str | None = None

    def json(self) -> str:
        """The message as JSON text, made once for all clients."""
        if self._json is None:
            message = deserialize_message(self.raw, self._cls)
            self._json = json.dumps(to_json(message), allow_nan=False, separators=(",", ":"))
        return self._json


class Listener(Protocol):
    """Who is handed the samples, in the event loop's thread."""

    def offer(self, sample: Sample) -> None:
        """A message has come."""


class Once:
    """Finds what comes by two ways, counting equal messages, so that it is handed on once."""

    LIMIT = 4000  # of each way

    def __init__(self) -> None:
        self._seen: tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]] = ({}, {})

    def first(self, raw: bytes, way: int) -> bool:
        """Whether this message has not come by the other way yet."""
        key = key_of(raw)
        other, mine = self._seen[1 - way], self._seen[way]
        count = other.pop(key, 0)
        if count:
            if count > 1:
                other[key] = count - 1
            return False
        mine[key] = mine.get(key, 0) + 1
        if len(mine) > self.LIMIT:
            del mine[next(iter(mine))]
        return True


def key_of(raw: bytes) -> tuple[int, int]:
    """What stands for a message where only equality counts."""
    return len(raw), hash(raw)
