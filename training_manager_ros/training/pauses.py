"""How long to wait before trying again, and when to stop trying."""

from __future__ import annotations

import random
from dataclasses import dataclass

__all__ = ["SIGN_IN_PAUSES", "TRANSFER_PAUSES", "Pauses", "is_transient"]


@dataclass(frozen=True)
class Pauses:
    """Pauses that double from `first` to `most` seconds; after `attempts` tries it is over."""

    first: float = 0.5
    most: float = 30.0
    attempts: int = 10  # tries altogether, the first one included

    def after(self, failures: int, asked: float | None = None) -> float | None:
        """Seconds to wait after that many failures in a row; None: give up.

        `asked` is what the server wants (Retry-After); it is believed up to `most`. A pause is
        shortened at random by up to a quarter, so that many waiting ones do not return at once.
        """
        if failures >= self.attempts:
            return None
        pause = min(self.most, self.first * 2.0 ** (failures - 1)) * random.uniform(0.75, 1.0)
        return max(pause, min(asked, self.most)) if asked is not None else pause


SIGN_IN_PAUSES = Pauses(first=2.0)
TRANSFER_PAUSES = Pauses()


def is_transient(status: int) -> bool:
    """Whether the same request may work later, going by the answer's HTTP status."""
    return status in (408, 429) or status >= 500
