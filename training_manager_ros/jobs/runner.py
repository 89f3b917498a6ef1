"""Runs the work of one job in a worker process and tells what it reports."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training_manager_ros.jobs.model import JobState, Progress

__all__ = ["Outcome", "Worker"]

_CANCEL_SECONDS = 10.0  # after that a worker that doesn't end is killed


@dataclass(frozen=True)
class Outcome:
    """How the work ended."""

    state: JobState
    message: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    killed: bool = False  # it could not clean up behind itself


class Worker:
    """One worker process. `run` blocks until it ended; the rest is called from other threads.

    The worker inherits the lock files `keep_open`, so that a skill stays locked as long as a worker
    lives, even if the node is killed.
    """

    def __init__(
        self, entry: str, skills_dir: Path, arguments: Mapping[str, Any], keep_open: Sequence[int]
    ) -> None:
        order = {"entry": entry, "skills_dir": str(skills_dir), "arguments": dict(arguments)}
        self._cancelling = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "training_manager_ros.jobs.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            pass_fds=tuple(keep_open),
        )
        self._say(json.dumps(order))

    def run(self, on_progress: Callable[[Progress], None]) -> Outcome:
        """Hand on the reports until the last one."""
        assert self._process.stdout is not None
        outcome = None
        for line in self._process.stdout:
            try:
                report = json.loads(line)
            except ValueError:
                continue  # it was killed in the middle of a line
            if "progress" in report:
                on_progress(Progress(**report["progress"]))
            elif "log" in report:
                log = report["log"]
                logging.getLogger(log["name"]).log(log["level"], "%s", log["message"])
            else:
                outcome = _outcome(report)
        code = self._process.wait()
        if outcome is not None:
            return outcome
        if self._cancelling:
            return Outcome(JobState.CANCELLED, killed=True)
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        message = f"The job's process died ({how}). Start the job again."
        return Outcome(JobState.FAILED, message, killed=True)

    def hold(self, still: bool) -> None:
        """Ask the work to hold still, or to go on."""
        self._say("pause" if still else "resume")

    def cancel(self) -> None:
        """Ask the work to end and clean up; kill it if it does not."""
        self._cancelling = True
        self._say("cancel")
        timer = threading.Timer(_CANCEL_SECONDS, self._process.kill)
        timer.daemon = True
        timer.start()

    def abandon(self) -> None:
        """Let the work end because this process ends; it is resumed at the next start."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it died already; `run` finds out
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()


def _outcome(report: Mapping[str, Any]) -> Outcome:
    if "result" in report:
        return Outcome(JobState.DONE, result=report["result"])
    if "error" in report:
        return Outcome(JobState.FAILED, report["error"])
    return Outcome(JobState.CANCELLED)
