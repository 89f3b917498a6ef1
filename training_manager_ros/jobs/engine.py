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

from training_manager_ros.errors import Conflict, InvalidInput, TrainingManagerError
from training_manager_ros.jobs.kind import JobKind, load_kind
from training_manager_ros.jobs.locks import SkillLocks
from training_manager_ros.jobs.model import Job, JobState, Progress
from training_manager_ros.jobs.ownership import Ownership
from training_manager_ros.jobs.progress import Pace
from training_manager_ros.jobs.runner import Outcome, Worker
from training_manager_ros.jobs.store import JobStore
from training_manager_ros.jobs.table import JobTable

__all__ = ["JobEngine"]

_log = logging.getLogger("training_manager.jobs")

_RETRY = 0.5  # seconds between two looks at a lock that another process holds
_RETRY_OWNING = 2.0  # seconds between two tries to be the one that runs the jobs here


class JobEngine:
    """The jobs of one skills directory.

    `kinds` maps a kind's name to its entry "module:Class"; `on_change` is called, from any thread,
    after every change of any job or of `problem`, and must be quick; `prepare` is called in a
    thread once the directory is ours, before any job runs, with the names of the skills that jobs
    which are taken up again will write.
    """

    def __init__(
        self,
        skills_dir: Path,
        kinds: Mapping[str, str],
        *,
        workers: int = 2,
        on_change: Callable[[], None] = lambda: None,
        prepare: Callable[[frozenset[str]], None] = lambda names: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._skills_dir = skills_dir
        self._state = skills_dir / ".training_manager"
        self._table = JobTable(JobStore(self._state / "jobs"), on_change)
        self._changed = self._table.changed
        self._entries = dict(kinds)
        self._kinds: dict[str, JobKind] = {}
        self._workers = workers
        self._prepare = prepare
        self._clock = clock
        self._busy: dict[str, Pace] = {}  # jobs that were started and did not end
        self._running: dict[str, Worker] = {}  # those of them whose process is there
        self._ownership = Ownership(skills_dir, self._state)
        self._problem = "The jobs have not been started."
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Take up the jobs of the last time, and begin to run jobs.

        Where another process runs the jobs of this directory, or it can't be written, `problem`
        says so, `submit` refuses, and it is tried again until it works.
        """
        with self._changed:
            self._own()
        scheduler = threading.Thread(target=self._run_jobs, name="jobs", daemon=True)
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
        self._problem = "The jobs have been stopped."
        self._ownership.give_back()

    @property
    def problem(self) -> str:
        """Why no job can be started here and what to do; "" if they can."""
        return self._problem

    @property
    def workers(self) -> int:
        """How many jobs run at a time."""
        return self._workers

    @workers.setter
    def workers(self, count: int) -> None:
        with self._changed:
            self._workers = count
            self._changed.notify_all()

    def jobs(self) -> tuple[Job, ...]:
        """All jobs that are known, newest first."""
        return self._table.newest_first()

    def job(self, job_id: str) -> Job:
        """One job by its id."""
        return self._table[job_id]

    def submit(self, kind: str, arguments: Mapping[str, Any]) -> Job:
        """Check the arguments and queue a job; returns at once."""
        if problem := self._problem:
            raise Conflict(problem)
        checked = self.kind(kind)
        locks = checked.locks(arguments)
        job = Job(
            id=uuid.uuid4().hex[:12],
            kind=kind,
            arguments=dict(arguments),
            reads=locks.reads,
            writes=locks.writes,
            created=self._clock(),
            pausable=checked.pausable,
        )
        with self._changed:
            self._require_new(job)
            self._table.add(job)
        return job

    def cancel(self, job_id: str) -> Job:
        """Ask a job to end; one that waits ends at once. Cancelling twice is no error."""
        with self._changed:
            job = self.job(job_id)
            if job.ended:
                raise Conflict(f"Job {job_id} is already {job.state.value}.")
            if job.state is JobState.QUEUED and not job.started:
                self._end(job, Outcome(JobState.CANCELLED))
            elif not job.cancelling:  # one that ran before a restart has something to clean up
                self._table.put(replace(job, cancelling=True, paused=False))
                if worker := self._running.get(job_id):
                    worker.cancel()
            return self._table[job_id]

    def pause(self, job_id: str, still: bool = True) -> Job:
        """Let a job hold still, or go on; one that waits is not started. Twice is no error."""
        with self._changed:
            job = self.job(job_id)
            if job.ended:
                raise Conflict(f"Job {job_id} is already {job.state.value}.")
            if not job.pausable:
                raise Conflict(f"A job of the kind {job.kind} can't be paused; cancel it instead.")
            if job.cancelling:
                raise Conflict(f"Job {job_id} is being cancelled.")
            if job.paused != still:
                self._table.put(replace(job, paused=still, message="", rate=0.0, seconds_left=-1.0))
                if job_id in self._busy:
                    self._busy[job_id].restart()
                if worker := self._running.get(job_id):
                    worker.hold(still)
            return self._table[job_id]

    def wait(self, job_id: str, timeout: float | None = None) -> Job:
        """The job once it ended, or as it is after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.job(job_id).ended, timeout)
            return self.job(job_id)

    def kind(self, name: str) -> JobKind:
        """A kind of job by its name."""
        if name not in self._entries:
            known = ", ".join(sorted(self._entries))
            raise InvalidInput(f"There is no job of the kind {name!r}; there are {known}.")
        if name not in self._kinds:
            self._kinds[name] = load_kind(self._entries[name], self._skills_dir)
        return self._kinds[name]

    def _require_new(self, job: Job) -> None:
        for other in self._table.newest_first():
            if other.ended:
                continue
            if other.kind == job.kind and other.arguments == job.arguments:
                raise Conflict(f"The same job is already {other.state.value} ({other.id}).")
            for name in set(job.writes).intersection(other.writes):
                if not (self._skills_dir / name).exists():
                    raise Conflict(
                        f"Another job ({other.id}) makes the skill {name}; choose another name."
                    )

    def _own(self) -> bool:
        before = self._problem
        self._problem = self._ownership.take()
        if self._problem != before:
            if self._problem:
                _log.warning("%s", self._problem)
            else:
                self._take_up()
            self._table.notify()
        return not self._problem

    def _take_up(self) -> None:
        for job in self._table.load():
            if job.kind in self._entries:
                message = "" if job.paused else "Taken up again."
                again = replace(job, state=JobState.QUEUED, message=message, seconds_left=-1.0)
                self._table.put(replace(again, progress=Progress(), rate=0.0))
            else:
                message = f"This version knows no job of the kind {job.kind}."
                interrupted = replace(job, state=JobState.INTERRUPTED, message=message)
                self._table.put(replace(interrupted, finished=self._clock()))

    def _run_jobs(self) -> None:
        with self._changed:
            while not self._stopping and not (self._problem == "" or self._own()):
                self._changed.wait(_RETRY_OWNING)
            active = [job for job in self._table.newest_first() if not job.ended]
        if not self._stopping:
            self._tidy(frozenset(name for job in active for name in job.writes))
        with self._changed:
            while not self._stopping:
                started = [self._try_to_start(job) for job in self._table.queue()]
                blocked = bool(started) and not any(started) and self._free_workers > 0
                if not any(started):
                    self._changed.wait(_RETRY if blocked else None)

    def _tidy(self, names: frozenset[str]) -> None:
        try:
            self._prepare(names)
        except (OSError, TrainingManagerError) as error:
            _log.warning("What jobs have left can't be removed: %s", error)

    @property
    def _free_workers(self) -> int:
        """A job that holds still lets another one run."""
        return self._workers - sum(not self._table[job_id].paused for job_id in self._busy)

    def _try_to_start(self, job: Job) -> bool:
        if self._free_workers <= 0:
            return False
        locks = SkillLocks(self._state / "locks")
        try:
            busy = locks.acquire(job.reads, job.writes)
        except OSError as error:
            locks.release()
            self._say(job, f"Its locks can't be taken: {error.strerror or error}.")
            return False
        if busy:
            self._say(job, f"Waits for other work on {busy}.")
            return False
        self._busy[job.id] = Pace()
        job = replace(job, state=JobState.RUNNING, started=self._clock(), message="")
        self._table.put(job)
        thread = threading.Thread(target=self._run, args=(job, locks), name=f"job {job.id}")
        thread.start()
        self._threads = [old for old in self._threads if old.is_alive()] + [thread]
        return True

    def _say(self, job: Job, message: str) -> None:
        if job.message != message:
            self._table.put(replace(job, message=message))

    def _run(self, job: Job, locks: SkillLocks) -> None:
        with locks:
            outcome = self._work(job, locks)
            if outcome.killed and not self._stopping:
                self._clean(job)
        with self._changed:
            self._running.pop(job.id, None)
            del self._busy[job.id]
            if not self._stopping:  # else its record says that it ran: it is taken up again
                self._end(self._table[job.id], outcome)
            self._changed.notify_all()

    def _work(self, job: Job, locks: SkillLocks) -> Outcome:
        if job.cancelling:
            return Outcome(JobState.CANCELLED, killed=True)
        try:
            entry = self._entries[job.kind]
            worker = Worker(entry, self._skills_dir, job.arguments, locks.descriptors)
        except OSError as error:
            problem = f"No process could be started for it: {error.strerror or error}."
            return Outcome(JobState.FAILED, f"{problem} Start the job again.")
        with self._changed:
            self._running[job.id] = worker
            now = self._table[job.id]
            if self._stopping:
                worker.abandon()
            elif now.cancelling:
                worker.cancel()
            elif now.paused:
                worker.hold(True)
        return worker.run(lambda progress: self._on_progress(job.id, progress))

    def _on_progress(self, job_id: str, progress: Progress) -> None:
        with self._changed:
            job, pace = self._table[job_id], self._busy[job_id]
            pace.update(progress, time.monotonic())
            if job.paused:  # sent before it held still
                pace.restart()
            self._table.announce(
                replace(
                    job,
                    progress=progress,
                    rate=pace.rate,
                    seconds_left=pace.seconds_left,
                    message=progress.message,
                )
            )

    def _clean(self, job: Job) -> None:
        try:
            self.kind(job.kind).clean(job.arguments)
        except (OSError, TrainingManagerError) as error:
            _log.warning("%s %s: what it left can't be removed: %s", job.kind, job.id, error)

    def _end(self, job: Job, outcome: Outcome) -> None:
        job = replace(
            job,
            state=outcome.state,
            message=outcome.message,
            result=outcome.result,
            finished=self._clock(),
            paused=False,
            cancelling=False,
            seconds_left=-1.0,
        )
        self._table.put(job)
        level = logging.ERROR if job.state is JobState.FAILED else logging.INFO
        kind, skills = job.kind.replace("_", " ").capitalize(), ", ".join(job.writes or job.reads)
        said = job.message or f"{job.state.value}."
        _log.log(level, "%s, %s (%s): %s", kind, skills, job.id, said)
