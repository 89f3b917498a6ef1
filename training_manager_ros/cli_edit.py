"""`training-manager delete`, `merge` and `convert`: the node's jobs, done by this process."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from training_manager_ros.cli_work import carry_out
from training_manager_ros.errors import InvalidInput
from training_manager_ros.tables import plain, size_text

if TYPE_CHECKING:
    from training_manager_ros.editing import EditPlan, Estimate
    from training_manager_ros.jobs.kinds.making import MakesSkill

__all__ = [
    "convert",
    "convert_arguments",
    "delete",
    "delete_arguments",
    "merge",
    "merge_arguments",
]

_NICENESS = 10  # a robot's own work goes first
_SELECTION = re.compile(r"[\d,\s-]+")


def delete_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `delete`."""
    parser.add_argument("skill", metavar="SKILL", help="the skill's folder name")
    parser.add_argument("episodes", metavar="EPISODES", help="what goes, such as 3,7-9")
    parser.add_argument("--name", required=True, help="name of the new skill, without them")
    _common_arguments(parser)


def delete(args: argparse.Namespace) -> int:
    """Make a copy of a skill without some episodes."""
    from training_manager_ros.jobs.kinds.delete import DeleteEpisodes

    arguments = {
        "skill": args.skill,
        "episodes": _episodes(args, args.skill, args.episodes),
        "name": args.name,
        "file_mode": args.file_mode,
    }
    return _run(args, DeleteEpisodes(args.skills_dir), arguments)


def merge_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `merge`."""
    parser.add_argument("name", metavar="NEW", help="name of the new skill")
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SKILL[:EPISODES]",
        help="a skill's folder name, and which of its episodes, such as cup:0-4,7 (all)",
    )
    parser.add_argument(
        "--camera",
        action="append",
        default=[],
        metavar="SKILL:OLD=NEW",
        help="call a camera of a source otherwise; again for more",
    )
    parser.add_argument(
        "--rate", type=float, metavar="HZ", help="declare this rate where the sources' differ"
    )
    parser.add_argument(
        "--any-width", action="store_true", help="actions and states may differ in width or names"
    )
    parser.add_argument(
        "--any-cameras", action="store_true", help="cameras and picture sizes may differ"
    )
    _common_arguments(parser)


def merge(args: argparse.Namespace) -> int:
    """Make a skill of several skills' episodes."""
    from training_manager_ros.jobs.kinds.merge import MergeDatasets

    sources = [_source(args, text) for text in args.sources]
    for text in args.camera:
        skill, _, mapping = text.rpartition(":")
        old, equals, new = mapping.partition("=")
        matching = [source for source in sources if source["skill"] == skill]
        if not equals or not matching:
            raise InvalidInput(f"--camera {text!r} must be SKILL:OLD=NEW, with one of the sources.")
        for source in matching:
            source["cameras"][old] = new
    arguments = {
        "name": args.name,
        "sources": sources,
        "rules": {
            "rate": args.rate,
            "any_width": args.any_width,
            "any_cameras": args.any_cameras,
        },
        "file_mode": args.file_mode,
    }
    return _run(args, MergeDatasets(args.skills_dir), arguments)


