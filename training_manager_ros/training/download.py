"""The results of a run on their way from the training server into the skill's folder."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from anyio import to_thread

from training_manager_ros.errors import Conflict, NotFound, TrainingManagerError
from training_manager_ros.training.activation import active
from training_manager_ros.training.backlog import Backlog
from training_manager_ros.training.calls import PATIENT
from training_manager_ros.training.control import Control
from training_manager_ros.training.download_file import FileDownloader, size_of
from training_manager_ros.training.gate import obeying
from training_manager_ros.training.lanes import MOST_LANES
from training_manager_ros.training.ledger import locked
from training_manager_ros.training.models import (
    DONE,
    DOWNLOADED,
    Listing,
    ServerRun,
    StoredObject,
)
from training_manager_ros.training.names import COMPRESSED, ResultNames, result_names
from training_manager_ros.training.progress import Meter, Report
from training_manager_ros.training.result_urls import ResultUrls
from training_manager_ros.training.results import Results
from training_manager_ros.training.server import TrainingServer
from training_manager_ros.training.skill_metadata import metadata_value
from training_manager_ros.training.store import look
from training_manager_ros.training.together import together
from training_manager_ros.training.transfer import (
    FileFailed,
    Means,
    TransferFailed,
    TransferOptions,
    several,
)
from training_manager_ros.training.unpack import RESERVE

__all__ = ["DownloadResult", "download", "refuse_mixture"]

WORKERS = 2 * MOST_LANES  # files at once, those included that wait for their next attempt

log = logging.getLogger("training_manager.training")


@dataclass(frozen=True)
class DownloadResult:
    """A complete download."""

    folder: Path
    run: ServerRun  # as the server has it now
    fetched: tuple[str, ...]  # paths below the folder
    unchanged: int  # files that were there already
    skipped: Mapping[str, str] = field(default_factory=dict)  # why, by the server's name


async def download(
    server: TrainingServer,
    http: httpx.AsyncClient,
    folder: Path,
    skill_id: str,
    run_id: int,
    control: Control,
    report: Report,
    options: TransferOptions | None = None,
) -> DownloadResult:
    """Bring all files of a run into `<folder>/<run_id>/`, verify them, and tell the server.

    Only a run that is done is called downloaded. Results of another skill's run with this number,
    from when the folder was that skill on the server, are moved aside.

    Raises `NotFound` where there is no such skill or the run left no files, `Refused` where their
    names are unsafe, `Cancelled`, `Conflict` (a download of it is running, or see
    `refuse_mixture`), and for files that could not be brought an error that names them. What has
    arrived stays, of each file; the next download goes on from there.
    """
    with locked(folder, f"download-{run_id}"):
        await to_thread.run_sync(refuse_mixture, folder, run_id, skill_id)
        results = await to_thread.run_sync(Results.read, folder, run_id, skill_id)
        meter = Meter(report)
        async with obeying(control) as gate, meter.running():
            means = Means.made(http, meter, gate, options or TransferOptions())
            return await _download(server, means, results, control)


def refuse_mixture(folder: Path, run_id: int, skill_id: str) -> None:
    """Raise `Conflict` where the robot would use a run's files for those of a former one."""
    used = active(metadata_value(folder))
    if used.run_id == run_id and Results.read(folder, run_id, skill_id).foreign:
        raise Conflict(
            f"{folder.name} uses {used.checkpoint} of a former run {run_id}, from when it was "
            "another skill on the training server, and these files would take its place. "
            "Deactivate it, and download again."
        )


