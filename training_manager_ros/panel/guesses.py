"""Slows down whoever guesses the pairing token, and nobody else."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Guesses"]

_FREE = 5  # wrong guesses that cost nothing: people mistype
_LONGEST_PAUSE = 60.0  # seconds
_FORGET_AFTER = 15 * 60.0  # seconds without a wrong guess
_ALL_FREE = 50  # wrong guesses a minute by all together, before no guess is free any more
_WINDOW = 60.0
_MOST_GUESSERS = 4096


@dataclass
class _Guesser:
    wrong: int = 0
    last: float = 0.0
    until: float = 0.0


class Guesses:
    """Counts wrong guesses by network address.

    After a few, an address has to pause, longer each time. While many guesses come from everywhere,
    one wrong guess is enough for the longest pause. An address without a wrong guess never waits:
    an attacker keeps nobody out who does not share the address.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guessers: OrderedDict[str, _Guesser] = OrderedDict()
        self._recent: deque[float] = deque(maxlen=_ALL_FREE)

    def pause(self, address: str) -> float:
        """Seconds until the address may guess again; 0 if now."""
        guesser = self._guessers.get(_network(address))
        return max(0.0, guesser.until - self._clock()) if guesser else 0.0

    def wrong(self, address: str) -> None:
        """Count a wrong guess."""
        now, key = self._clock(), _network(address)
        guesser = self._guessers.get(key)
        if guesser is None or now - guesser.last > _FORGET_AFTER:
            guesser = _Guesser()
        guesser.wrong += 1
        guesser.last = now
        self._recent.append(now)
        guesser.until = now + self._pause_after(guesser.wrong, now)
        self._guessers[key] = guesser
        self._guessers.move_to_end(key)
        if len(self._guessers) > _MOST_GUESSERS:
            self._guessers.popitem(last=False)

    def right(self, address: str) -> None:
        """Forget the wrong guesses of somebody who knows the token."""
        self._guessers.pop(_network(address), None)

    def _pause_after(self, wrong: int, now: float) -> float:
        if len(self._recent) == _ALL_FREE and now - self._recent[0] < _WINDOW:
            return _LONGEST_PAUSE
        return 0.0 if wrong < _FREE else min(2.0 ** (wrong - _FREE), _LONGEST_PAUSE)


def _network(address: str) -> str:
    """The key to count by: one machine has a whole IPv6 /64 to itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address
