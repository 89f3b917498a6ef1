"""`training-manager check`: what is wrong with a skill's recordings, and what to do about it."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from training_manager_ros.cli_progress import progress_bar
from training_manager_ros.tables import plain

if TYPE_CHECKING:
    from training_manager_ros.datasets.check import Finding

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("skill", metavar="SKILL", help="the skill's folder name")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Check one skill; 1 where an error was found."""
    from training_manager_ros.datasets import FactCache
    from training_manager_ros.datasets.check import check_dataset
    from training_manager_ros.jobs.control import Control
    from training_manager_ros.paths import cache_dir
    from training_manager_ros.skills import skill_folder

    folder = skill_folder(args.skills_dir, args.skill)
    with progress_bar() as show:
        facts = FactCache(cache_dir() / "facts.sqlite")
        findings = check_dataset(folder, facts, Control(show))
    counts: Counter[str] = Counter(finding.severity for finding in findings)
    if args.json:
        answer = {
            "skill": args.skill,
            "errors": counts["error"],
            "warnings": counts["warning"],
            "notes": counts["note"],
            "findings": [asdict(finding) for finding in findings],
        }
        print(json.dumps(answer, indent=2))
    else:
        _print(args.skill, findings, counts)
    return 1 if counts["error"] else 0


def _print(skill: str, findings: Sequence[Finding], counts: Counter[str]) -> None:
    if not findings:
        print(plain(f"{skill}: nothing found."))
        return
    parts = [
        f"{counts[kind]} {kind}{'' if counts[kind] == 1 else 's'}"
        for kind in ("error", "warning", "note")
        if counts[kind]
    ]
    print(plain(f"{skill}: {', '.join(parts)}"))
    for finding in findings:
        where = "" if finding.episode is None else f"episode {finding.episode}: "
        print()
        print(plain(f"{finding.severity} [{finding.code}] {where}{finding.message}"))
        print(plain(f"  {finding.remedy}"))
