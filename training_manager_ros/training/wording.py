"""What went wrong on the way to a server, in words that hold no secret."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Collection, Iterator

import httpx

from training_manager_ros import redaction
from training_manager_ros.redaction import HIDDEN
from training_manager_ros.training.reading import Json, parse_json

__all__ = ["detail_of", "redacted", "why"]

LONGEST = 300  # characters of a server's own words


def redacted(words: str, secrets: Collection[str]) -> str:
    """The words without the secrets, without what signs addresses, and not too long."""
    for secret in secrets:
        if secret:
            words = words.replace(secret, HIDDEN)
    words = redaction.redacted(" ".join(words.split()))
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"


def detail_of(response: httpx.Response, secrets: Collection[str]) -> str:
    """The server's own reason, `": reason"` or nothing; the body must have been read."""
    try:
        answer = parse_json(response.content)
    except ValueError:
        return ""
    detail = answer.get("detail") if isinstance(answer, dict) else None
    if isinstance(detail, list):  # a list of what is wrong with each field
        detail = "; ".join(_field_error(item) for item in detail)
    words = redacted(detail, secrets) if isinstance(detail, str) else ""
    return f": {words}" if words else ""


def _field_error(item: object) -> str:
    if not isinstance(item, dict):
        return str(item)
    fields: Json = item
    place = fields.get("loc")
    where = ".".join(str(part) for part in place) if isinstance(place, list) else ""
    return f"{where} {fields.get('msg', '')}".strip()


def why(error: Exception) -> str:
    """Why a connection failed, to follow a name: "… did not answer in time"."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "can't be found: no network, or a wrong address"
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = cause.verify_message
            return f"has a certificate that is not accepted ({reason}); is the clock right?"
        if isinstance(cause, ConnectionRefusedError):
            return "accepts no connection: it is not running, or its address is wrong"
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return "can't be reached: no network, or it is switched off"
    if isinstance(error, httpx.TimeoutException):
        return "did not answer in time"
    return "broke off the connection"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
