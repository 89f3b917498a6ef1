"""Deleting episodes: a cleaned copy without them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training_manager_ros.datasets.edit.plan import EditPlan
from training_manager_ros.editing import plan_delete
from training_manager_ros.editing.assemble import free_folder
from training_manager_ros.jobs.kind import Locks
from training_manager_ros.jobs.kinds import arguments as checked
from training_manager_ros.jobs.kinds.making import MakesSkill

__all__ = ["DeleteEpisodes"]


class DeleteEpisodes(MakesSkill):
    """Arguments: skill (folder name), episodes (ids that go), name (of the copy), file_mode."""

    def locks(self, arguments: Mapping[str, Any]) -> Locks:
        """See `JobKind`."""
        checked.known_keys(arguments, ("skill", "episodes", "name", "file_mode"))
        checked.file_mode(arguments)
        checked.episodes(arguments.get("episodes"), "episodes")
        folder = free_folder(self.skills_dir, checked.text(arguments, "name"))
        return Locks(reads=(checked.skill(arguments, self.skills_dir),), writes=(folder,))

    def plan(self, arguments: Mapping[str, Any]) -> EditPlan:
        """See `MakesSkill`."""
        return plan_delete(
            self.skills_dir,
            arguments["skill"],
            arguments["episodes"],
            arguments["name"],
            self.facts(),
            request=arguments,
        )
