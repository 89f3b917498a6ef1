"""`training-manager`: the package from a shell, over SSH too; needs no running node.

Exit codes, in docs/cli.md as well: 0 done, 1 failed, 2 wrong usage, 3 there is no such thing,
4 somebody else was faster or the name is taken, 130 interrupted, 141 nobody reads the output.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training_manager_ros import __version__, cli_check
from training_manager_ros.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    TrainingManagerError,
    Unreadable,
)
from training_manager_ros.paths import state_dir
from training_manager_ros.tables import Column, plain, print_table, size_text, time_text

if TYPE_CHECKING:
    from training_manager_ros.datasets import Dataset, Episode, FactCache
    from training_manager_ros.skills import Skill

__all__ = ["build_parser", "main"]

# Libraries are imported by the command that needs them, so that the others answer at once.


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name must not fail on an old terminal
    words = sys.argv[1:] if argv is None else argv
    command = next((word for word in words if not word.startswith("-")), None)
    args = build_parser(command).parse_args(words)
    run: Callable[[argparse.Namespace], int] = args.run
    try:
        code = run(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # `training-manager skills | head`: leave quietly, and nothing to flush at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    except TrainingManagerError as error:
        print(f"training-manager: {plain(str(error))}", file=sys.stderr)
        return _exit_code(error)


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The command line; with the options of one command only where it is known which is meant."""
    parser = argparse.ArgumentParser(
        prog="training-manager",
        description="One place for the training pipeline of a robot's learned skills.",
    )
    parser.add_argument("--version", action="version", version=f"training-manager {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        sub = commands.add_parser(command.name, help=command.summary, description=command.summary)
        if only in (None, command.name):
            command.arguments(sub)
        if command.uses_skills:
            sub.add_argument(
                "--skills-dir",
                type=_directory,
                default=_directory("~/skills"),
                metavar="DIR",
                help="directory of the skills (~/skills)",
            )
        sub.set_defaults(run=command.run)
    return parser


@dataclass(frozen=True)
class _Command:
    """A sub-command: its options, and what it does."""

    name: str
    summary: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    uses_skills: bool = True


def _ui_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=_port, default=8080, help="port of the panel, 0 for any free one (8080)"
    )
    parser.add_argument("--host", default="", help="address to listen on (all of this machine)")
    parser.add_argument(
        "--no-auth", action="store_true", help="whoever reaches the port may do everything"
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name that the panel may be opened by; again for more",
    )
    parser.add_argument(
        "--media-cache-bytes",
        type=int,
        metavar="N",
        help="size of the cache of encoded videos (2 GiB)",
    )
    parser.add_argument(
        "-s",
        "--server",
        metavar="URL",
        help="training server; else TRAINING_SERVER_URL, else Innate's",
    )
    parser.add_argument(
        "-t",
        "--token",
        metavar="KEY",
        help="service key; better in INNATE_SERVICE_KEY, as other users can see options",
    )
    parser.add_argument(
        "--issuer",
        metavar="URL",
        help="sign-in service; else INNATE_AUTH_ISSUER_URL or INNATE_AUTH_URL, else Innate's; "
        "empty: the key itself is the bearer token",
    )
    parser.add_argument(
        "--own-server",
        nargs="?",
        type=_directory,
        const=_directory(str(state_dir() / "orchestrator")),
        metavar="DIR",
        help="start a training server on this machine too, which keeps its data in DIR "
        "(%(const)s), and sign in there",
    )


def _ui(args: argparse.Namespace) -> int:
    from training_manager_ros.panel.ui import run

    if args.own_server is None:
        return run(args)
    from training_manager_ros.orchestrator.own_server import prepare_own_server

    if (args.server, args.issuer, args.token) != (None, None, None):
        raise InvalidInput("--own-server is a training server; leave out --server, --issuer, -t.")
    own = prepare_own_server(args.own_server)
    args.server, args.issuer = own.client.server_url, own.client.issuer_url
    args.token = own.client.service_key
    print(f"Training server on {args.server}, with its data in {args.own_server}. In a shell:")
    print(f"  training-manager runs --settings {own.client_file}", flush=True)
    return run(args, own.command)


