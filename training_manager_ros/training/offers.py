"""What the server offers, asked in the background and known at once: presets and extras."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path

from anyio import to_thread

from training_manager_ros.errors import NotFound, Refused, Unavailable
from training_manager_ros.training.bell import Bell
from training_manager_ros.training.call_log import routine
from training_manager_ros.training.client import Connection, TrainingClient
from training_manager_ros.training.models import ServerInfo
from training_manager_ros.training.pauses import Pauses
from training_manager_ros.training.presets import ACT_DEFAULT, Preset
from training_manager_ros.training.statefile import read_state, write_state

__all__ = ["Offers"]

log = logging.getLogger("training_manager.training")

AGAIN = 300.0  # seconds between two questions while all is well
STALE = 30.0  # seconds after which somebody who looks gets a fresh answer soon
PAUSES = Pauses(first=2.0, most=60.0)  # while the server does not answer or let us in


class Offers:
    """Signs in and asks what there is; until the server answers, what it said last counts.

    That is kept in `state_file`; of a server that never answered, what every server has counts.
    `on_change` is called from the client's thread and must return at once.
    """

    def __init__(
        self, client: TrainingClient, state_file: Path, on_change: Callable[[], None]
    ) -> None:
        self._client = client
        self._state_file = state_file
        self._on_change = on_change
        # The preset to choose first is the first.
        self.presets, self.features = _read(state_file, client.server_name)
        self.answered = False  # at least once since the start
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
            with routine():
                await self._ask(connection)
            self._asked_at = time.monotonic()
            self._on_change()  # perhaps it is only the sign-in that changed
            await self._bell.wait(self._pause())

    async def _ask(self, connection: Connection) -> None:
        try:
            info = await connection.server.info(attempts=1, again=True)
            await connection.sign_in.bearer(1)
            offered = "presets" in info.features
            presets = await connection.server.presets(attempts=1) if offered else []
        except Unavailable as error:
            self._failed(str(error))
            self.lost_since = self.lost_since or datetime.now(timezone.utc)
        except (NotFound, Refused) as error:
            self._failed(str(error))
            self.lost_since = None
        else:
            self._failures = 0
            self.answered = True
            self.problem, self.lost_since = "", None
            await self._take(tuple(presets) or (ACT_DEFAULT,), info.features)

    def _failed(self, problem: str) -> None:
        if not self.problem:
            log.warning("What the training server offers is not known now: %s", problem)
        self._failures += 1
        self.problem = problem

    async def _take(self, presets: tuple[Preset, ...], features: frozenset[str]) -> None:
        if (presets, features) == (self.presets, self.features):
            return
        self.presets, self.features = presets, features
        kept = {
            "server": self._client.server_name,
            "features": sorted(features),
            "presets": [preset.as_json() for preset in presets],
        }
        # A preset's variables may hold a key.
        write = functools.partial(write_state, self._state_file, kept, private=True)
        try:
            await to_thread.run_sync(write)
        except OSError as error:
            log.error("What the server offers can't be kept in %s: %s", self._state_file, error)

    def _pause(self) -> float:
        if self._failures:
            return PAUSES.after(min(self._failures, PAUSES.attempts - 1)) or PAUSES.most
        return AGAIN


def _read(path: Path, server: str) -> tuple[tuple[Preset, ...], frozenset[str]]:
    """What was kept; what every server has if it is of another server or can't be read."""
    kept = read_state(path)
    if kept.get("server") != server:
        return (ACT_DEFAULT,), frozenset()
    listed = kept.get("presets")
    presets = map(Preset.parse, listed if isinstance(listed, list) else ())
    known = tuple(preset for preset in presets if preset is not None)
    return known or (ACT_DEFAULT,), ServerInfo.parse(kept).features
