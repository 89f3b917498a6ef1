"""Downloads of runs that turned done, started by themselves and tried again where they fail."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from training_manager_ros.errors import Conflict, TrainingManagerError
from training_manager_ros.jobs import Job, JobState

__all__ = ["AutoDownload"]

_log = logging.getLogger("training_manager.training")

_FIRST = 300.0  # seconds from the first try to the second
_MOST = 3600.0  # seconds between two later ones
_TRIES = 10  # what fails so often fails for ever; somebody can still download it by hand

_Run = tuple[str, int]  # skill and number


@dataclass(frozen=True)
class _Tried:
    times: int
    again_at: float


class AutoDownload:
    """Told of runs that are done, as often as that is heard; safe for threads.

    `submit` starts the download of a run, and `enabled` tells whether that is wanted. `give_up` is
    called for a run that is not to be told of any more, and must return at once.
    """

    def __init__(
        self,
        submit: Callable[[str, int], object],
        give_up: Callable[[str, int], None],
        enabled: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._submit = submit
        self._give_up = give_up
        self._enabled = enabled
        self._clock = clock
        self._changing = threading.Lock()
        self._tried: dict[_Run, _Tried] = {}
        self._refused: dict[_Run, str] = {}  # why it could not be started, as it was said last
        self._cancelled: set[str] | None = None  # ids of jobs; None before the first look

    def done(self, skill: str, run_id: int) -> None:
        """A run is done and not downloaded yet; returns at once."""
        run, now = (skill, run_id), self._clock()
        with self._changing:
            tried = self._tried.get(run, _Tried(0, now))
            if now < tried.again_at:
                return
            pause = min(_MOST, _FIRST * 2.0**tried.times)
            self._tried[run] = _Tried(tried.times + 1, now + pause)
        # Called from a thread that must not wait for a disk.
        threading.Thread(target=self._start, args=(run, tried.times), daemon=True).start()

    def jobs_changed(self, jobs: Collection[Job]) -> None:
        """Give up what a user cancelled; for one thread."""
        cancelled = {
            job.id: (str(job.arguments["skill"]), int(job.arguments["run_id"]))
            for job in jobs
            if job.kind == "download_run" and job.state is JobState.CANCELLED
        }
        before = self._cancelled if self._cancelled is not None else cancelled.keys()
        for job_id in cancelled.keys() - before:
            self._forget(cancelled[job_id])
        self._cancelled = set(cancelled)

    def _start(self, run: _Run, times: int) -> None:
        skill, run_id = run
        if not self._enabled():
            self._forget(run)
            return
        if times == _TRIES:
            _log.warning("%s: run %d can't be downloaded; do it by hand.", skill, run_id)
            self._forget(run)
            return
        try:
            self._submit(skill, run_id)
        except Conflict as error:  # it is being downloaded already, or something is in its way
            with self._changing:
                self._tried[run] = _Tried(times, self._clock() + _FIRST)
                said = self._refused.get(run)
                self._refused[run] = str(error)
            level = logging.DEBUG if said == str(error) else logging.INFO
            _log.log(level, "%s: no download of run %d begins now: %s", skill, run_id, error)
        except TrainingManagerError as error:
            _log.warning("%s: run %d is done, and is not downloaded: %s", skill, run_id, error)
        else:
            _log.info("%s: run %d is done; its results are downloaded.", skill, run_id)

    def _forget(self, run: _Run) -> None:
        with self._changing:  # what is told until that is known does not count
            self._tried[run] = _Tried(0, self._clock() + _MOST)
        self._give_up(*run)
