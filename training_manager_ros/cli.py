"""`training-manager`: the package from a shell, over SSH too; needs no running node.

Exit codes, in docs/cli.md as well: 0 done, 1 failed, 2 wrong usage, 3 there is no such thing,
4 somebody else was faster or the name is taken, 130 interrupted, 141 nobody reads the output.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training_manager_ros import (
    __version__,
    cli_check,
    cli_runs,
    cli_skills,
    cli_training,
    cli_watch,
)
from training_manager_ros.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    TrainingManagerError,
)
from training_manager_ros.paths import state_dir
from training_manager_ros.tables import plain

__all__ = ["build_parser", "main"]

# Libraries are imported by the command that needs them, so that the others answer at once.

_OF_OUTPUT = (errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC)  # why it can't be written


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a name must not fail on an old terminal
    words = sys.argv[1:] if argv is None else argv
    command = next((word for word in words if not word.startswith("-")), "")
    args = build_parser(command).parse_args(words)
    run: Callable[[argparse.Namespace], int] = args.run
    try:
        code = run(args)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # `training-manager skills | head`
        _flush_nothing()
        return 141
    except KeyboardInterrupt:
        return 130
    except TrainingManagerError as error:
        print(f"training-manager: {plain(str(error))}", file=sys.stderr)
        return _exit_code(error)
    except OSError as error:
        if error.filename is not None or error.errno not in _OF_OUTPUT:
            raise
        _flush_nothing()  # `training-manager skills > file` on a full disk
        print(f"training-manager: The output can't be written: {error.strerror}.", file=sys.stderr)
        return 1


def _flush_nothing() -> None:
    """Let the interpreter's end write nothing more to an output that takes nothing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
        type=_size,
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
    words = ["runs", "--skills-dir", str(args.skills_dir), "--settings", str(own.client_file)]
    print(f"Training server on {args.server}, with its data in {args.own_server}. In a shell:")
    print(f"  {shlex.join([_called(), *words])}", flush=True)
    return run(args, own.command)


def _delete_arguments(parser: argparse.ArgumentParser) -> None:
    from training_manager_ros.cli_edit import delete_arguments

    delete_arguments(parser)


def _delete(args: argparse.Namespace) -> int:
    from training_manager_ros.cli_edit import delete

    return delete(args)


def _convert_arguments(parser: argparse.ArgumentParser) -> None:
    from training_manager_ros.cli_edit import convert_arguments

    convert_arguments(parser)


def _convert(args: argparse.Namespace) -> int:
    from training_manager_ros.cli_edit import convert

    return convert(args)


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


def _called() -> str:
    """How this command was called: a path where it is not on the shell's."""
    command = Path(sys.argv[0])
    return str(command) if command.name == "training-manager" else "training-manager"


def _directory(text: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(text)))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; it must be from 0 to 65535")
    return int(text)


def _size(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bytes above 0")
    return int(text)


def _exit_code(error: TrainingManagerError) -> int:
    codes = ((InvalidInput, 2), (NotFound, 3), (Conflict, 4))
    return next((code for kind, code in codes if isinstance(error, kind)), 1)


_COMMANDS = (
    _Command("ui", "Start the panel in the browser, and what it needs.", _ui_arguments, _ui),
    _Command("skills", "List the skills.", cli_skills.skills_arguments, cli_skills.skills),
    _Command(
        "episodes", "List a skill's recordings.", cli_skills.episodes_arguments, cli_skills.episodes
    ),
    _Command("check", "Check a skill's recordings.", cli_check.add_arguments, cli_check.run),
    _Command("delete", "Copy a skill without some episodes.", _delete_arguments, _delete),
    _Command("convert", "Convert the recordings of a skill.", _convert_arguments, _convert),
    _Command("merge", "Make a skill of several skills' episodes.", _merge_arguments, _merge),
    _Command(
        "upload",
        "Bring a skill's recordings to the training server.",
        cli_training.upload_arguments,
        cli_training.upload,
    ),
    _Command("runs", "List training runs.", cli_runs.runs_arguments, cli_runs.runs),
    _Command("run", "Train an uploaded skill.", cli_runs.run_arguments, cli_runs.run),
    _Command("watch", "Follow a run until it ends.", cli_watch.watch_arguments, cli_watch.watch),
    _Command("cancel", "Stop a run.", cli_runs.cancel_arguments, cli_runs.cancel),
    _Command(
        "download",
        "Bring the results of a run into the skill's folder.",
        cli_training.download_arguments,
        cli_training.download,
    ),
    _Command(
        "activate",
        "Make a downloaded run's checkpoint the one in use.",
        cli_training.activate_arguments,
        cli_training.activate,
    ),
    _Command(
        "rollback",
        "Use the checkpoint that was in use before.",
        cli_training.rollback_arguments,
        cli_training.rollback,
    ),
    _Command(
        "orchestrator",
        "Run a training server of one's own.",
        _orchestrator_arguments,
        _orchestrator,
        uses_skills=False,
    ),
)
