"""A skill's recordings on their way to the training server: submitted, compared, sent, verified.

Nothing is prepared first: while one file is hashed others are under way, and while a conversion
still runs its finished files are sent. The files that say which others there are go last, as they
were when the rest was complete, so that the server never lists what it does not have.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx
from anyio import to_thread

from training_manager_ros.errors import Unavailable
from training_manager_ros.training.backlog import Backlog
from training_manager_ros.training.calls import PATIENT
from training_manager_ros.training.control import Control
from training_manager_ros.training.conversion import Conversion, convert
from training_manager_ros.training.copies import refuse_copy, set_apart
from training_manager_ros.training.gate import obeying
from training_manager_ros.training.lanes import MOST_LANES
from training_manager_ros.training.ledger import LedgerWriter, locked
from training_manager_ros.training.manifest import LocalFile, is_index, scan
from training_manager_ros.training.models import Listing
from training_manager_ros.training.progress import Meter, Report
from training_manager_ros.training.recordings import (
    INDEX,
    Recordings,
    read_recordings,
    require_files,
)
from training_manager_ros.training.server import TrainingServer
from training_manager_ros.training.siblings import Siblings
from training_manager_ros.training.skill_metadata import change_metadata, metadata_value
from training_manager_ros.training.submit import submit
from training_manager_ros.training.together import together
from training_manager_ros.training.transfer import FileFailed, Means, TransferOptions, several
from training_manager_ros.training.upload_file import Changed, FileUploader, Step
from training_manager_ros.training.urls import UploadUrls

__all__ = ["UploadResult", "upload"]

log = logging.getLogger("training_manager.training")

PASSES = 10  # times that the folder is looked at again because something in it changed
BETWEEN_PASSES = 0.5  # seconds
WORKERS = 2 * MOST_LANES  # files at once, those included that wait for their next attempt


@dataclass(frozen=True)
class UploadResult:
    """A complete upload."""

    skill_id: str
    episodes: int
    sent: tuple[str, ...] = ()  # names
    unchanged: int = 0  # files
    bytes_sent: int = 0
    elsewhere: Mapping[str, str] = field(default_factory=dict)  # sent, and also part of that skill
    only_on_server: tuple[str, ...] = ()  # names that are not in the skill's folder (any more)
    problems: tuple[str, ...] = ()  # what is odd about the recordings, sentences


async def upload(
    server: TrainingServer,
    http: httpx.AsyncClient,
    server_name: str,
    folder: Path,
    control: Control,
    report: Report,
    conversion: Conversion | None = None,
    options: TransferOptions | None = None,
    *,
    as_new: bool = False,
) -> UploadResult:
    """Bring everything of a skill that belongs there to the server, and verify it.

    `as_new` makes it a skill of its own there first, if it is the copy of one or has copies.

    Raises `Cancelled`, `Conflict` (an upload of it is running, or see `refuse_copy`),
    `InvalidInput` (no recordings, or not all that are listed), what signing in raises, and for
    files that could not be brought an error that names them.
    What was done stays done: the next upload goes on from there.
    """
    options = options or TransferOptions()
    meter = Meter(report)
    async with obeying(control) as gate, meter.running():
        meter.stage("signing in")
        await to_thread.run_sync(metadata_value, folder)
        await to_thread.run_sync(_require_files, folder, conversion)
        with locked(folder, "upload"):
            await to_thread.run_sync(set_apart if as_new else refuse_copy, folder)
            skill_id = await submit(server, folder)
            meter.stage("comparing")
            listing = await server.uploaded(skill_id, attempts=PATIENT)
            means = Means.made(http, meter, gate, options)
            with await to_thread.run_sync(LedgerWriter, folder, server_name, skill_id) as ledger:
                work = _Upload(server, means, folder, ledger, listing)
                recordings = await work.everything(conversion, control)
                await to_thread.run_sync(_note_uploaded, folder, recordings.episodes)
                ledger.complete(recordings.episodes)
            result = await work.result(recordings)
            meter.stage("done")
            return result


class _Upload:
    """The state of one upload: what is brought, and as what."""

    def __init__(
        self,
        server: TrainingServer,
        means: Means,
        folder: Path,
        ledger: LedgerWriter,
        listing: Listing,
    ) -> None:
        self._server = server
        self._means = means
        self._folder = folder
        self._ledger = ledger
        self._listing = listing
        self._siblings = Siblings(folder, ledger.ledger.server)
        self._contents: dict[str, bytes] = {}
        self._brought: dict[str, LocalFile] = {}  # by name
        self._sent: dict[str, tuple[int, str]] = {}  # size and MD5 by name
        self._failed: dict[str, FileFailed] = {}

    async def everything(self, conversion: Conversion | None, control: Control) -> Recordings:
        """Bring all files; the recordings as the server has them then."""
        left: list[LocalFile] = []
        recordings = Recordings(0)
        for number in range(PASSES):
            if number:
                await anyio.sleep(BETWEEN_PASSES)
            pending = frozenset(conversion.pending() if conversion is not None else ())
            left = [file for file in await self._left() if not is_index(file.name)]
            await self._bring([f for f in left if f.name not in pending], conversion, control)
            conversion = None
            # What the index names by now must be there before the index itself is.
            recordings = await to_thread.run_sync(read_recordings, self._folder)
            left = await self._left()
            listed_is_there = self._brought.keys() >= set(recordings.listed)
            if listed_is_there and all(is_index(file.name) for file in left):
                await self._bring([self._as_read(file, recordings) for file in left], None, control)
                left = [file for file in await self._left() if file.name != INDEX]
                if not left:
                    return recordings
        require_files(self._folder.name, recordings, self._brought)
        names = ", ".join(file.name for file in left[:3])
        raise Unavailable(
            f"{names}: changes again and again during the upload; start again when it is quiet."
        )

    async def result(self, recordings: Recordings) -> UploadResult:
        """What was done."""
        elsewhere = {}
        for name, (size, md5) in self._sent.items():
            skill = await self._siblings.skill_with(size, md5)
            if skill:
                elsewhere[name] = skill
        if elsewhere:
            log.info(
                "%s: %d files are on the server as part of %s too; sent again, as it can't copy.",
                self._folder.name,
                len(elsewhere),
                ", ".join(sorted(set(elsewhere.values()))),
            )
        return UploadResult(
            skill_id=self._ledger.ledger.skill_id,
            episodes=recordings.episodes,
            sent=tuple(sorted(self._sent)),
            unchanged=len(self._brought) - len(self._sent),
            bytes_sent=sum(size for size, _ in self._sent.values()),
            elsewhere=elsewhere,
            only_on_server=tuple(sorted(set(self._listing.files) - set(self._brought))),
            problems=recordings.problems,
        )

    async def _left(self) -> list[LocalFile]:
        """The files that are not brought as they are now."""
        files = await to_thread.run_sync(scan, self._folder)
        return [file for file in files if self._brought.get(file.name) != file]

    def _as_read(self, file: LocalFile, recordings: Recordings) -> LocalFile:
        """The index as it was when it was read, whatever is in the file by now."""
        if file.name != INDEX or recordings.index is None or recordings.stamp is None:
            return file
        self._contents[INDEX] = recordings.index
        return LocalFile(file.name, file.path, recordings.stamp)

    async def _bring(
        self, files: list[LocalFile], conversion: Conversion | None, control: Control
    ) -> None:
        """Bring these files, and those that the conversion makes meanwhile."""
        meter, backlog = self._means.meter, Backlog[LocalFile]()
        urls = UploadUrls(self._server, self._ledger.ledger.skill_id, backlog)
        one = FileUploader(
            self._means, urls, self._ledger, self._listing, self._siblings, self._contents
        )

        def add(file: LocalFile) -> None:
            step = one.step(file)
            if step is Step.KEEP:
                self._brought[file.name] = file
            else:
                meter.expect(1, file.stamp.size)
                backlog.add(file.name, file.stamp.size, file, certain=step is Step.SEND)

        async def work() -> None:
            while (file := await backlog.take()) is not None:
                await self._bring_one(one, file)

        async def feed() -> None:
            if conversion is not None:
                await convert(conversion, self._folder, add, meter, control)
            backlog.close()

        meter.stage("uploading")
        for file in files:
            add(file)
        await together([feed, *([work] * WORKERS)], [urls.serve])
        if self._failed:
            raise several(self._failed, "uploaded")

    async def _bring_one(self, one: FileUploader, file: LocalFile) -> None:
        meter = self._means.meter
        try:
            md5 = await one.bring(file)
        except Changed:
            meter.expect(-1, -file.stamp.size)  # it comes again in the next pass
            return
        except FileFailed as error:
            log.error("%s", error)
            self._failed[file.name] = error
            return
        self._brought[file.name] = file
        if md5:
            self._sent[file.name] = (file.stamp.size, md5)
        meter.finished()


def _require_files(folder: Path, conversion: Conversion | None) -> None:
    pending = conversion.pending() if conversion is not None else ()
    there = {file.name for file in scan(folder)}
    require_files(folder.name, read_recordings(folder), there, but=pending)


def _note_uploaded(folder: Path, episodes: int) -> None:
    def patch(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
        same = metadata.get("uploaded_episode_count") == episodes
        return None if same else {"uploaded_episode_count": episodes}

    change_metadata(folder, patch)
