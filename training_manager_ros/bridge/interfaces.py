"""From the name of an interface, such as `std_msgs/msg/String`, to its Python class."""

from __future__ import annotations

import importlib
import importlib.util
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from training_manager_ros.errors import InvalidInput, NotFound

__all__ = ["action_class", "full_name", "message_class", "service_class"]

_NAME = re.compile(r"([A-Za-z][A-Za-z0-9_]*)(?:/(msg|srv|action))?/([A-Za-z][A-Za-z0-9_]*)")

# What an action is made of on the wire: the suffix of the type's name, and the class in its `Impl`.
_OF_ACTIONS = {
    "_FeedbackMessage": "FeedbackMessage",
    "_SendGoal": "SendGoalService",
    "_GetResult": "GetResultService",
}


def full_name(name: str, kind: str) -> str:
    """`std_msgs/String` with kind `msg` → `std_msgs/msg/String`; full names stay as they are.

    Raises `InvalidInput` for what is no name of an interface.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise InvalidInput(f"{name!r} is no type; write it like package/{kind}/Name.")
    package, given, base = match.groups()
    return f"{package}/{given or kind}/{base}"


def message_class(name: str) -> Any:
    """The class of a message. Raises `InvalidInput` or, where it isn't installed, `NotFound`."""
    return _load(full_name(name, "msg"), "msg")


def service_class(name: str) -> Any:
    """The class of a service. Raises as `message_class` does."""
    return _load(full_name(name, "srv"), "srv")


def action_class(name: str) -> Any:
    """The class of an action. Raises as `message_class` does."""
    return _load(full_name(name, "action"), "action")


@lru_cache(maxsize=256)
def _load(name: str, wanted: str) -> Any:
    package, kind, base = name.split("/")
    if kind == wanted:
        return _find(name, package, kind, base)
    if kind == "action":
        for suffix, part in _OF_ACTIONS.items():
            if base.endswith(suffix):
                action = _find(name, package, kind, base[: -len(suffix)])
                found = getattr(action.Impl, part)
                if (wanted == "srv") == hasattr(found, "Request"):
                    return found
    what = {"msg": "message", "srv": "service", "action": "action"}[wanted]
    raise InvalidInput(f"{name} is no type of {'an' if wanted == 'action' else 'a'} {what}.")


def _find(name: str, package: str, kind: str, base: str) -> Any:
    # Looking before importing: a client can't have just any Python package imported.
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec is not None else None
    if any(Path(folder, kind, "__init__.py").is_file() for folder in folders or ()):
        found = getattr(importlib.import_module(f"{package}.{kind}"), base, None)
        if found is not None:
            return found
    raise NotFound(f"The type {name} is not installed on this machine.")
