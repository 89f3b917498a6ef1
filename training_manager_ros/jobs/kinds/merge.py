"""Merging datasets into a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training_manager_ros.datasets.edit.plan import EditPlan
from training_manager_ros.editing import plan_merge
from training_manager_ros.editing.assemble import free_folder
from training_manager_ros.jobs.kind import Locks
from training_manager_ros.jobs.kinds import arguments as checked
from training_manager_ros.jobs.kinds.making import MakesSkill

__all__ = ["MergeDatasets"]


class MergeDatasets(MakesSkill):
    """Arguments: name (of the result), sources (each skill, episodes, cameras), rules, file_mode.

    Without `episodes` a source gives all of them; `cameras` maps names to new ones; `rules` are
    rate, any_width and any_cameras of `MergeRules`.
    """

    def locks(self, arguments: Mapping[str, Any]) -> Locks:
        """See `JobKind`."""
        checked.known_keys(arguments, ("name", "sources", "rules", "file_mode"))
        checked.file_mode(arguments)
        checked.merge_rules(arguments)
        sources = checked.merge_sources(arguments)
        folder = free_folder(self.skills_dir, checked.text(arguments, "name"))
        names = [
            checked.skill({"skill": source.skill}, self.skills_dir, f"sources.{number}.")
            for number, source in enumerate(sources)
        ]
        return Locks(reads=tuple(dict.fromkeys(names)), writes=(folder,))

    def plan(self, arguments: Mapping[str, Any]) -> EditPlan:
        """See `MakesSkill`."""
        return plan_merge(
            self.skills_dir,
            checked.merge_sources(arguments),
            arguments["name"],
            checked.merge_rules(arguments),
            self.facts(),
            request=arguments,
        )
