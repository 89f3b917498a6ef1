"""`training-manager runs`, `run`, `watch` and `cancel`: training runs on the server."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training_manager_ros.cli_server import client, server_arguments, skill_id_of, soon
from training_manager_ros.cli_training import dataset_facts_of
from training_manager_ros.errors import InvalidInput, TrainingManagerError, Unavailable
from training_manager_ros.tables import Column, plain, print_table

if TYPE_CHECKING:
    from training_manager_ros.training import (
        Preset,
        RunField,
        RunRequest,
        RunsState,
        ServerRun,
        TrainingClient,
    )

__all__ = [
    "cancel",
    "cancel_arguments",
    "print_run",
    "run",
    "run_arguments",
    "run_json",
    "runs",
    "runs_arguments",
]


def runs_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `runs`."""
    parser.add_argument("skill", nargs="?", metavar="SKILL", help="of this skill alone")
    parser.add_argument("--json", action="store_true", help="print JSON")
    server_arguments(parser)


def runs(args: argparse.Namespace) -> int:
    """List training runs, newest first."""
    from training_manager_ros.skills import skill_folder

    if args.skill is not None:
        ids = {args.skill: skill_id_of(skill_folder(args.skills_dir, args.skill))}
    else:
        ids = _all_ids(args.skills_dir)
    with client(args) as server, soon():
        state = _ask(server, ids)
    listed = state.newest()
    problems = [(name, known.problem) for name, known in state.skills.items() if known.problem]
    if args.json:
        answer = {
            "runs": [run_json(args.skills_dir / name, run) for name, run in listed],
            "problems": [{"skill": name, "message": problem} for name, problem in problems],
        }
        print(json.dumps(answer, indent=2))
        return 0
    if listed:
        print_table(list(_columns(args.skills_dir, listed)), sys.stdout)
    else:
        print("No runs.")
    failed = [(f"{name} {run.run_id}", run.error_message) for name, run in listed]
    for number, (where, text) in enumerate((w, t) for w, t in [*failed, *problems] if t):
        first = next((line for line in text.splitlines() if line.strip()), "")
        print(("" if number else "\n") + plain(f"{where}: {first}"))
    return 0


def run_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `run`."""
    from training_manager_ros.training.hyperparameters import HYPERPARAMETERS
    from training_manager_ros.training.ranges import range_words
    from training_manager_ros.training.run_fields import RUN_FIELDS, FieldKind

    parser.add_argument("skill", metavar="SKILL", help="the skill's folder name; uploaded")
    parser.add_argument("--preset", metavar="P", help="what to start from (the server's first)")
    parser.add_argument(
        "-e",
        "--env",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a hyperparameter, or a further variable of the environment; again for more",
    )
    for field in RUN_FIELDS:
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            type={FieldKind.INTEGER: int, FieldKind.NUMBER: float}.get(field.kind, str),
            metavar={FieldKind.INTEGER: "N", FieldKind.NUMBER: field.unit.upper()}.get(
                field.kind, "TEXT"
            ),
            help=_help(field),
        )
    parser.add_argument("--json", action="store_true", help="print JSON")
    server_arguments(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "hyperparameters of act-default, for -e:\n" + "".join(
        f"  {item.name}={item.written(item.default)}, {range_words(item.minimum, item.maximum)}\n"
        f"      {item.help}\n"
        for item in HYPERPARAMETERS
    )


def run(args: argparse.Namespace) -> int:
    """Ask the training server for a run."""
    from training_manager_ros.skills import skill_folder
    from training_manager_ros.training import create_run, plan_upload
    from training_manager_ros.training.readiness import check_uploaded

    folder = skill_folder(args.skills_dir, args.skill)
    with client(args) as server, soon():
        check_uploaded(folder.name, plan_upload(folder, server.server_name))  # first what is quick
        facts = dataset_facts_of(folder)
        presets = server.presets()
        request = _request(args, presets)
        made = create_run(server, folder, request, facts)
    print_run(args, folder, made)
    return 0


def cancel_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `cancel`."""
    parser.add_argument("skill", metavar="SKILL", help="the skill's folder name")
    parser.add_argument("run_id", type=int, metavar="RUN", help="the run's number, see `runs`")
    parser.add_argument("--json", action="store_true", help="print JSON")
    server_arguments(parser)


def cancel(args: argparse.Namespace) -> int:
    """Stop a run, where the server offers that."""
    from training_manager_ros.skills import skill_folder

    folder = skill_folder(args.skills_dir, args.skill)
    skill_id = skill_id_of(folder)
    with client(args) as server, soon():
        cancelled = server.cancel_run(skill_id, args.run_id)
    print_run(args, folder, cancelled)
    return 0


def run_json(folder: Path, run: ServerRun) -> dict[str, Any]:
    """A run for programs; every key is always there."""
    from training_manager_ros.redaction import redacted_json

    local, in_use = _local(folder, run.run_id)
    progress = run.progress(datetime.now(timezone.utc))
    times = ("created_at", "updated_at", "approved_at", "started_at", "finished_at")
    return {
        "skill": folder.name,
        **dict.fromkeys(times),
        **run.as_json(),
        "training_params": redacted_json(run.training_params),
        "progress": None if progress is None else vars(progress),
        "active": run.active,
        "local_state": local,
        "in_use": in_use,
    }


