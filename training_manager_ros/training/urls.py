"""Signed upload addresses, asked for in batches and ahead of need."""

from __future__ import annotations

import asyncio

from training_manager_ros.errors import TrainingManagerError
from training_manager_ros.training.backlog import Backlog
from training_manager_ros.training.calls import PATIENT
from training_manager_ros.training.manifest import LocalFile
from training_manager_ros.training.server import BATCH, TrainingServer
from training_manager_ros.training.transfer import Permanent

__all__ = ["Addresses", "UploadUrls"]


class Addresses:
    """Where one file goes, and where it can be looked at again ("" where the server told none)."""

    __slots__ = ("download", "upload")

    def __init__(self, upload: str, download: str) -> None:
        self.upload = upload
        self.download = download


class UploadUrls:
    """Gives each file its addresses; one call to the server is in flight at most.

    A call asks for whatever is waiting, and fills its batch with what the backlog will need next,
    so that nobody waits for the later ones.
    """

    def __init__(self, server: TrainingServer, skill_id: str, backlog: Backlog[LocalFile]) -> None:
        self._server = server
        self._skill_id = skill_id
        self._backlog = backlog
        self._ready: dict[str, Addresses] = {}
        self._waiting: dict[str, asyncio.Event] = {}
        self._wanted = asyncio.Event()
        self._error: TrainingManagerError | None = None

    async def get(self, name: str, *, fresh: bool) -> Addresses:
        """The addresses of a file; `fresh`: not those that were given before."""
        if fresh:
            self._ready.pop(name, None)
        while name not in self._ready:
            if self._error is not None:
                raise self._error
            arrived = self._waiting.setdefault(name, asyncio.Event())
            self._wanted.set()
            await arrived.wait()
        if len(self._ready) <= BATCH and self._ahead(1):
            self._wanted.set()
        addresses = self._ready[name]
        if not addresses.upload:
            raise Permanent("the server gives no address for it; start again later.")
        return addresses

    def done(self, name: str) -> None:
        """Forget a file that is uploaded."""
        self._ready.pop(name, None)

    async def serve(self) -> None:
        """Ask the server as long as this runs; raises what it refuses for good."""
        while True:
            await self._wanted.wait()
            self._wanted = asyncio.Event()
            waiting = list(self._waiting)[:BATCH]
            names = waiting + self._ahead(BATCH - len(waiting))
            if not names:
                continue
            try:
                urls = await self._server.upload_urls(self._skill_id, names, attempts=PATIENT)
            except TrainingManagerError as error:
                self._error = error
                for arrived in self._waiting.values():
                    arrived.set()
                raise
            for name in names:
                self._ready[name] = Addresses(
                    urls.upload.get(name, ""), urls.download.get(name, "")
                )
                if name in self._waiting:
                    self._waiting.pop(name).set()
            if self._waiting:
                self._wanted.set()

    def _ahead(self, most: int) -> list[str]:
        names = self._backlog.upcoming(2 * BATCH)
        return [n for n in names if n not in self._ready and n not in self._waiting][:most]
