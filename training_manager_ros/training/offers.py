"""What the server offers, asked in the background and known at once: presets and extras."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone

from training_manager_ros.errors import Refused, Unavailable
from training_manager_ros.training.bell import Bell
from training_manager_ros.training.client import Connection, TrainingClient
from training_manager_ros.training.pauses import Pauses
from training_manager_ros.training.presets import ACT_DEFAULT, Preset

__all__ = ["Offers"]

AGAIN = 300.0  # seconds between two questions while all is well
STALE = 30.0  # seconds after which somebody who looks gets a fresh answer soon
PAUSES = Pauses(first=2.0, most=60.0)  # while the server does not answer or let us in


class Offers:
    """Signs in and asks what there is; until the server answers, what every server has counts.

    `on_change` is called from the client's thread and must return at once.
    """

    def __init__(self, client: TrainingClient, on_change: Callable[[], None]) -> None:
        self._client = client
        self._on_change = on_change
        self.presets: tuple[Preset, ...] = (ACT_DEFAULT,)  # the one to choose first is the first
        self.features: frozenset[str] = frozenset()
        self.answered = False  # at least once
        self.problem = ""  # why the server did not answer or let us in; "" if it did
        self.lost_since: datetime | None = None  # since when it does not answer
        self._failures = 0
        self._asked_at = float("-inf")
        self._bell = Bell()
        self._stop: Callable[[], None] | None = None

    @property
    def by_name(self) -> Mapping[str, Preset]:
        """The presets by their names."""
        return {preset.name: preset for preset in self.presets}

    def start(self) -> None:
        """Begin to ask."""
        self._stop = self._client.background(self._follow)

    def stop(self) -> None:
        """Ask no more."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    def freshen(self) -> None:
        """Ask soon, if the last answer is not quite new."""
        if self.problem or time.monotonic() - self._asked_at >= STALE:
            self.wake()

    def wake(self) -> None:
        """Ask now."""
        self._bell.ring()

    async def _follow(self, connection: Connection) -> None:
        while True:
            await self._ask(connection)
            self._asked_at = time.monotonic()
            self._on_change()  # perhaps it is only the sign-in that changed
            await self._bell.wait(self._pause())

    async def _ask(self, connection: Connection) -> None:
        try:
            info = await connection.server.info(attempts=1, again=True)
            await connection.sign_in.bearer(1)
            presets = await connection.server.presets() if "presets" in info.features else []
        except Unavailable as error:
            self._failures += 1
            self.problem = str(error)
            self.lost_since = self.lost_since or datetime.now(timezone.utc)
        except Refused as error:
            self._failures += 1
            self.problem, self.lost_since = str(error), None
        else:
            self._failures = 0
            self.presets = tuple(presets) or (ACT_DEFAULT,)
            self.features = info.features
            self.answered = True
            self.problem, self.lost_since = "", None

    def _pause(self) -> float:
        if self._failures:
            return PAUSES.after(min(self._failures, PAUSES.attempts - 1)) or PAUSES.most
        return AGAIN
