"""Bringing the results of a run into the skill's folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training_manager_ros.errors import NotFound
from training_manager_ros.jobs.control import Control
from training_manager_ros.jobs.kind import JobKind, Locks
from training_manager_ros.jobs.kinds import arguments as checked
from training_manager_ros.jobs.kinds.transfer import run_number, server_settings, telling
from training_manager_ros.skills import skill_folder
from training_manager_ros.training import TrainingClient
from training_manager_ros.training.download import refuse_mixture
from training_manager_ros.training.skill_metadata import metadata_value
from training_manager_ros.training.submit import known_skill_id

__all__ = ["DownloadRun"]


class DownloadRun(JobKind):
    """Arguments: skill (folder name), run_id (of the training server).

    What has arrived is not fetched again, so a job that is taken up goes on, and so does a new one
    after another was cancelled.
    """

    pausable = True

    def locks(self, arguments: Mapping[str, Any]) -> Locks:
        """See `JobKind`."""
        checked.known_keys(arguments, ("skill", "run_id"))
        run_id = run_number(arguments, "run_id")
        server_settings()
        folder = skill_folder(self.skills_dir, checked.text(arguments, "skill"))
        refuse_mixture(folder, run_id, _skill_id(folder))
        return Locks(reads=(folder.name,))

    def run(self, arguments: Mapping[str, Any], control: Control) -> Mapping[str, Any]:
        """See `JobKind`."""
        folder = skill_folder(self.skills_dir, arguments["skill"])
        run_id = run_number(arguments, "run_id")
        with TrainingClient(server_settings()) as client:
            result = client.download(
                folder,
                _skill_id(folder),
                run_id,
                control=control.levers,
                report=telling(control),
            )
        return {
            "skill": folder.name,
            "run_id": run_id,
            "files": len(result.fetched) + result.unchanged,
            "fetched": len(result.fetched),
            "skipped": dict(result.skipped),
        }


def _skill_id(folder: Path) -> str:
    skill_id = known_skill_id(folder, metadata_value(folder))
    if not skill_id:
        raise NotFound(f"{folder.name} is not on the training server; upload it first.")
    return skill_id
