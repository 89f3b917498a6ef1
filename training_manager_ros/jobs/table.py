"""All jobs of a skills directory: saved before they are announced, forgotten when they are old."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from training_manager_ros.datasets.edit.files import DiskProblem
from training_manager_ros.errors import NotFound
from training_manager_ros.jobs.model import Job, JobState
from training_manager_ros.jobs.store import JobStore

__all__ = ["JobTable"]

_log = logging.getLogger("training_manager.jobs")

_KEPT = 50  # jobs that ended and are still shown


class JobTable:
    """The jobs by id. Who changes one holds `changed`, which is notified of every change.

    `on_change` is called after every change, from whatever thread made it.
    """

    def __init__(self, store: JobStore, on_change: Callable[[], None]) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._store = store
        self._on_change = on_change
        self._jobs: dict[str, Job] = {}

    def __getitem__(self, job_id: str) -> Job:
        """A job by its id; `NotFound` where there is none."""
        with self.changed:
            if job_id not in self._jobs:
                raise NotFound(f"There is no job {job_id}.")
            return self._jobs[job_id]

    def newest_first(self) -> tuple[Job, ...]:
        """All of them."""
        with self.changed:
            return tuple(sorted(self._jobs.values(), key=lambda job: job.created, reverse=True))

    def queue(self) -> list[Job]:
        """Those that wait to be started, in order."""
        waiting = [
            job for job in self._jobs.values() if job.state is JobState.QUEUED and not job.paused
        ]
        return sorted(waiting, key=lambda job: job.created)

    def load(self) -> list[Job]:
        """Take in what the last process has left; those jobs that had not ended."""
        for job in self._store.load():
            self._jobs[job.id] = job
        return [job for job in self._jobs.values() if not job.ended]

    def add(self, job: Job) -> None:
        """A new job. Raises `DiskProblem` where it can't be saved."""
        self._store.save(job)
        self.announce(job)

    def put(self, job: Job) -> None:
        """A job that has changed."""
        try:
            self._store.save(job)
        except DiskProblem as error:  # what runs goes on; after a crash the old record counts
            _log.warning("The record of job %s can't be written: %s", job.id, error)
        self.announce(job)
        if job.ended:
            self._forget()

    def announce(self, job: Job) -> None:
        """A job whose change is not worth to be saved."""
        self._jobs[job.id] = job
        self.notify()

    def notify(self) -> None:
        """Something else than a job has changed."""
        self.changed.notify_all()
        self._on_change()

    def _forget(self) -> None:
        ended = sorted((job for job in self._jobs.values() if job.ended), key=lambda j: j.finished)
        for old in ended[:-_KEPT]:
            del self._jobs[old.id]
            self._store.remove(old)
