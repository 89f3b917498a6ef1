"""`training-manager skills` and `episodes`: what is there, as tables or as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from training_manager_ros.errors import Unreadable
from training_manager_ros.tables import Column, plain, print_table, size_text, time_text

if TYPE_CHECKING:
    from training_manager_ros.datasets import Dataset, Episode, FactCache
    from training_manager_ros.skills import Skill

__all__ = ["episodes", "episodes_arguments", "skills", "skills_arguments"]


def skills_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `skills`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def skills(args: argparse.Namespace) -> int:
    """List the skills."""
    from training_manager_ros.skills import Catalog

    catalog = Catalog(args.skills_dir, _facts())
    found = catalog.skills()
    if catalog.problem:
        raise Unreadable(catalog.problem)
    if args.json:
        _print_json(
            {"skills_dir": str(args.skills_dir), "skills": [_skill_json(skill) for skill in found]}
        )
        return 0
    if not found:
        print(f"No skills in {plain(str(args.skills_dir))}.")
        return 0
    print_table(list(_skill_columns(found)), sys.stdout)
    _print_problems(
        (skill.name, problem)
        for skill in found
        for problem in (skill.problem, *skill.dataset_problems)
        if problem
    )
    return 0


def _skill_columns(skills: Sequence[Skill]) -> Iterator[Column]:
    datasets = [skill.dataset for skill in skills]
    yield Column("SKILL", [s.name for s in skills], gives_way=True)
    yield Column("NAME", [s.display_name for s in skills], gives_way=True, importance=1)
    yield Column("TYPE", [s.type for s in skills], importance=3)
    yield Column("STATE", [s.badge for s in skills], importance=8)
    episodes = [str(d.episode_count) if d else "" for d in datasets]
    yield Column("EPISODES", episodes, right=True, importance=7)
    yield Column("FORMAT", [d.format.value if d else "" for d in datasets], importance=5)
    rates = [f"{d.rate:g} Hz" if d and d.rate else "" for d in datasets]
    yield Column("RATE", rates, right=True, importance=2)
    sizes = [size_text(d.size_bytes) if d else "" for d in datasets]
    yield Column("SIZE", sizes, right=True, importance=6)
    yield Column("CHECKPOINT", [s.checkpoint for s in skills], gives_way=True, importance=4)


def _skill_json(skill: Skill) -> dict[str, Any]:
    dataset = skill.dataset
    return {
        "name": skill.name,
        "display_name": skill.display_name,
        "type": skill.type,
        "badge": skill.badge,
        "problem": skill.problem,
        "revision": skill.revision,
        "dataset_format": dataset.format.value if dataset else "",
        "episode_count": dataset.episode_count if dataset else 0,
        "rate": dataset.rate if dataset else 0.0,
        "size_bytes": dataset.size_bytes if dataset else 0,
        "cameras": list(dataset.cameras) if dataset else [],
        "dataset_problems": list(skill.dataset_problems),
        "checkpoint": skill.checkpoint,
        "training_skill_id": skill.training_skill_id,
        "uploaded_episode_count": skill.uploaded_episode_count,
        "modified": datetime.fromtimestamp(skill.modified, timezone.utc).isoformat(),
    }


def episodes_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `episodes`."""
    parser.add_argument("skill", metavar="SKILL", help="the skill's folder name")
    parser.add_argument("--json", action="store_true", help="print JSON")


def episodes(args: argparse.Namespace) -> int:
    """List a skill's recordings."""
    from training_manager_ros.datasets import open_dataset
    from training_manager_ros.skills import skill_folder

    dataset = open_dataset(skill_folder(args.skills_dir, args.skill), _facts())
    found = dataset.episodes()
    if args.json:
        _print_json(_dataset_json(args.skill, dataset, found))
        return 0
    print(_caption(args.skill, dataset))
    if found:
        print_table(list(_episode_columns(found)), sys.stdout)
    _print_problems(
        [
            *((args.skill, problem) for problem in dataset.summary.problems),
            *((f"episode {e.id}", problem) for e in found for problem in e.problems),
        ]
    )
    return 0


def _caption(skill: str, dataset: Dataset) -> str:
    summary = dataset.summary
    count = summary.episode_count
    parts = [f"{count} episode{'' if count == 1 else 's'}", summary.format.value]
    if summary.rate:
        parts.append(f"{summary.rate:g} Hz")
    parts += [f"{c.name} {c.width}x{c.height}" if c.width else c.name for c in dataset.cameras()]
    return plain(f"{skill}: {', '.join(parts)}")


def _episode_columns(episodes: Sequence[Episode]) -> Iterator[Column]:
    yield Column("EPISODE", [str(e.id) for e in episodes], right=True)
    yield Column("FRAMES", [str(e.frames) for e in episodes], right=True, importance=8)
    yield Column("LENGTH", [time_text(e.duration) for e in episodes], right=True, importance=7)
    yield Column("SIZE", [size_text(e.size_bytes) for e in episodes], right=True, importance=6)
    starts = [e.start[:19].replace("T", " ") for e in episodes]
    yield Column("START", starts, importance=5)
    cameras = [", ".join(e.cameras) for e in episodes]
    yield Column("CAMERAS", cameras, gives_way=True, importance=3)
    yield Column("TASK", [e.task for e in episodes], gives_way=True, importance=2)
    yield Column("FILE", [e.file for e in episodes], gives_way=True, importance=1)


def _dataset_json(skill: str, dataset: Dataset, episodes: Sequence[Episode]) -> dict[str, Any]:
    summary = dataset.summary
    return {
        "skill": skill,
        "dataset_format": summary.format.value,
        "rate": summary.rate,
        "cameras": [asdict(camera) for camera in dataset.cameras()],
        "total": len(dataset.episode_ids),
        "episodes": [asdict(episode) for episode in episodes],
        "problems": list(summary.problems),
    }


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2))


def _print_problems(problems: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> None:
    for number, (where, problem) in enumerate(problems):
        print(("" if number else "\n") + plain(f"{where}: {problem}"))


def _facts() -> FactCache:
    from training_manager_ros.datasets import FactCache
    from training_manager_ros.paths import cache_dir

    return FactCache(cache_dir() / "facts.sqlite")
