"""Browsers that are signed in. They stay so over a restart; only hashes are kept on disk."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from training_manager_ros.panel.pairing import Pairing
from training_manager_ros.panel.private_files import read_private, write_private

__all__ = ["KEPT_FOR", "Sessions"]

_log = logging.getLogger("training_manager.panel")

KEPT_FOR = 90 * 86400  # seconds without use after which a session ends
_NOTED_EVERY = 86400  # seconds; the time of last use is not written more often
_MOST_SESSIONS = 256
_CLOCK_IS_SET = 1_600_000_000  # a robot without network may think that it is 1970


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Sessions:
    """The sessions of one server. A session's key is the hash of the id in the browser's cookie.

    A new pairing token ends all of them.
    """

    def __init__(
        self, path: Path, pairing: Pairing, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._pairing = _digest(pairing.token)
        self._clock = clock
        self._used = self._read()

    def begin(self) -> str:
        """Start a session; gives the id for the cookie."""
        session_id = secrets.token_urlsafe(32)
        self._used[_digest(session_id)] = self._clock()
        while len(self._used) > _MOST_SESSIONS:
            del self._used[min(self._used, key=self._used.__getitem__)]
        self._write()
        return session_id

    def find(self, session_id: str) -> str | None:
        """The key of the session that the id belongs to; None if there is none (any more)."""
        key = _digest(session_id)
        used = self._used.get(key)
        if used is None:
            return None
        now = self._clock()
        if used >= _CLOCK_IS_SET and now - used > KEPT_FOR:
            self.end(key)
            return None
        if now - used > _NOTED_EVERY:
            self._used[key] = now
            self._write()
        return key

    def is_open(self, key: str) -> bool:
        """Whether a session has not been ended."""
        return key in self._used

    def end(self, key: str) -> None:
        """Sign a session out; nothing happens if it is."""
        if self._used.pop(key, None) is not None:
            self._write()

    def _read(self) -> dict[str, float]:
        try:
            stored = json.loads(read_private(self._path))
            if stored["pairing"] != self._pairing:
                return {}
            return {str(key): float(used) for key, used in stored["sessions"].items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("%s can't be read (%s): everybody has to pair again.", self._path, error)
            return {}

    def _write(self) -> None:
        stored = {"pairing": self._pairing, "sessions": self._used}
        try:
            write_private(self._path, json.dumps(stored))
        except OSError as error:
            _log.warning("Sign-ins can't be kept in %s over a restart: %s", self._path, error)
