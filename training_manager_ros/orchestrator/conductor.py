"""Takes every run through its life: approve, stage, start, watch, collect, end.

One task a run. All that matters is in the database and in the run's folder, so that a server that
was killed goes on where it was: what runs is watched again, what was being staged is staged anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from training_manager_ros.errors import Conflict, InvalidInput, NotFound, TrainingManagerError
from training_manager_ros.orchestrator.clock import Clock, seconds
from training_manager_ros.orchestrator.collecting import collect, judge
from training_manager_ros.orchestrator.engines import (
    Ending,
    Engine,
    Job,
    JobState,
    JobStatus,
    Outcome,
    Resources,
)
from training_manager_ros.orchestrator.engines.folder import allowed_seconds
from training_manager_ros.orchestrator.engines.processes import kill_marked
from training_manager_ros.orchestrator.engines.runner import Log
from training_manager_ros.orchestrator.failure import RunFailed, Unreachable
from training_manager_ros.orchestrator.folders import RunFolders
from training_manager_ros.orchestrator.following import Follower
from training_manager_ros.orchestrator.lifecycle import Event, Status
from training_manager_ros.orchestrator.objects import ObjectStore, Place
from training_manager_ros.orchestrator.presets import Presets
from training_manager_ros.orchestrator.records import Run
from training_manager_ros.orchestrator.request import RunRequest, run_request
from training_manager_ros.orchestrator.run_store import RunStore
from training_manager_ros.orchestrator.runlog import log_tail, whole_log
from training_manager_ros.orchestrator.settings import Settings
from training_manager_ros.orchestrator.staging import Stager, environment, resolve

__all__ = ["CANCELLED", "Conductor"]

T = TypeVar("T")
log = logging.getLogger("training_manager.orchestrator")

CANCELLED = "Cancelled."
ENDED_WITH_SERVER = "Stopped, because the training server was ended."
POLL = 0.5  # s between looks at a run
PAUSE = 5.0  # s between questions to an engine that does not answer
LONGEST_STOP = 30.0  # s that runs get to end when the server ends


class Conductor:
    """The only one that starts, watches and ends runs. Lives on one event loop."""

    def __init__(
        self,
        runs: RunStore,
        objects: ObjectStore,
        presets: Presets,
        stager: Stager,
        engine: Engine,
        folders: RunFolders,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._runs = runs
        self._objects = objects
        self._presets = presets
        self._stager = stager
        self._engine = engine
        self._folders = folders
        self._settings = settings
        self._clock = clock
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._closing = threading.Event()
        self._stopping_runs = False

    def wake(self) -> None:
        """Something changed: a run was made, approved or cancelled."""
        self._wake.set()

    async def conduct(self) -> None:
        """Work until cancelled."""
        await self._thread(self._clean_up)
        for run in self._runs.in_state(Status.BOOTING, Status.RUNNING):
            self._begin(run)
        try:
            while True:
                self._wake.clear()
                await self._decide()
                self._fill()
                await self._wake.wait()
        finally:
            self._closing.set()
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def stop_runs(self) -> None:
        """End what is being carried out, and begin nothing more; for a server that ends."""
        self._stopping_runs = True
        for run_id in list(self._tasks):
            with contextlib.suppress(Conflict):
                await asyncio.wrap_future(self._runs.request_cancel(run_id))
                await self._thread(self._stop_at_once, run_id)
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=LONGEST_STOP)

    def _stop_at_once(self, run_id: int) -> None:
        folder = self._folders.of(run_id)
        if self._engine.status(run_id, folder).state in (JobState.PENDING, JobState.RUNNING):
            self._engine.stop(run_id, folder)

    def _clean_up(self) -> None:
        """After a crash: no git of ours is left, nor the work of runs that have ended."""
        kill_marked(self._folders.staging_marker)
        for folder in self._folders.root.iterdir():
            try:
                ended = not self._runs.run(int(folder.name)).active
            except NotFound:  # its skill was deleted
                self._folders.forget([int(folder.name)])
                continue
            if ended:
                self._tidy(folder)

    async def _decide(self) -> None:
        """Waiting runs: cancelled, approved where nobody is asked, or left."""
        for run in self._runs.in_state(Status.WAITING, Status.APPROVED):
            if run.cancel_requested and run.run_id not in self._tasks:
                await self._apply(run.run_id, Event.FINISH, CANCELLED)
            elif run.status is Status.WAITING and self._settings.approval == "automatic":
                await self._apply(run.run_id, Event.APPROVE)

    def _fill(self) -> None:
        """Begin approved runs, oldest first, as many as the engine takes."""
        for run in self._runs.in_state(Status.APPROVED):
            if run.run_id in self._tasks or self._stopping_runs:
                continue
            if self._engine.parallel is not None and len(self._tasks) >= self._engine.parallel:
                waits = "waiting until the runs before it have ended"
                if run.daemon_state != waits:
                    self._runs.note(run.run_id, daemon_state=waits)
                continue
            self._begin(run)

    def _begin(self, run: Run) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(run))
        self._tasks[run.run_id] = task
        task.add_done_callback(lambda _: self._ended(run.run_id))

    def _ended(self, run_id: int) -> None:
        del self._tasks[run_id]
        self.wake()

    async def _guarded(self, run: Run) -> None:
        """Whatever happens, the run gets an end that its owner sees."""
        error = None
        try:
            await self._carry_out(run)
        except TrainingManagerError as failure:
            error = str(failure)
        except OSError as failure:
            log.exception("run %d", run.run_id)
            error = f"The server could not go on with this run: {failure}."
        except Exception:
            log.exception("run %d", run.run_id)
            error = "The server failed while it worked on this run; its own log tells more."
        if error == CANCELLED and self._stopping_runs:
            error = ENDED_WITH_SERVER
        await self._apply(run.run_id, Event.FINISH, error)
        log.info("run %d ended%s", run.run_id, f": {error.splitlines()[0]}" if error else "")
        await self._thread(self._tidy, self._folders.of(run.run_id))

    async def _carry_out(self, run: Run) -> None:
        try:
            request = run_request(run.training_params, self._presets)
        except InvalidInput as error:  # the preset's file was changed since the run was made
            raise RunFailed(str(error)) from error
        folder = self._folders.of(run.run_id)
        status = await self._thread(self._engine.status, run.run_id, folder)
        if status.state is JobState.UNKNOWN:
            await self._boot(run, request)
        if run.status is not Status.RUNNING:
            await self._apply(run.run_id, Event.START)
        allowed = allowed_seconds(folder)
        outcome = await self._watch(run.run_id, allowed)
        work = folder / "work"
        self._note(run.run_id, "collecting the results")
        place = Place(run.skill_id, run.run_id)
        patterns = [resolve(p, work) for p in request.checkpoint_patterns]
        patterns = [p.removeprefix(f"{work}/") for p in patterns]
        names = await self._thread(
            collect, work, patterns, whole_log(self._folders.log(run.run_id)), self._objects, place
        )
        tail = log_tail(self._folders.log(run.run_id))
        command = [resolve(part, work) for part in request.command]
        try:
            judge(outcome, names, command, allowed / 3600, tail)
        except RunFailed as failure:
            if self._cancelled(run.run_id):  # it ended by itself at the same moment
                raise RunFailed(CANCELLED) from failure
            raise

    async def _boot(self, run: Run, request: RunRequest) -> None:
        run_id = run.run_id
        wanted = Resources(request.gpu_type, request.min_gpus, request.max_gpus)
        gpus, machine = await self._patiently(run_id, self._engine.place, wanted)
        await self._apply(run_id, Event.BOOT)
        await asyncio.wrap_future(self._runs.forget_progress(run_id))
        await asyncio.wrap_future(self._runs.note(run_id, instance_type=machine))
        folder = self._folders.of(run_id)
        commit = await self._thread(self._stage, run, request)
        noted = self._runs.note(run_id, commit_id=commit, daemon_state="starting")
        await asyncio.wrap_future(noted)
        work, marker = folder / "work", self._folders.marker(run_id)
        job = Job(
            run_id=run_id,
            folder=folder,
            command=tuple(resolve(part, work) for part in request.command),
            env=environment(request, work, gpus, marker),
            gpu_type=request.gpu_type,
            gpus=gpus,
            seconds=self._seconds(request, gpus),
            quota_bytes=int(self._settings.disk_quota_gb * 1e9),
            log_bytes=int(self._settings.log_limit_mb * 1e6),
            grace=self._settings.stop_grace,
            marker=marker,
        )
        if self._cancelled(run_id):
            raise RunFailed(CANCELLED)
        await self._patiently(run_id, self._engine.submit, job)

    async def _patiently(self, run_id: int, ask: Callable[..., T], *arguments: object) -> T:
        """Ask the engine until it answers or the run is cancelled."""
        while True:
            try:
                return await self._thread(ask, *arguments)
            except Unreachable as failure:
                self._note(run_id, str(failure))
            if self._cancelled(run_id):
                raise RunFailed(CANCELLED)
            await asyncio.sleep(PAUSE)

    def _stage(self, run: Run, request: RunRequest) -> str:
        folder = self._folders.of(run.run_id)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        lines = Log(folder / "log", int(self._settings.log_limit_mb * 1e6))

        def say(text: str) -> None:
            lines.write(f"[training-manager] {text}\n".encode())
            self._note(run.run_id, text)

        def stopped() -> bool:
            return self._closing.is_set() or self._cancelled(run.run_id)

        try:
            return self._stager.stage(request, run.skill_id, folder / "work", say, stopped)
        except RunFailed as failure:
            if self._cancelled(run.run_id):
                raise RunFailed(CANCELLED) from failure
            lines.write(f"[training-manager] {failure}\n".encode())
            raise
        finally:
            lines.close()

    async def _watch(self, run_id: int, allowed: float) -> Outcome:
        """Until the engine says it has ended; how."""
        folder = self._folders.of(run_id)
        started = seconds(self._runs.run(run_id).started_at or "")
        reader = Follower(self._runs, self._folders, run_id)
        while True:
            status = await self._thread(self._engine.status, run_id, folder)
            if status.outcome is None and self._cancelled(run_id):
                await self._thread(self._engine.stop, run_id, folder)
            elapsed = self._clock() - started
            ended = status.state is JobState.ENDED
            await self._thread(reader.read, elapsed, ended)
            if status.outcome is not None:
                return status.outcome
            if status.state is JobState.UNKNOWN:
                return Outcome(Ending.LOST, detail="its engine does not know it")
            self._note(run_id, _in_words(status, allowed - elapsed))
            await asyncio.sleep(POLL)

    def _seconds(self, request: RunRequest, gpus: int) -> float:
        """How long the run may take: its hours, or less where the budget ends before."""
        hourly = self._settings.price(request.gpu_type) * gpus
        hours = min(request.hours, request.budget / hourly) if hourly else request.hours
        return hours * 3600

    def _cancelled(self, run_id: int) -> bool:
        return self._runs.run(run_id).cancel_requested

    def _note(self, run_id: int, text: str) -> None:
        if self._runs.run(run_id).daemon_state not in (text, "cancelling"):
            self._runs.note(run_id, daemon_state=text)

    def _tidy(self, folder: Path) -> None:
        """Of a run that has ended only its log is left."""
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name == "work":
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != "log":
                path.unlink(missing_ok=True)

    async def _apply(self, run_id: int, event: Event, error: str | None = None) -> None:
        try:
            await asyncio.wrap_future(self._runs.apply(run_id, event, error=error))
        except Conflict as conflict:  # its owner rejected it at the same moment
            log.info("run %d: %s", run_id, conflict)

    async def _thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)


def _in_words(status: JobStatus, left: float) -> str:
    if status.state is not JobState.RUNNING:
        return status.detail or "waiting for the machine"
    if left <= 300:
        return f"training; will be stopped in {max(0, left) / 60:.0f} min, its time is used up"
    return "training"
