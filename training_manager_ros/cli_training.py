"""`training-manager upload`, `download`, `activate` and `rollback`: the way there and back."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training_manager_ros.cli_server import server_arguments, use_server
from training_manager_ros.cli_work import carry_out
from training_manager_ros.errors import InvalidInput, NotFound
from training_manager_ros.tables import plain, size_text

if TYPE_CHECKING:
    from training_manager_ros.datasets import Dataset
    from training_manager_ros.training import Activation, DatasetFacts, UploadPlan

__all__ = [
    "activate",
    "activate_arguments",
    "dataset_facts_of",
    "download",
    "download_arguments",
    "rollback",
    "rollback_arguments",
    "upload",
    "upload_arguments",
]

_RESUMES = "what is done stays done, and the same command goes on from there"
_MEGA = 1e6


def upload_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `upload`."""
    parser.add_argument("skill", metavar="SKILL", help="the skill's folder name")
    parser.add_argument(
        "--raw", action="store_true", help="send raw images as they are, do not convert them"
    )
    parser.add_argument(
        "--limit", type=float, default=0.0, metavar="MB/S", help="at most so many MB a second"
    )
    parser.add_argument(
        "--as-new", action="store_true", help="make a copied skill one of its own on the server"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be sent")
    parser.add_argument("--json", action="store_true", help="print JSON")
    server_arguments(parser)


def upload(args: argparse.Namespace) -> int:
    """Bring a skill's recordings to the training server."""
    if not (args.limit == 0 or 0.001 <= args.limit < float("inf")):
        raise InvalidInput("--limit must be 0, for no limit, or 0.001 MB/s and more.")
    if args.dry_run:
        from training_manager_ros.skills import skill_folder
        from training_manager_ros.training import load_settings, plan_upload
        from training_manager_ros.training.recordings import require_sound

        settings = load_settings(args.server, args.token, args.issuer, file=args.settings)
        folder = skill_folder(args.skills_dir, args.skill)
        plan = plan_upload(folder, settings.server_name)
        dataset = _dataset(folder)
        require_sound(folder.name, map(dataset.episode, dataset.episode_ids))
        if args.json:
            print(json.dumps(_plan_json(args.skill, plan), indent=2))
        else:
            _print_plan(args.skill, plan)
        return 0
    use_server(args)
    from training_manager_ros.jobs.kinds.upload import UploadSkill

    arguments = {
        "skill": args.skill,
        "raw": args.raw,
        "bytes_per_second": args.limit * _MEGA,
        "as_new": args.as_new,
    }
    result = carry_out(args.skills_dir, UploadSkill(args.skills_dir), arguments, _RESUMES)
    if args.json:
        print(json.dumps(dict(result), indent=2))
    else:
        _print_upload(result)
    return 0


def download_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `download`."""
    _run_arguments(parser)
    server_arguments(parser)


def download(args: argparse.Namespace) -> int:
    """Bring the results of a run into the skill's folder."""
    use_server(args)
    from training_manager_ros.jobs.kinds.download import DownloadRun

    arguments = {"skill": args.skill, "run_id": args.run_id}
    result = carry_out(args.skills_dir, DownloadRun(args.skills_dir), arguments, _RESUMES)
    if args.json:
        print(json.dumps(dict(result), indent=2))
        return 0
    where = f"{result['skill']}/{result['run_id']}"
    print(plain(f"{where}: {_count(result['files'], 'file')}, {result['fetched']} of them new"))
    for name, why in result["skipped"].items():
        print(plain(f"left out: {name}: {why}"))
    return 0


def activate_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `activate`."""
    _run_arguments(parser)


def activate(args: argparse.Namespace) -> int:
    """Make a downloaded run's checkpoint the one that the robot uses."""
    from training_manager_ros.skills import skill_folder
    from training_manager_ros.training import activate

    folder = skill_folder(args.skills_dir, args.skill)
    _print_activation(args, activate(folder, args.run_id, dataset_facts_of(folder)))
    return 0


def rollback_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `rollback`."""
    parser.add_argument("skill", metavar="SKILL", help="the skill's folder name")
    parser.add_argument("--json", action="store_true", help="print JSON")


def rollback(args: argparse.Namespace) -> int:
    """Use the checkpoint that was in use before."""
    from training_manager_ros.skills import skill_folder
    from training_manager_ros.training import roll_back

    _print_activation(args, roll_back(skill_folder(args.skills_dir, args.skill)))
    return 0


def dataset_facts_of(folder: Path) -> DatasetFacts:
    """What training has to know of the recordings; nothing where there are none any more."""
    from training_manager_ros.training import DatasetFacts, dataset_facts

    try:
        return dataset_facts(_dataset(folder))
    except NotFound:
        return DatasetFacts()


def _dataset(folder: Path) -> Dataset:
    from training_manager_ros.datasets import FactCache, open_dataset
    from training_manager_ros.paths import cache_dir

    return open_dataset(folder, FactCache(cache_dir() / "facts.sqlite"))


def _run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("skill", metavar="SKILL", help="the skill's folder name")
    parser.add_argument("run_id", type=int, metavar="RUN", help="the run's number, see `runs`")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _plan_json(skill: str, plan: UploadPlan) -> dict[str, Any]:
    return {
        "skill": skill,
        "state": plan.state.value,
        "episodes": plan.episodes,
        "files": plan.files,
        "bytes": plan.size,
        "new": list(plan.new),
        "changed": list(plan.changed),
        "bytes_to_send": plan.bytes_to_send,
        "shared_with": list(plan.shared_with),
        "refused": plan.refused,
    }


def _print_plan(skill: str, plan: UploadPlan) -> None:
    print(
        plain(
            f"{skill}: {plan.state.value}; {_count(plan.episodes, 'episode')} in "
            f"{_count(plan.files, 'file')}, {size_text(plan.size)}"
        )
    )
    print(
        f"To send: {len(plan.new)} new and {len(plan.changed)} changed, "
        f"{size_text(plan.bytes_to_send)} at most"
    )
    if plan.shared_with:
        print(plain(f"The same skill on the server as {', '.join(plan.shared_with)}"))
    if plan.refused:
        print("It can only be uploaded as a new skill, with --as-new")


def _print_upload(result: Mapping[str, Any]) -> None:
    print(
        plain(
            f"{result['skill']}: {_count(result['episodes'], 'episode')} on the server; "
            f"{_count(result['files'], 'file')} sent ({size_text(result['bytes'])}), "
            f"{result['unchanged']} unchanged"
        )
    )
    for skill, files in result["elsewhere"].items():
        print(plain(f"{_count(files, 'file')} of it the server has as part of {skill} too"))
    if result["only_on_server"]:
        print(f"{_count(result['only_on_server'], 'file')} on the server are not here any more")
    for problem in result["problems"]:
        print(plain(problem))


def _print_activation(args: argparse.Namespace, used: Activation) -> None:
    if args.json:
        answer = {
            "skill": args.skill,
            "run_id": used.run_id,
            "checkpoint": used.checkpoint,
            "stats_file": used.stats_file,
        }
        print(json.dumps(answer, indent=2))
    elif used.checkpoint:
        print(plain(f"{args.skill} uses {used.checkpoint} with {used.stats_file}"))
    else:
        print(plain(f"{args.skill} uses no checkpoint"))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
