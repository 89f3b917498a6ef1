"""Checking a dataset: what is wrong with it is kept for whoever asks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from training_manager_ros.datasets import FactCache
from training_manager_ros.jobs.checks import CheckResult, Checks, fingerprint
from training_manager_ros.jobs.control import Control
from training_manager_ros.jobs.kind import JobKind, Locks
from training_manager_ros.jobs.kinds import arguments as checked
from training_manager_ros.paths import cache_dir
from training_manager_ros.skills import skill_folder

__all__ = ["CheckDataset"]


class CheckDataset(JobKind):
    """Arguments: skill (folder name). The result counts errors, warnings and notes."""

    pausable = True

    def locks(self, arguments: Mapping[str, Any]) -> Locks:
        """See `JobKind`."""
        checked.known_keys(arguments, ("skill",))
        return Locks(reads=(checked.skill(arguments, self.skills_dir),))

    def run(self, arguments: Mapping[str, Any], control: Control) -> Mapping[str, Any]:
        """See `JobKind`."""
        from training_manager_ros.datasets.check import check_dataset  # heavy; not for the node

        folder = skill_folder(self.skills_dir, arguments["skill"])
        began, before = time.time(), fingerprint(folder)
        findings = check_dataset(folder, FactCache(cache_dir() / "facts.sqlite"), control)
        Checks(self.skills_dir).save(folder.name, CheckResult(began, before, findings))
        counts: Counter[str] = Counter(finding.severity for finding in findings)
        return {
            "skill": folder.name,
            "errors": counts["error"],
            "warnings": counts["warning"],
            "notes": counts["note"],
        }
