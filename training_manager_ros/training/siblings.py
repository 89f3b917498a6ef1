"""What the ledgers of the other skills know: hashes of the same files, and where they are uploaded.

A cleaned copy or a merge consists of hard links or copies of files that were uploaded before. A
link need not be read to know its hash, and the user is told what the server has already.
"""

from __future__ import annotations

from pathlib import Path

import anyio
from anyio import to_thread

from training_manager_ros.training.ledger import STATE_FOLDER, read_ledger
from training_manager_ros.training.manifest import Stamp

__all__ = ["Siblings"]


class Siblings:
    """The skills beside one skill; their ledgers are read when the first question is asked."""

    def __init__(self, folder: Path, server: str) -> None:
        self._folder = folder
        self._server = server
        self._reading = anyio.Lock()
        self._read = False
        self._hashes: dict[Stamp, str] = {}
        self._uploaded: dict[tuple[int, str], str] = {}

    async def md5_of(self, stamp: Stamp) -> str:
        """The hash of the very file that has this stamp; "" if no other skill has it."""
        await self._load()
        return self._hashes.get(stamp, "")

    async def skill_with(self, size: int, md5: str) -> str:
        """The skill from which the same content was uploaded to this server; "" if none."""
        await self._load()
        return self._uploaded.get((size, md5), "")

    async def _load(self) -> None:
        async with self._reading:
            if not self._read:
                await to_thread.run_sync(self._load_all)
                self._read = True

    def _load_all(self) -> None:
        for state in self._folder.parent.glob(f"*/{STATE_FOLDER}"):
            other = state.parent
            if other.name == self._folder.name or other.name.startswith("."):
                continue
            ledger = read_ledger(other)
            for record in ledger.records.values():
                self._hashes.setdefault(record.stamp, record.md5)
                if record.uploaded and ledger.server == self._server:
                    self._uploaded.setdefault((record.stamp.size, record.md5), other.name)
