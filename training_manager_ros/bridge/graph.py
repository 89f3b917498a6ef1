"""Names on the ROS graph, spelled in full, and what type is behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rclpy.exceptions import InvalidServiceNameException, InvalidTopicNameException
from rclpy.validate_full_topic_name import validate_full_topic_name

from training_manager_ros.errors import Conflict, InvalidInput

__all__ = ["full_ros_name", "one_type", "service_types", "topic_types"]


def full_ros_name(kind: str, name: str) -> str:
    """A client's name with its leading slash. Raises `InvalidInput` for what is no name in ROS."""
    full = name if name.startswith("/") else f"/{name}"
    try:
        validate_full_topic_name(full, is_service=kind != "topic")
    except (InvalidTopicNameException, InvalidServiceNameException) as error:
        reason = str(error).strip().splitlines()
        problem = reason[0] if reason else "it is not valid"
        raise InvalidInput(f"{name!r} is no name of {_a(kind)}: {problem}") from None
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


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
