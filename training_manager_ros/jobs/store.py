"""Jobs on disk, one small JSON file each, so that they outlive the node."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.edit.files import explained
from training_manager_ros.jobs.model import Job, JobState, Progress

__all__ = ["JobStore"]

_log = logging.getLogger("training_manager.jobs")


class JobStore:
    """The jobs of one skills directory, in a folder that is made when the first job is saved."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> list[Job]:
        """All jobs, oldest first. A file that can't be read is left out, with a warning."""
        jobs = []
        for path in self._folder.glob("*.json"):
            try:
                jobs.append(_from_json(json.loads(path.read_text())))
            except (OSError, ValueError, KeyError, TypeError) as error:
                _log.warning("The record of job %s can't be read: %s", path.stem, error)
        return sorted(jobs, key=lambda job: (job.created, job.id))

    def save(self, job: Job) -> None:
        """Write a job beside and rename; after a crash the old or the new record is there.

        Raises `DiskProblem` where that can't be done.
        """
        path = self._folder / f"{job.id}.json"
        beside = path.with_suffix(".tmp")
        with explained(path):
            self._folder.mkdir(parents=True, exist_ok=True)
            with beside.open("w") as file:
                json.dump(dataclasses.asdict(job), file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)

    def remove(self, job: Job) -> None:
        """Forget a job."""
        with contextlib.suppress(FileNotFoundError):
            (self._folder / f"{job.id}.json").unlink()


def _from_json(value: dict[str, Any]) -> Job:
    value["state"] = JobState(value["state"])
    value["progress"] = Progress(**value["progress"])
    value["reads"], value["writes"] = tuple(value["reads"]), tuple(value["writes"])
    return Job(**value)