def print_run(args: argparse.Namespace, folder: Path, run: ServerRun) -> None:
    """Say where a run is."""
    if args.json:
        print(json.dumps(run_json(folder, run), indent=2))
        return
    state = f": {run.daemon_state}" if run.daemon_state else ""
    print(plain(f"{folder.name} run {run.run_id}: {run.status}{state}"))


def _help(field: RunField) -> str:
    """A field's explanation as the other options have theirs: small, without a full stop."""
    from training_manager_ros.training.ranges import range_words
    from training_manager_ros.training.run_fields import FieldKind

    words = field.help[0].lower() + field.help[1:].rstrip(".")
    if field.kind is FieldKind.LIST:
        words += ", quoted as for a shell"
    allowed = range_words(field.minimum, field.maximum)
    return f"{words} ({allowed})" if allowed else words


def _request(args: argparse.Namespace, presets: Sequence[Preset]) -> RunRequest:
    from training_manager_ros.training import RunRequest

    name = presets[0].name if args.preset is None else args.preset
    known = {
        item.name for preset in presets if preset.name == name for item in preset.hyperparameters
    }
    numbers: dict[str, float] = {}
    texts: dict[str, str] = {}
    wrong = []
    for text in args.env:
        key, equals, value = text.partition("=")
        if not equals:
            wrong.append(f"-e {text} must be KEY=VALUE")
        elif key not in known:
            texts[key] = value
        else:
            try:
                numbers[key] = float(value)
            except ValueError:
                wrong.append(f"-e {text} must be a number")
    if wrong:
        raise InvalidInput(f"{'; '.join(wrong)}.")
    return RunRequest(
        preset=name,
        hyperparameters=numbers,
        repo=args.repo,
        ref=args.ref,
        command=None if args.command is None else _words(args.command),
        gpu_type=args.gpu_type,
        min_gpus=args.min_gpus,
        max_gpus=args.max_gpus,
        hours=args.hours,
        budget=args.budget,
        env=texts,
    )


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise InvalidInput(f"--command {text!r} can't be taken apart: {error}.") from None


def _all_ids(skills_dir: Path) -> dict[str, str]:
    """The server's ids of all skills that were uploaded."""
    from training_manager_ros.datasets import FactCache
    from training_manager_ros.paths import cache_dir
    from training_manager_ros.skills import Catalog
    from training_manager_ros.training.submit import known_skill_id

    skills = Catalog(skills_dir, FactCache(cache_dir() / "facts.sqlite")).skills()
    found = {
        skill.name: skill.training_skill_id or known_skill_id(skills_dir / skill.name, {})
        for skill in skills
    }
    return {name: skill_id for name, skill_id in found.items() if skill_id}


def _ask(server: TrainingClient, ids: dict[str, str]) -> RunsState:
    from training_manager_ros.paths import cache_dir
    from training_manager_ros.training import RunMonitor

    monitor = RunMonitor(server, lambda: ids, cache_dir() / "runs.json", lambda state: None)
    state = monitor.refresh()
    if state.problem:
        raise Unavailable(state.problem)
    return state


def _columns(skills_dir: Path, listed: Sequence[tuple[str, ServerRun]]) -> Iterator[Column]:
    now = datetime.now(timezone.utc)
    progress = [run.progress(now) for _, run in listed]
    local = [_local(skills_dir / name, run.run_id) for name, run in listed]
    yield Column("SKILL", [name for name, _ in listed], gives_way=True)
    yield Column("RUN", [str(run.run_id) for _, run in listed], right=True)
    failed = ["failed" if run.error_message else "" for _, run in listed]
    status = [f or run.status for f, (_, run) in zip(failed, listed, strict=True)]
    yield Column("STATUS", status, importance=8)
    steps = [f"{p.step}/{p.total}" if p and p.total else str(p.step) if p else "" for p in progress]
    yield Column("STEP", steps, right=True, importance=6)
    losses = [f"{p.loss:.4g}" if p and p.loss is not None else "" for p in progress]
    yield Column("LOSS", losses, right=True, importance=4)
    yield Column("HERE", ["" if s == "absent" else s for s, _ in local], importance=5)
    yield Column("USED", ["yes" if used else "" for _, used in local], importance=7)
    presets = [str(run.training_params.get("preset", "")) for _, run in listed]
    yield Column("PRESET", presets, gives_way=True, importance=2)
    created = [f"{r.created_at:%Y-%m-%d %H:%M}" if r.created_at else "" for _, r in listed]
    yield Column("CREATED (UTC)", created, importance=3)


def _local(folder: Path, run_id: int) -> tuple[str, bool]:
    """What of the run's results is here, and whether they are in use."""
    from training_manager_ros.training import Results, active
    from training_manager_ros.training.skill_metadata import metadata_value
    from training_manager_ros.training.submit import known_skill_id

    try:
        metadata = metadata_value(folder)
    except TrainingManagerError:
        metadata = {}
    results = Results.read(folder, run_id, known_skill_id(folder, metadata))
    in_use = active(metadata).run_id == run_id and not results.foreign
    return results.state.value, in_use
