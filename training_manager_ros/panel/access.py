"""Signing in, out, and being signed in: token, guesses and sessions together."""

from __future__ import annotations

import logging

from training_manager_ros.panel.guesses import Guesses
from training_manager_ros.panel.pairing import Pairing
from training_manager_ros.panel.sessions import Sessions

__all__ = ["Access", "TooManyGuesses", "WrongToken"]

_log = logging.getLogger("training_manager.panel")


class WrongToken(Exception):
    """Raised when a pairing token is not the one."""


class TooManyGuesses(Exception):
    """Raised when an address has to wait before it may try a token; the token was not looked at."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Access:
    """Who may come in. `cookie` is the session cookie's name, one for each port of a host:
    browsers do not tell ports apart.
    """

    def __init__(self, pairing: Pairing, sessions: Sessions, guesses: Guesses, cookie: str) -> None:
        self.pairing = pairing
        self.sessions = sessions
        self.cookie = cookie
        self._guesses = guesses

    def sign_in(self, token: str, address: str) -> str:
        """Trade the pairing token for a session id. Raises `WrongToken` or `TooManyGuesses`."""
        pause = self._guesses.pause(address)
        if pause > 0:
            raise TooManyGuesses(pause)
        if not self.pairing.accepts(token):
            self._guesses.wrong(address)
            if self._guesses.pause(address) > 0:  # not for each one: a guesser fills no log
                _log.warning("Wrong pairing tokens from %s: it has to pause.", address)
            raise WrongToken
        self._guesses.right(address)
        _log.info("A browser at %s signed in.", address)
        return self.sessions.begin()
