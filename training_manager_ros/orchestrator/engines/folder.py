"""The files through which a supervisor (`runner`) and the server talk, in the run's folder."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from training_manager_ros.orchestrator.engines import (
    Ending,
    Job,
    JobState,
    JobStatus,
    Outcome,
    runner,
)
from training_manager_ros.orchestrator.engines.processes import kill_marked

__all__ = ["allowed_seconds", "folder_status", "is_locked", "lost", "prepare_folder"]


def allowed_seconds(folder: Path) -> float:
    """How long the job that was prepared may take."""
    return float(json.loads((folder / "job.json").read_text())["seconds"])


def prepare_folder(job: Job, inherited: Sequence[str] = ()) -> None:
    """Put the supervisor and what it needs to know into the job's folder.

    The run gets the supervisor's own values of the variables named in `inherited`.
    """
    shutil.copyfile(runner.__file__, job.folder / "runner.py")
    value = {
        "command": list(job.command),
        "cwd": str(job.folder / "work" / "project"),
        "env": dict(job.env),
        "inherited": list(inherited),
        "marker": job.marker,
        "seconds": job.seconds,
        "quota_bytes": job.quota_bytes,
        "log_bytes": job.log_bytes,
        "grace": job.grace,
    }
    beside = job.folder / ".job.json"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(job.folder / "job.json")


def folder_status(folder: Path) -> JobStatus:
    """What a supervisor wrote down last."""
    try:
        value = json.loads((folder / "status.json").read_text())
    except FileNotFoundError:
        return JobStatus(JobState.UNKNOWN)
    if value["state"] == "running":
        return JobStatus(JobState.RUNNING)
    outcome = Outcome(Ending(value["ending"]), value["exit_code"], value["detail"])
    return JobStatus(JobState.ENDED, outcome)


def lost(folder: Path, detail: str = "") -> JobStatus:
    """The end of a run whose supervisor is gone; ends what it left on this machine."""
    kill_marked(json.loads((folder / "job.json").read_text())["marker"])
    return JobStatus(JobState.ENDED, Outcome(Ending.LOST, detail=detail))


def is_locked(path: Path) -> bool:
    """Whether somebody holds a lock on the file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
