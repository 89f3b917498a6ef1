"""Converting a dataset: raw images to video in place, or LeRobot v2 to v3.0 as a copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training_manager_ros.datasets.edit.plan import EditPlan
from training_manager_ros.editing import plan_convert
from training_manager_ros.editing.assemble import free_folder
from training_manager_ros.editing.convert import TARGETS
from training_manager_ros.editing.convert_in_place import convert_in_place
from training_manager_ros.errors import InvalidInput
from training_manager_ros.jobs.control import Control
from training_manager_ros.jobs.kind import Locks
from training_manager_ros.jobs.kinds import arguments as checked
from training_manager_ros.jobs.kinds.making import MakesSkill

__all__ = ["ConvertDataset"]

_IN_PLACE = TARGETS[0]


class ConvertDataset(MakesSkill):
    """Arguments: skill (folder name), target, name, keep_raw, file_mode; see `plan_convert`.

    A conversion in place that was killed or cancelled goes on where it was when it is done again.
    """

    def locks(self, arguments: Mapping[str, Any]) -> Locks:
        """See `JobKind`."""
        checked.known_keys(arguments, ("skill", "target", "name", "keep_raw", "file_mode"))
        checked.file_mode(arguments)
        checked.flag(arguments, "keep_raw")
        target = checked.one_of(arguments, "target", TARGETS)
        source = checked.skill(arguments, self.skills_dir)
        if target != _IN_PLACE:
            folder = free_folder(self.skills_dir, checked.text(arguments, "name"))
            return Locks(reads=(source,), writes=(folder,))
        if arguments.get("name"):
            message = f'must be empty with "{_IN_PLACE}", which converts the skill itself'
            raise InvalidInput(f"The name {message}.", {"name": message})
        return Locks(writes=(source,))

    def plan(self, arguments: Mapping[str, Any]) -> EditPlan:
        """See `MakesSkill`."""
        return plan_convert(
            self.skills_dir,
            arguments["skill"],
            arguments["target"],
            arguments.get("name", ""),
            arguments.get("keep_raw", False),
            self.facts(),
            request=arguments,
        )

    def run(self, arguments: Mapping[str, Any], control: Control) -> Mapping[str, Any]:
        """See `JobKind`."""
        if arguments["target"] != _IN_PLACE:
            return super().run(arguments, control)
        plan, files = self.ready(arguments, control, "encoding")
        episodes = 0
        for _ in convert_in_place(self.skills_dir, plan, files, control.check):
            control.advance(items=1)
            episodes += 1
        problems = [problem.message for problem in plan.problems]
        return {"skill": plan.name, "episodes": episodes, "problems": problems}

    def clean(self, arguments: Mapping[str, Any]) -> None:
        """See `JobKind`; what is finished in place is kept for the next time."""
        if arguments["target"] != _IN_PLACE:
            super().clean(arguments)
