"""Requests of rosbridge v2, read from text and checked field by field."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from training_manager_ros.errors import InvalidInput

__all__ = ["LEVELS", "BadRequest", "Request", "read_request", "write"]

LEVELS = ("none", "error", "warning", "info")

_TEXT = "a string"
_FLAG = "true or false"
_COUNT = "a whole number, 0 or more"
_NUMBER = "a number"
_ANY = "anything"

# Required fields end in "!". Fields that aren't listed are ignored, as rosbridge_server does.
_FIELDS: dict[str, dict[str, str]] = {
    "subscribe": {
        "topic!": _TEXT,
        "type": _TEXT,
        "throttle_rate": _COUNT,
        "queue_length": _COUNT,
        "compression": _TEXT,
    },
    "unsubscribe": {"topic!": _TEXT},
    "advertise": {"topic!": _TEXT, "type!": _TEXT, "latch": _FLAG, "queue_size": _COUNT},
    "unadvertise": {"topic!": _TEXT},
    "publish": {"topic!": _TEXT, "msg": _ANY},
    "call_service": {"service!": _TEXT, "args": _ANY, "timeout": _NUMBER},
    "send_action_goal": {
        "action!": _TEXT,
        "action_type!": _TEXT,
        "args": _ANY,
        "feedback": _FLAG,
    },
    "cancel_action_goal": {"action!": _TEXT, "id!": _ANY},
    "set_level": {"level!": _TEXT},
}


class BadRequest(InvalidInput):
    """Raised for a request that can't be read. `request` has what of it could be, if anything."""

    def __init__(self, message: str, request: Request | None = None) -> None:
        super().__init__(message)
        self.request = request


@dataclass(frozen=True)
class Request:
    """One request. `fields` are checked once `read_request` has returned it."""

    op: str
    id: str | int | None
    fields: dict[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        """A field, `default` if it is missing or null."""
        value = self.fields.get(name)
        return default if value is None else value


def read_request(text: str) -> Request:
    """Read one message of a client. Raises `BadRequest`."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise BadRequest("The request is nested too deeply.") from None
    except ValueError as error:
        raise BadRequest(f"The request is no valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadRequest("The request is no JSON object.")
    request_id = value.get("id")
    valid_id = request_id is None or (
        isinstance(request_id, (str, int)) and not isinstance(request_id, bool)
    )
    op = value.get("op")
    request = Request(str(op), request_id if valid_id else None, value)
    if not isinstance(op, str):
        raise BadRequest('The request has no "op", a string.', request)
    if not valid_id:
        raise BadRequest('"id" must be a string or a whole number.', request)
    if op not in _FIELDS:
        offered = ", ".join(_FIELDS)
        raise BadRequest(
            f"This bridge does not offer the operation {op!r}; there are {offered}.", request
        )
    for name, what in _FIELDS[op].items():
        _check(request, name, what)
    return request


def write(op: str, request_id: str | int | None, **fields: Any) -> str:
    """A message to a client; without "id" if the request had none."""
    message: dict[str, Any] = {"op": op, **fields}
    if request_id is not None:
        message["id"] = request_id
    return json.dumps(message, allow_nan=False, separators=(",", ":"))


def _check(request: Request, name: str, what: str) -> None:
    value = request.fields.get(name.rstrip("!"))
    if value is None:
        if name.endswith("!"):
            raise BadRequest(f'{request.op} needs "{name[:-1]}".', request)
    elif not _fits(value, what):
        raise BadRequest(f'"{name.rstrip("!")}" of {request.op} must be {what}.', request)


def _fits(value: Any, what: str) -> bool:
    if what in (_COUNT, _NUMBER):
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return False
        # Whole numbers may be written as floats: 100.0
        return what == _NUMBER or (value >= 0 and value % 1 == 0)
    if what == _FLAG:
        return isinstance(value, bool)
    return what == _ANY or isinstance(value, str)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
