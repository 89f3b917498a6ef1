"""Bringing a skill's recordings to the training server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from training_manager_ros.datasets import Dataset, Episode, FactCache
from training_manager_ros.editing.assemble import open_patiently
from training_manager_ros.jobs.control import Control
from training_manager_ros.jobs.kind import JobKind, Locks
from training_manager_ros.jobs.kinds import arguments as checked
from training_manager_ros.jobs.kinds.raw import RawConversion, may_be_raw
from training_manager_ros.jobs.kinds.transfer import (
    rate_limit,
    server_settings,
    telling,
)
from training_manager_ros.paths import cache_dir
from training_manager_ros.skills import skill_folder
from training_manager_ros.training import TrainingClient, TransferOptions, UploadResult
from training_manager_ros.training.copies import refuse_copy
from training_manager_ros.training.recordings import require_sound

__all__ = ["UploadSkill"]


class UploadSkill(JobKind):
    """Arguments: skill (folder name), raw (send raw images as they are), bytes_per_second (or 0),
    as_new (make it a skill of its own on the server, apart from its copies).

    What is on the server already is not sent again, so a job that is taken up goes on.
    """

    pausable = True

    def locks(self, arguments: Mapping[str, Any]) -> Locks:
        """See `JobKind`."""
        checked.known_keys(arguments, ("skill", "raw", "bytes_per_second", "as_new"))
        checked.flag(arguments, "raw")
        as_new = checked.flag(arguments, "as_new")
        rate_limit(arguments, "bytes_per_second")
        server_settings()
        folder = skill_folder(self.skills_dir, checked.text(arguments, "skill"))
        if not as_new:
            refuse_copy(folder)
        if self._converts(folder, arguments):
            return Locks(writes=(folder.name,))
        return Locks(reads=(folder.name,))

    def run(self, arguments: Mapping[str, Any], control: Control) -> Mapping[str, Any]:
        """See `JobKind`."""
        folder = skill_folder(self.skills_dir, arguments["skill"])
        conversion = None
        facts = FactCache(cache_dir() / "facts.sqlite")
        control.stage("looking at the episodes")
        require_sound(folder.name, _episodes(open_patiently(folder, facts), control))
        if self._converts(folder, arguments):
            conversion = RawConversion(self.skills_dir, folder.name, facts)
        options = TransferOptions(bytes_per_second=rate_limit(arguments, "bytes_per_second"))
        with TrainingClient(server_settings(), options=options) as client:
            result = client.upload(
                folder,
                conversion=conversion,
                control=control.levers,
                report=telling(control),
                as_new=checked.flag(arguments, "as_new"),
            )
        return _as_json(folder.name, result)

    @staticmethod
    def _converts(folder: Path, arguments: Mapping[str, Any]) -> bool:
        return not arguments.get("raw", False) and may_be_raw(folder)


def _episodes(dataset: Dataset, control: Control) -> Iterator[Episode]:
    for episode_id in dataset.episode_ids:
        control.check()
        yield dataset.episode(episode_id)


def _as_json(skill: str, result: UploadResult) -> dict[str, Any]:
    return {
        "skill": skill,
        "episodes": result.episodes,
        "files": len(result.sent),
        "bytes": result.bytes_sent,
        "unchanged": result.unchanged,
        "elsewhere": dict(Counter(result.elsewhere.values())),  # files by skill
        "only_on_server": len(result.only_on_server),
        "problems": list(result.problems),
    }
