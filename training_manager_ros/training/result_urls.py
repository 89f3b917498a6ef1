"""Signed addresses of a run's files; asked for again, all at once, when one is refused."""

from __future__ import annotations

import anyio

from training_manager_ros.training.calls import PATIENT
from training_manager_ros.training.models import Listing
from training_manager_ros.training.server import TrainingServer
from training_manager_ros.training.transfer import Permanent

__all__ = ["ResultUrls"]


class ResultUrls:
    """Gives each file its address."""

    def __init__(
        self, server: TrainingServer, skill_id: str, run_id: int, listing: Listing
    ) -> None:
        self._server = server
        self._skill_id = skill_id
        self._run_id = run_id
        self._listing = listing
        self._given: dict[str, Listing] = {}  # the list that a file's last address is from
        self._asking = anyio.Lock()

    async def get(self, name: str, *, fresh: bool) -> str:
        """The address of a file; `fresh`: from a newer list than its last one."""
        async with self._asking:
            if fresh and self._given.get(name) is self._listing:
                self._listing = await self._server.results(
                    self._skill_id, self._run_id, attempts=PATIENT
                )
        self._given[name] = self._listing
        url = self._listing.files.get(name)
        if url is None:
            raise Permanent("the server does not list it any more; download again.")
        return url
