"""`training-manager watch`: a run as it goes on, until it has ended."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from training_manager_ros.cli_progress import progress_bar
from training_manager_ros.cli_runs import print_run
from training_manager_ros.cli_server import client, server_arguments, skill_id_of, soon
from training_manager_ros.errors import Unavailable
from training_manager_ros.tables import plain

if TYPE_CHECKING:
    from training_manager_ros.training import ServerRun, TrainingClient

__all__ = ["watch", "watch_arguments"]

INTERVAL = 2.0  # seconds between two questions


@dataclass(frozen=True)
class _Look:
    """A run as the progress bar shows it."""

    stage: str
    items_done: int
    items_total: int
    message: str
    seconds_left: float | None
    bytes_done: int = 0
    bytes_total: int = 0


def watch_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `watch`."""
    parser.add_argument("skill", metavar="SKILL", help="the skill's folder name")
    parser.add_argument("run_id", type=int, metavar="RUN", help="the run's number, see `runs`")
    parser.add_argument("--log", action="store_true", help="print the run's log, as it comes")
    parser.add_argument("--json", action="store_true", help="print the run as JSON when it ended")
    server_arguments(parser)


def watch(args: argparse.Namespace) -> int:
    """Follow a run until it ends; 1 if it failed. Ctrl-C leaves the run alone."""
    from training_manager_ros.skills import skill_folder

    folder = skill_folder(args.skills_dir, args.skill)
    with client(args) as server:
        run = _follow(args, server, skill_id_of(folder))
    print_run(args, folder, run)
    if run.error_message:
        print(f"training-manager: {_readable(run.error_message)}", file=sys.stderr)
    return 1 if run.error_message or run.status == "rejected" else 0


def _follow(args: argparse.Namespace, server: TrainingClient, skill_id: str) -> ServerRun:
    with soon():
        run = server.run(skill_id, args.run_id)
    log = _Log(server, skill_id, args.run_id) if args.log else None
    quiet = args.json or args.log or sys.stderr.isatty()
    told = lost = ""
    with progress_bar() as show:
        while True:
            show(_look(run, lost))
            if run.status != told and run.active and not quiet:
                print(plain(run.status), flush=True)
                told = run.status
            ended = not run.active  # before reading: the log is whole then
            try:
                if log is not None:
                    log.print_more()
                if ended:
                    return run
                time.sleep(INTERVAL)
                run, lost = server.run(skill_id, args.run_id), ""
            except Unavailable as error:
                lost = str(error)


class _Log:
    """What of a run's log has been printed."""

    def __init__(self, server: TrainingClient, skill_id: str, run_id: int) -> None:
        self._server = server
        self._run = (skill_id, run_id)
        self._offset = 0

    def print_more(self) -> None:
        """Print what has come since the last time."""
        while True:
            part = self._server.run_log(*self._run, self._offset)
            self._offset = part.next_offset
            sys.stdout.write(_readable(part.text))
            sys.stdout.flush()
            if part.complete or not part.text:
                return


def _readable(text: str) -> str:
    """A log without what would move the cursor; bars that are written over become lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(plain(line.replace("\t", "    ")) for line in lines)


def _look(run: ServerRun, lost: str) -> _Look:
    progress = run.progress(datetime.now(timezone.utc))
    notes = [lost] if lost else [run.daemon_state] if run.daemon_state != run.status else []
    if progress is not None and progress.loss is not None:
        notes.insert(0, f"loss {progress.loss:.4g}")
    return _Look(
        stage=run.status,
        items_done=progress.step if progress else 0,
        items_total=progress.total if progress else 0,
        message=", ".join(filter(None, notes)),
        seconds_left=progress.seconds_left if progress else None,
    )
