"""Editing skills: what is deleted, merged or converted, decided first and then carried out.

Knows skills and datasets, but neither jobs nor ROS. The sources are never changed; only raw
recordings become videos where they lie.
"""

from __future__ import annotations

from training_manager_ros.datasets.edit.files import DiskProblem, FileMode
from training_manager_ros.datasets.edit.marks import Mark, Verdict, mark_episodes, read_marks
from training_manager_ros.datasets.edit.plan import EditPlan, Origin, PlanProblem
from training_manager_ros.datasets.edit.selection import named_episodes, parse_selection
from training_manager_ros.editing.assemble import MergeRules, MergeSource, plan_delete, plan_merge
from training_manager_ros.editing.convert import plan_convert
from training_manager_ros.editing.estimate import Estimate, estimate
from training_manager_ros.editing.provenance import Provenance, read_provenance

__all__ = [
    "DiskProblem",
    "EditPlan",
    "Estimate",
    "FileMode",
    "Mark",
    "MergeRules",
    "MergeSource",
    "Origin",
    "PlanProblem",
    "Provenance",
    "Verdict",
    "estimate",
    "mark_episodes",
    "named_episodes",
    "parse_selection",
    "plan_convert",
    "plan_delete",
    "plan_merge",
    "read_marks",
    "read_provenance",
]
