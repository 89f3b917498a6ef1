"""Carries out a job in this process as the node would: the same locks, cancelled by Ctrl-C."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from training_manager_ros.cli_progress import progress_bar, waiting_lines
from training_manager_ros.errors import Cancelled, Conflict

if TYPE_CHECKING:
    from training_manager_ros.jobs import JobKind

__all__ = ["carry_out"]


def carry_out(
    skills_dir: Path,
    kind: JobKind,
    arguments: Mapping[str, Any],
    left: str,
    before: Callable[[], None] = lambda: None,
) -> Mapping[str, Any]:
    """Do the work of a job and show its progress; the job's result.

    `left` says what is left of it after Ctrl-C; `before` is called first of all. Raises `Conflict`
    that says which work is in the way, `KeyboardInterrupt` after Ctrl-C, once the work has ended
    cleanly, and what the work raises.
    """
    from training_manager_ros.datasets.edit.files import explained
    from training_manager_ros.jobs import Control, SkillLocks

    wanted = kind.locks(arguments)
    folder = skills_dir / ".training_manager" / "locks"
    with explained(folder), SkillLocks(folder) as locks:
        before()
        busy = locks.acquire(wanted.reads, wanted.writes)
        if busy:
            raise Conflict(_in_the_way(skills_dir, busy))
        try:
            with progress_bar(waiting_lines()) as show, _ended_by_signals():
                return kind.run(arguments, Control(show))
        except (KeyboardInterrupt, Cancelled):
            print(f"training-manager: Cancelled; {left}.", file=sys.stderr)
            raise KeyboardInterrupt from None


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A lost connection or `kill` ends the work as Ctrl-C does."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise Cancelled("Cancelled.")

    before = {one: signal.signal(one, end) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _in_the_way(skills_dir: Path, skill: str) -> str:
    """Which work has the skill: the node's jobs are known, another command is not."""
    from training_manager_ros.jobs.model import JobState
    from training_manager_ros.jobs.store import JobStore

    for job in JobStore(skills_dir / ".training_manager" / "jobs").load():
        if job.state is JobState.RUNNING and skill in (*job.reads, *job.writes):
            what = job.kind.replace("_", " ")
            return (
                f"The node is at work on {skill}: {what}, job {job.id}. Wait until it is done, or "
                "cancel it in the panel."
            )
    return f"Other work on {skill} is under way, by another command; try again when it is done."