async def _download(
    server: TrainingServer, means: Means, results: Results, control: Control
) -> DownloadResult:
    run_id, skill_id, meter = results.run_id, results.skill_id, means.meter
    meter.stage("asking for the files")
    run = await server.run(skill_id, run_id, attempts=PATIENT)
    listing = await server.results(skill_id, run_id, attempts=PATIENT)
    names = result_names(listing.files)
    if not names.paths:
        state = run.error_message.rstrip(".") or f"it is {run.status}"
        raise NotFound(f"Run {run_id} of {results.skill.name} has left no files: {state}.")
    urls = ResultUrls(server, skill_id, run_id, listing)
    work = _Download(means, urls, listing, results, names)
    fetched = await work.everything(control, final=run.ended)
    if run.status == DONE:
        meter.stage("telling the server")
        run = await server.set_status(skill_id, run_id, DOWNLOADED, attempts=PATIENT)
    meter.stage("done")
    unchanged = len(names.paths) - len(fetched)
    return DownloadResult(results.folder, run, fetched, unchanged, names.skipped)


class _Download:
    """The state of one download."""

    def __init__(
        self,
        means: Means,
        urls: ResultUrls,
        listing: Listing,
        results: Results,
        names: ResultNames,
    ) -> None:
        self._means = means
        self._urls = urls
        self._results = results
        self._paths = names.paths
        self._told = {name: listing.objects.get(name, StoredObject()) for name in names.paths}
        self._failed: dict[str, FileFailed] = {}

    async def everything(self, control: Control, *, final: bool) -> tuple[str, ...]:
        """Fetch what is not here; the paths of what was fetched."""
        meter, results = self._means.meter, self._results
        await to_thread.run_sync(results.recognise, control.check)
        await self._ask_sizes([name for name in self._paths if not self._settled(name)])
        wanted = [name for name in self._paths if not self._here(name)]
        if not wanted and results.complete:
            return ()
        await to_thread.run_sync(results.start)
        self._check_room(wanted)
        one = FileDownloader(self._means, self._urls, results, control, final=final)
        backlog = Backlog[str]()
        for name in wanted:
            size = self._told[name].size or 0
            meter.expect(1, 0)
            one.expect(name, size)
            backlog.add(name, size, name)
        backlog.close()
        meter.stage("downloading")

        async def work() -> None:
            while (name := await backlog.take()) is not None:
                try:
                    await one.fetch(name, self._paths[name], self._told[name])
                except FileFailed as error:
                    log.error("%s", error)
                    self._failed[name] = error
                else:
                    meter.finished()

        await together([work] * min(WORKERS, len(wanted)))
        if self._failed:
            raise several(self._failed, "downloaded")
        await to_thread.run_sync(results.finish)
        return tuple(self._paths[name] for name in wanted)

    def _settled(self, name: str) -> bool:
        """Whether a file is here and can't change any more on the server."""
        return self._results.in_place(name) and self._results.files[name].final

    def _here(self, name: str) -> bool:
        """Whether a file is here as it is on the server, as far as one can tell."""
        if not self._results.in_place(name):
            return False
        known, told = self._results.files[name], self._told[name]
        return known.final if told.md5 is None else known.md5 == told.md5

    async def _ask_sizes(self, names: list[str]) -> None:
        """Find out how large the files are, for those of which the list does not tell."""
        backlog = Backlog[str]()
        for name in names:
            if self._told[name].size is None:
                backlog.add(name, 0, name)
        backlog.close()

        async def work() -> None:
            while (name := await backlog.take()) is not None:
                with suppress(TransferFailed):  # then it is found out when the file is fetched
                    url = await self._urls.get(name, fresh=False)
                    async with self._means.lanes.lane():
                        self._told[name] = await look(self._means, url, name) or StoredObject()

        await together([work] * MOST_LANES)

    def _check_room(self, names: list[str]) -> None:
        """Refuse what can't fit on the disk; a packed file is there twice for a moment."""
        need = 0
        for name in names:
            size = self._told[name].size or 0
            need += size * 2 if name.endswith(COMPRESSED) else size
            need -= min(size, size_of(self._results.part(name)))
        free = max(0, shutil.disk_usage(self._results.skill).free - RESERVE)
        if need > free:
            raise TrainingManagerError(
                f"The run's files need {need / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; "
                "make room and start again."
            )
