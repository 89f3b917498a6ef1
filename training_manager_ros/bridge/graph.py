"""Names on the ROS graph, spelled in full, and what type is behind them."""

from __future__ import annotations

from typing import Any

from rclpy.exceptions import InvalidServiceNameException, InvalidTopicNameException
from rclpy.validate_full_topic_name import validate_full_topic_name

from training_manager_ros.errors import Conflict, InvalidInput

__all__ = ["full_ros_name", "service_type", "topic_type"]


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


def topic_type(node: Any, topic: str) -> str | None:
    """The type of a topic, None if nobody has it. Raises `Conflict` where it has several."""
    return _one("topic", topic, node.get_topic_names_and_types())


def service_type(node: Any, service: str) -> str | None:
    """The type of a service, None if nobody has it. Raises `Conflict` where it has several."""
    return _one("service", service, node.get_service_names_and_types())


def _one(kind: str, name: str, known: list[tuple[str, list[str]]]) -> str | None:
    types = dict(known).get(name, [])
    if len(types) > 1:
        raise Conflict(f"The {kind} {name} is used with several types: {', '.join(types)}.")
    return types[0] if types else None


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
