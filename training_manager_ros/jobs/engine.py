"""Starts jobs, lets as many run as there are workers, and keeps everybody informed.

One lock guards the table of jobs; whoever changes a job saves it before it is announced. A job that
ran or waited when the node died is taken up again at the next start.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from training_manager_ros.errors import Conflict, InvalidInput, NotFound
from training_manager_ros.jobs.kind import JobKind, load_kind
from training_manager_ros.jobs.locks import SkillLocks
from training_manager_ros.jobs.model import Job, JobState, Progress
from training_manager_ros.jobs.progress import Pace
from training_manager_ros.jobs.runner import Outcome, Worker
from training_manager_ros.jobs.store import JobStore

__all__ = ["JobEngine"]

_log = logging.getLogger("training_manager.jobs")

_KEPT = 50  # jobs that ended and are still shown
_RETRY = 0.5  # seconds between two looks at a lock that another process holds


class JobEngine:
    """The jobs of one skills directory.

    `kinds` maps a kind's name to its entry "module:Class"; `on_change` is called, from any thread,
    after every change of any job.
    """

    def __init__(
        self,
        skills_dir: Path,
        kinds: Mapping[str, str],
        *,
        workers: int = 2,
        on_change: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._skills_dir = skills_dir
        self._state = skills_dir / ".training_manager"
        self._store = JobStore(self._state / "jobs")
        self._entries = dict(kinds)
        self._kinds: dict[str, JobKind] = {}
        self._free_workers = workers
        self._on_change = on_change
        self._clock = clock
        self._changed = threading.Condition(threading.RLock())
        self._jobs: dict[str, Job] = {}
        self._running: dict[str, Worker] = {}
        self._ownership = SkillLocks(self._state)
        self._owns = False
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Take up the jobs of the last time, and begin to run jobs.

        Where another process already runs the jobs of this directory, nothing is taken up, and
        `submit` refuses.
        """
        self._owns = not self._ownership.acquire((), ("engine",))
        if not self._owns:
            _log.error("%s", self._not_ours())
            return
        with self._changed:
            for job in self._store.load():
                self._jobs[job.id] = job
                if job.ended:
                    continue
                if job.kind in self._entries:
                    self._put(replace(job, state=JobState.QUEUED, message="Taken up again."))
                else:
                    message = f"This version knows no job of the kind {job.kind}."
                    self._put(replace(job, state=JobState.INTERRUPTED, message=message))
        scheduler = threading.Thread(target=self._schedule, name="jobs", daemon=True)
        scheduler.start()
        self._threads.append(scheduler)

    def stop(self) -> None:
        """End the workers; what they did not finish is taken up at the next start."""
        with self._changed:
            self._stopping = True
            for worker in self._running.values():
                worker.abandon()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._ownership.release()

    def jobs(self) -> tuple[Job, ...]:
        """All jobs that are known, newest first."""
        with self._changed:
            return tuple(sorted(self._jobs.values(), key=lambda job: job.created, reverse=True))

    def job(self, job_id: str) -> Job:
        """One job by its id."""
        with self._changed:
            if job_id not in self._jobs:
                raise NotFound(f"There is no job {job_id}.")
            return self._jobs[job_id]

    def submit(self, kind: str, arguments: Mapping[str, Any]) -> Job:
        """Check the arguments and queue a job; returns at once."""
        if not self._owns:
            raise Conflict(self._not_ours())
        locks = self._kind(kind).locks(arguments)
        job = Job(
            id=uuid.uuid4().hex[:12],
            kind=kind,
            arguments=dict(arguments),
            reads=locks.reads,
            writes=locks.writes,
            created=self._clock(),
        )
        with self._changed:
            for other in self._jobs.values():
                if not other.ended and other.kind == kind and other.arguments == job.arguments:
                    raise Conflict(f"The same job is already {other.state.value} ({other.id}).")
            self._put(job)
            self._changed.notify_all()
        return job

    def cancel(self, job_id: str) -> Job:
        """Ask a job to end; one that waits ends at once. Cancelling twice is no error."""
        with self._changed:
            job = self.job(job_id)
            if job.ended:
                raise Conflict(f"Job {job_id} is already {job.state.value}.")
            if job.state is JobState.QUEUED:
                self._end(job, Outcome(JobState.CANCELLED))
            elif not job.cancelling:
                self._put(replace(job, cancelling=True))
                if worker := self._running.get(job_id):
                    worker.cancel()
            return self._jobs[job_id]

    def wait(self, job_id: str, timeout: float | None = None) -> Job:
        """The job once it ended, or as it is after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.job(job_id).ended, timeout)
            return self.job(job_id)

    def _not_ours(self) -> str:
        return (
            f"Another Training Manager already runs the jobs of {self._skills_dir}; use that one."
        )

    def _kind(self, name: str) -> JobKind:
        if name not in self._entries:
            known = ", ".join(sorted(self._entries))
            raise InvalidInput(f"There is no job of the kind {name!r}; there are {known}.")
        if name not in self._kinds:
            self._kinds[name] = load_kind(self._entries[name], self._skills_dir)
        return self._kinds[name]

    def _schedule(self) -> None:
        with self._changed:
            while not self._stopping:
                started = [self._try_to_start(job) for job in self._queue()]
                blocked = bool(started) and not any(started) and self._free_workers > 0
                if not any(started):
                    self._changed.wait(_RETRY if blocked else None)

    def _queue(self) -> list[Job]:
        waiting = [job for job in self._jobs.values() if job.state is JobState.QUEUED]
        return sorted(waiting, key=lambda job: job.created)

    def _try_to_start(self, job: Job) -> bool:
        if not self._free_workers:
            return False
        locks = SkillLocks(self._state / "locks")
        busy = locks.acquire(job.reads, job.writes)
        if busy:
            message = f"Waits for other work on {busy}."
            if job.message != message:
                self._put(replace(job, message=message))
            return False
        self._free_workers -= 1
        job = replace(job, state=JobState.RUNNING, started=self._clock(), message="")
        self._put(job)
        thread = threading.Thread(target=self._run, args=(job, locks), name=f"job {job.id}")
        thread.start()
        self._threads = [old for old in self._threads if old.is_alive()] + [thread]
        return True

    def _run(self, job: Job, locks: SkillLocks) -> None:
        with locks:
            worker = Worker(
                self._entries[job.kind], self._skills_dir, job.arguments, locks.descriptors
            )
            with self._changed:
                self._running[job.id] = worker
                if self._stopping:
                    worker.abandon()
                elif self._jobs[job.id].cancelling:
                    worker.cancel()
            pace = Pace()

            def on_progress(progress: Progress) -> None:
                pace.update(progress, time.monotonic())
                with self._changed:
                    now = replace(
                        self._jobs[job.id],
                        progress=progress,
                        rate=pace.rate,
                        seconds_left=pace.seconds_left,
                        message=progress.message,
                    )
                    self._announce(now)

            outcome = worker.run(on_progress)
        with self._changed:
            del self._running[job.id]
            self._free_workers += 1
            if not self._stopping:  # else its record says that it ran: it is taken up again
                self._end(self._jobs[job.id], outcome)
            self._changed.notify_all()

    def _end(self, job: Job, outcome: Outcome) -> None:
        job = replace(
            job,
            state=outcome.state,
            message=outcome.message,
            result=outcome.result,
            finished=self._clock(),
            cancelling=False,
            seconds_left=-1.0,
        )
        self._put(job)
        level = logging.ERROR if job.state is JobState.FAILED else logging.INFO
        _log.log(level, "%s %s: %s", job.kind, job.id, job.message or job.state.value)
        ended = sorted((job for job in self._jobs.values() if job.ended), key=lambda j: j.finished)
        for old in ended[:-_KEPT]:
            del self._jobs[old.id]
            self._store.remove(old)

    def _put(self, job: Job) -> None:
        self._store.save(job)
        self._announce(job)

    def _announce(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._changed.notify_all()
        self._on_change()
