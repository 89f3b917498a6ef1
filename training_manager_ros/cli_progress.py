"""Progress of long work on a terminal: one line on standard error, gone when the work is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from training_manager_ros.tables import plain, size_text

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

__all__ = ["Shown", "progress_bar", "waiting_lines"]


class Shown(Protocol):
    """What can be shown: the progress of a job or of a transfer."""

    @property
    def stage(self) -> str:
        """What is being done."""

    @property
    def items_done(self) -> int:
        """How many items are done …"""

    @property
    def items_total(self) -> int:
        """… of how many; 0: none are counted."""

    @property
    def bytes_done(self) -> int:
        """How many bytes are done …"""

    @property
    def bytes_total(self) -> int:
        """… of how many; 0: none are counted."""

    @property
    def message(self) -> str:
        """What the work waits for, if it does."""


@contextmanager
def progress_bar(
    off_terminal: Callable[[Shown], None] = lambda progress: None,
) -> Iterator[Callable[[Shown], None]]:
    """A function that shows progress, from any thread; `off_terminal` where it is no terminal."""
    if not sys.stderr.isatty():
        yield off_terminal
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    def column(name: str) -> TextColumn:
        return TextColumn(f"{{task.fields[{name}]}}", markup=False)

    bar = Progress(
        column("stage"),
        BarColumn(bar_width=24),
        column("amount"),
        column("pace"),
        column("note"),
        console=Console(stderr=True, highlight=False),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # else what goes into a file would come out here
    )
    task = bar.add_task("", start=False, total=1, stage="", amount="", pace="", note="")
    bar.start()
    try:
        yield lambda progress: _show(bar, task, progress)
    finally:
        with suppress(OSError):  # the terminal is gone; the work was done all the same
            bar.stop()


def waiting_lines() -> Callable[[Shown], None]:
    """A function that prints a line on standard error whenever work begins to wait."""
    told = ""

    def show(progress: Shown) -> None:
        nonlocal told
        if progress.message and progress.message != told:
            print(plain(f"training-manager: {progress.message}"), file=sys.stderr, flush=True)
        told = progress.message

    return show


def _show(bar: RichProgress, task: TaskID, progress: Shown) -> None:
    counts_bytes = progress.bytes_total > 0
    done, total = (
        (progress.bytes_done, progress.bytes_total)
        if counts_bytes
        else (progress.items_done, progress.items_total)
    )
    if not total:
        amount = ""
    elif counts_bytes:
        amount = f"{size_text(done)} of {size_text(total)}"
    else:
        amount = f"{done} of {total}"
    if total and not bar.tasks[0].started:  # until then the bar pulses
        bar.start_task(task)
    bar.update(
        task,
        completed=done if total else 0,
        total=total or 1,
        stage=plain(progress.stage),
        amount=amount,
        pace=_pace(progress, counts_bytes, bar.tasks[0].time_remaining),
        note=plain(progress.message),
    )


def _pace(progress: Shown, counts_bytes: bool, left: float | None) -> str:
    """Rate and time left, by the work's own account where it gives one."""
    rate: float | None = getattr(progress, "rate", None)
    told: float | None = getattr(progress, "seconds_left", None)
    if told is not None:
        left = told if told >= 0 else None
    parts = [f"{size_text(round(rate))}/s"] if rate and counts_bytes else []
    if left is not None:
        minutes, seconds = divmod(round(left), 60)
        parts.append(f"{minutes}:{seconds:02} left")
    return ", ".join(parts)