def _skills_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _skills(args: argparse.Namespace) -> int:
    from training_manager_ros.skills import Catalog

    catalog = Catalog(args.skills_dir, _facts())
    skills = catalog.skills()
    if catalog.problem:
        raise Unreadable(catalog.problem)
    if args.json:
        _print_json(
            {"skills_dir": str(args.skills_dir), "skills": [_skill_json(skill) for skill in skills]}
        )
        return 0
    if not skills:
        print(f"No skills in {plain(str(args.skills_dir))}.")
        return 0
    print_table(list(_skill_columns(skills)), sys.stdout)
    _print_problems(
        (skill.name, problem)
        for skill in skills
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


def _episodes_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("skill", metavar="SKILL", help="the skill's folder name")
    parser.add_argument("--json", action="store_true", help="print JSON")


def _episodes(args: argparse.Namespace) -> int:
    from training_manager_ros.datasets import open_dataset
    from training_manager_ros.skills import skill_folder

    dataset = open_dataset(skill_folder(args.skills_dir, args.skill), _facts())
    episodes = dataset.episodes()
    if args.json:
        _print_json(_dataset_json(args.skill, dataset, episodes))
        return 0
    print(_caption(args.skill, dataset))
    if episodes:
        print_table(list(_episode_columns(episodes)), sys.stdout)
    _print_problems(
        [
            *((args.skill, problem) for problem in dataset.summary.problems),
            *((f"episode {e.id}", problem) for e in episodes for problem in e.problems),
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


def _delete_arguments(parser: argparse.ArgumentParser) -> None:
    from training_manager_ros.cli_edit import delete_arguments

    delete_arguments(parser)


def _delete(args: argparse.Namespace) -> int:
    from training_manager_ros.cli_edit import delete

    return delete(args)


def _merge_arguments(parser: argparse.ArgumentParser) -> None:
    from training_manager_ros.cli_edit import merge_arguments

    merge_arguments(parser)


def _merge(args: argparse.Namespace) -> int:
    from training_manager_ros.cli_edit import merge

    return merge(args)


def _orchestrator_arguments(parser: argparse.ArgumentParser) -> None:
    from training_manager_ros.orchestrator.command import add_arguments

    add_arguments(parser)


def _orchestrator(args: argparse.Namespace) -> int:
    from training_manager_ros.orchestrator.command import run

    return run(args)


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2))


def _print_problems(problems: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> None:
    for number, (where, problem) in enumerate(problems):
        print(("" if number else "\n") + plain(f"{where}: {problem}"))


def _facts() -> FactCache:
    from training_manager_ros.datasets import FactCache
    from training_manager_ros.paths import cache_dir

    return FactCache(cache_dir() / "facts.sqlite")


def _directory(text: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(text)))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; it must be from 0 to 65535")
    return int(text)


def _exit_code(error: TrainingManagerError) -> int:
    codes = ((InvalidInput, 2), (NotFound, 3), (Conflict, 4))
    return next((code for kind, code in codes if isinstance(error, kind)), 1)


_COMMANDS = (
    _Command("ui", "Start the panel in the browser, and what it needs.", _ui_arguments, _ui),
    _Command("skills", "List the skills.", _skills_arguments, _skills),
    _Command("episodes", "List a skill's recordings.", _episodes_arguments, _episodes),
    _Command("check", "Check a skill's recordings.", cli_check.add_arguments, cli_check.run),
    _Command("delete", "Copy a skill without some episodes.", _delete_arguments, _delete),
    _Command("merge", "Make a skill of several skills' episodes.", _merge_arguments, _merge),
    _Command(
        "orchestrator",
        "Run a training server of one's own.",
        _orchestrator_arguments,
        _orchestrator,
        uses_skills=False,
    ),
)
