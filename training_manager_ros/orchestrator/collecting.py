"""A run's results: found by the preset's patterns, kept as objects, judged."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from training_manager_ros.errors import InvalidInput
from training_manager_ros.orchestrator.engines import Ending, Outcome
from training_manager_ros.orchestrator.failure import RunFailed
from training_manager_ros.orchestrator.names import check_name
from training_manager_ros.orchestrator.objects import ObjectKey, ObjectStore, Place

__all__ = ["collect", "judge"]

LOG_NAME = "training.log"


def collect(
    work: Path, patterns: Sequence[str], log: Iterator[bytes], objects: ObjectStore, place: Place
) -> list[str]:
    """Keep every file that matches, and the log; the names kept. Blocks.

    Names are relative to out/ (other folders keep theirs in front). Links that lead out of the
    run's folder, and names that no client could take, are left out.
    """
    names = []
    for name, path in sorted(_matches(work, patterns).items()):
        objects.store(ObjectKey(place, name), path)
        names.append(name)
    log_file = work / ".training.log"
    with log_file.open("wb") as file:
        file.writelines(log)
    objects.store(ObjectKey(place, LOG_NAME), log_file)
    return names


def _matches(work: Path, patterns: Sequence[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    root = work.resolve()
    for pattern in patterns:
        relative = pattern.removeprefix("/training/")
        for path in work.glob(relative):
            if not path.is_file() or not path.resolve().is_relative_to(root):
                continue
            below = path.relative_to(work)
            name = str(PurePosixPath(*below.parts[1:] if below.parts[0] == "out" else below.parts))
            try:
                found[check_name(name)] = path
            except InvalidInput:
                continue
    return found


def judge(
    outcome: Outcome, names: Sequence[str], command: Sequence[str], hours: float, tail: str
) -> None:
    """Return if the run is a success; else raise `RunFailed` with what a person should know."""
    problem = _problem(outcome, names, command, hours)
    if problem:
        shows_log = tail and outcome.ending not in (Ending.NO_COMMAND, Ending.STOPPED)
        raise RunFailed(f"{problem}\nThe end of its log:\n{tail}" if shows_log else problem)


def _problem(outcome: Outcome, names: Sequence[str], command: Sequence[str], hours: float) -> str:
    code = outcome.exit_code
    if outcome.ending is Ending.STOPPED:
        return "Cancelled."
    if outcome.ending is Ending.DEADLINE:
        return (
            f"Stopped after {hours:.3g} hours, as far as its hours and budget went."
            " What it saved until then is kept."
        )
    if outcome.ending is Ending.QUOTA:
        return f"Stopped because it wrote more to the disk than the server allows{_more(outcome)}."
    if outcome.ending is Ending.NO_COMMAND:
        return f"The command {command[0]} can't be started{_more(outcome)}."
    if outcome.ending is Ending.LOST:
        return f"The run was lost: its supervisor ended before it did{_more(outcome)}."
    if code is None or code < 0:
        return f"The training program was ended by {_signal_name(code)}."
    if code:
        return f"The training program failed with exit code {code}."
    if not any(fnmatch(name, "*_step_*.pth") for name in names):
        return "The training program ended without an error, but left no checkpoint (*_step_*.pth)."
    if not any(fnmatch(name, "*stats*.pt") for name in names):
        return "The training program ended without an error, but left no statistics (*stats*.pt)."
    return ""


def _more(outcome: Outcome) -> str:
    detail = re.sub(r"\s+", " ", outcome.detail).strip().rstrip(".")
    return f": {detail}" if detail else ""


def _signal_name(code: int | None) -> str:
    if code is None:
        return "an unknown signal"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    hint = ", often because the machine ran out of memory" if -code == signal.SIGKILL else ""
    return f"signal {name}{hint}"
