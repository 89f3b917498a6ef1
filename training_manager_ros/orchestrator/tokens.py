"""JSON Web Tokens, HS256 alone: what a client holds after it has signed in with a service key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from training_manager_ros.orchestrator.clock import Clock

__all__ = ["Tokens"]


class Tokens:
    """Makes and checks tokens. The claims: iss, sub (owner), kid (service key), iat, exp."""

    def __init__(self, key: bytes, lifetime: float, clock: Clock) -> None:
        self._key = key
        self._lifetime = lifetime
        self._clock = clock

    def issue(self, issuer: str, owner_id: str, key_id: str) -> str:
        """A token that is good from now on for the lifetime."""
        now = self._clock()
        claims = {
            "iss": issuer,
            "sub": owner_id,
            "kid": key_id,
            "iat": int(now),
            "exp": int(now + self._lifetime),
        }
        body = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(claims)}"
        return f"{body}.{self._sign(body)}"

    def check(self, token: str) -> tuple[str, str] | None:
        """(owner, service key) of a token that is ours and has not expired; else None."""
        body, _, signature = token.rpartition(".")
        header, _, payload = body.partition(".")
        if not hmac.compare_digest(self._sign(body).encode(), signature.encode("utf-8", "replace")):
            return None
        if _decode(header).get("alg") != "HS256":
            return None
        claims = _decode(payload)
        owner, key, expires = claims.get("sub"), claims.get("kid"), claims.get("exp")
        if not isinstance(owner, str) or not isinstance(key, str) or not isinstance(expires, int):
            return None
        return (owner, key) if self._clock() < expires else None

    def _sign(self, body: str) -> str:
        digest = hmac.new(self._key, body.encode("utf-8", "replace"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _encode(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _decode(part: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
