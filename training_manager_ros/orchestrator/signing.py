"""Signed, expiring URLs for objects: whoever holds one may do that one thing until then."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote

from training_manager_ros.orchestrator.clock import Clock

__all__ = ["UrlSigner"]


class UrlSigner:
    """Signs a path below /objects/ for reading or writing."""

    def __init__(self, key: bytes, lifetime: float, clock: Clock) -> None:
        self._key = key
        self._lifetime = lifetime
        self._clock = clock

    def url(self, base: str, action: str, path: str) -> str:
        """The URL of `path` ("skill/run/name", not yet quoted) for `action` ("get" or "put")."""
        expires = str(int(self._clock() + self._lifetime))
        signature = self._sign(action, path, expires)
        return f"{base}/objects/{quote(path)}?expires={expires}&signature={signature}"

    def problem(self, action: str, path: str, expires: str, signature: str) -> str:
        """Why the URL may not be used for `action`; "" if it may."""
        expected = self._sign(action, path, expires)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            return "This URL's signature is wrong: ask the server for a new one."
        if self._clock() >= int(expires):
            return "This URL has expired: ask the server for a new one."
        return ""

    def _sign(self, action: str, path: str, expires: str) -> str:
        text = f"{action}\n{expires}\n{path}".encode("utf-8", "surrogateescape")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()
