"""Names on the ROS graph, spelled in full, and what type is behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from training_manager_ros.errors import Conflict, InvalidInput

__all__ = ["full_ros_name", "one_type", "service_types", "topic_types"]


# The names of ROS, which are ASCII and no longer than the middlewares allow.
_FULL_NAME = re.compile(r"(/[A-Za-z_][A-Za-z0-9_]*)+")
_LONGEST = 240


def full_ros_name(kind: str, name: str) -> str:
    """A client's name with its leading slash. Raises `InvalidInput` for what is no name in ROS."""
    full = name if name.startswith("/") else f"/{name}"
    if _FULL_NAME.fullmatch(full) is None or len(full) > _LONGEST:
        shown = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
        raise InvalidInput(
            f"{shown!r} is no name of {'an' if kind == 'action' else 'a'} {kind}: letters, digits "
            f"and _ between slashes, none beginning with a digit, at most {_LONGEST} in all."
        )
    return full


def topic_types(node: Any, topic: str) -> list[str]:
    """The types that a topic is used with; more than one only by mistake."""
    return list(dict(node.get_topic_names_and_types()).get(topic, []))


def service_types(node: Any, service: str) -> list[str]:
    """The types that a service is offered, or called, with."""
    return list(dict(node.get_service_names_and_types()).get(service, []))


def one_type(kind: str, name: str, types: Sequence[str]) -> str | None:
    """The only one of the types, None if there is none. Raises `Conflict` if there are several."""
    if len(types) > 1:
        raise Conflict(f"The {kind} {name} is used with several types: {', '.join(types)}.")
    return types[0] if types else None