def convert_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `convert`."""
    parser.add_argument("skill", metavar="SKILL", help="the skill's folder name")
    parser.add_argument(
        "--to",
        choices=("h264", "lerobot-v3.0"),
        help="h264: raw images become videos, in place; lerobot-v3.0: a copy of a LeRobot v2 "
        "dataset (the one that fits the dataset)",
    )
    parser.add_argument("--name", default="", help="name of the copy, with lerobot-v3.0")
    parser.add_argument(
        "--keep-raw", action="store_true", help="with h264: keep the originals in raw_data/"
    )
    _common_arguments(parser)


def convert(args: argparse.Namespace) -> int:
    """Convert the recordings of a skill."""
    from training_manager_ros.jobs.kinds.convert import ConvertDataset

    target = args.to or _fitting_target(args)
    if target != "h264" and not args.name:
        raise InvalidInput("Name the copy, with --name.", {"name": "must not be empty"})
    arguments = {
        "skill": args.skill,
        "target": target,
        "name": args.name,
        "keep_raw": args.keep_raw,
        "file_mode": args.file_mode,
    }
    os.nice(_NICENESS)
    kind = ConvertDataset(args.skills_dir)
    if target == "h264":
        return _run(args, kind, arguments, "what is finished stays; do it again to go on")
    return _run(args, kind, arguments)


def _fitting_target(args: argparse.Namespace) -> str:
    from training_manager_ros.datasets import FactCache, open_dataset
    from training_manager_ros.skills import skill_folder

    dataset = open_dataset(skill_folder(args.skills_dir, args.skill), FactCache(None))
    return "lerobot-v3.0" if dataset.summary.format.value.startswith("lerobot") else "h264"


def _common_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--file-mode",
        choices=("auto", "reflink", "hardlink", "copy"),
        default="auto",
        help="how unchanged files come to the new skill (auto: the cheapest that works)",
    )


def _source(args: argparse.Namespace, text: str) -> dict[str, Any]:
    skill, colon, selection = text.rpartition(":")
    if not colon or not _SELECTION.fullmatch(selection):
        return {"skill": text, "episodes": None, "cameras": {}}
    return {"skill": skill, "episodes": _episodes(args, skill, selection), "cameras": {}}


def _episodes(args: argparse.Namespace, skill: str, selection: str) -> list[int]:
    from training_manager_ros.datasets import FactCache, open_dataset
    from training_manager_ros.editing import parse_selection
    from training_manager_ros.skills import skill_folder

    dataset = open_dataset(skill_folder(args.skills_dir, skill), FactCache(None))
    return list(parse_selection(selection, dataset.episode_ids))


def _run(
    args: argparse.Namespace,
    kind: MakesSkill,
    arguments: Mapping[str, Any],
    left: str = "nothing of it is left",
) -> int:
    from training_manager_ros.editing import FileMode, estimate
    from training_manager_ros.jobs.kinds.making import clean_up

    kind.locks(arguments)  # checks them
    if args.dry_run:
        plan = kind.plan(arguments)
        cost = estimate(args.skills_dir, plan, FileMode(args.file_mode))
        if args.json:
            print(json.dumps(_plan_json(plan, cost), indent=2))
        else:
            _print_plan(plan, cost)
        blocked = not cost.fits or any(problem.blocks for problem in plan.problems)
        return 2 if blocked else 0
    result = carry_out(
        args.skills_dir, kind, arguments, left, before=lambda: clean_up(args.skills_dir)
    )
    if args.json:
        print(json.dumps(dict(result), indent=2))
    else:
        count = result["episodes"]
        print(plain(f"{result['skill']}: {count} episode{'' if count == 1 else 's'}"))
        for problem in result.get("problems", ()):
            print(plain(f"Note: {problem}"))
    return 0


def _plan_json(plan: EditPlan, cost: Estimate) -> dict[str, Any]:
    return {
        "name": plan.name,
        "sources": list(plan.sources),
        "dataset_format": plan.format.value,
        "rate": plan.rate,
        "cameras": list(plan.cameras),
        "frames": plan.frames,
        "episodes": [
            {"skill": one.skill, "episode": one.episode, "new_id": one.new_id}
            for one in plan.episodes
        ],
        "problems": [
            {
                "message": one.message,
                "remedy": one.remedy,
                "blocks": one.blocks,
                "rule": one.rule,
            }
            for one in plan.problems
        ],
        "bytes_to_write": cost.bytes_to_write,
        "bytes_free": cost.bytes_free,
        "seconds": cost.seconds,
    }


def _print_plan(plan: EditPlan, cost: Estimate) -> None:
    from training_manager_ros.datasets.listing import ranges

    parts = [f"{len(plan.episodes)} episodes", f"{plan.frames} frames", plan.format.value]
    if plan.rate:
        parts.append(f"{plan.rate:g} Hz")
    print(plain(f"{plan.name}: {', '.join([*parts, *plan.cameras])}"))
    takes = "a moment" if cost.seconds < 1 else f"about {cost.seconds:.0f} s"
    written, free = size_text(cost.bytes_to_write), size_text(cost.bytes_free)
    print(f"To write: {written}, free: {free}, takes {takes}")
    sources = itertools.groupby(plan.episodes, lambda one: one.skill)
    taken = (f"{skill} {ranges([one.episode for one in group])}" for skill, group in sources)
    print(plain("From: " + "; ".join(taken)))
    for problem in plan.problems:
        word = "Blocks" if problem.blocks else "Note"
        option = f"(--{problem.rule.replace('_', '-')})" if problem.rule else ""
        print(plain(f"{word}: {problem.message} {problem.remedy} {option}".rstrip()))
    if not cost.fits:
        print("Blocks: The disk has too little room. Free some.")
