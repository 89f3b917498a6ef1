"""The process that does one job: `python -m training_manager_ros.jobs.worker`.

A process of its own, so that the node keeps answering, memory comes back, and a file that crashes a
codec takes nothing else down. It reads the order, one JSON line, from standard input, which stays
open: when it closes (the node died) or says "cancel", the job ends as a cancelled one does; "pause"
and "resume" are obeyed at the work's next look at its control. Reports go out as JSON lines on
standard output: {"progress": …}, {"log": …}, and at the end {"result": …}, {"error": "sentence"} or
{"cancelled": true}.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

from training_manager_ros.errors import Cancelled, TrainingManagerError
from training_manager_ros.jobs.control import Control
from training_manager_ros.jobs.kind import load_kind
from training_manager_ros.jobs.model import Progress
from training_manager_ros.levers import Levers
from training_manager_ros.redaction import redacted

__all__ = ["main"]

_NICENESS = 10  # the robot's own work goes first


class _Reports:
    """Standard output, one whole line at a time."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "w", encoding="utf-8")
        self._writing = threading.Lock()

    def send(self, **report: Any) -> None:
        # Without the node nobody hears; the work learns of it through standard input.
        with self._writing, contextlib.suppress(BrokenPipeError):
            self._file.write(json.dumps(report) + "\n")
            self._file.flush()

    def progress(self, progress: Progress) -> None:
        self.send(progress=dataclasses.asdict(progress))


class _LogReports(logging.Handler):
    def __init__(self, reports: _Reports) -> None:
        super().__init__()
        self._reports = reports

    def emit(self, record: logging.LogRecord) -> None:
        self._reports.send(
            log={"name": record.name, "level": record.levelno, "message": record.getMessage()}
        )


def main() -> int:
    """Do the job that standard input orders; 0 unless the job could not even be reported on."""
    # What a library prints must not get between the reports.
    reports = _Reports(os.dup(1))
    os.dup2(2, 1)
    logger = logging.getLogger("training_manager")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(_LogReports(reports))
    os.nice(_NICENESS)
    order = json.loads(sys.stdin.readline())
    levers = Levers()
    threading.Thread(target=_obey, args=(levers,), daemon=True).start()
    control = Control(reports.progress, levers=levers)
    try:
        kind = load_kind(order["entry"], Path(order["skills_dir"]))
        reports.send(result=dict(kind.run(order["arguments"], control)))
    except Cancelled:
        reports.send(cancelled=True)
    except TrainingManagerError as error:
        reports.send(error=str(error))
    except Exception as error:
        logging.getLogger("training_manager.jobs").exception("%s failed", order["entry"])
        words = f"This should not have happened ({error!r}); the log says more."
        reports.send(error=redacted(words))
    return 0


def _obey(levers: Levers) -> None:
    pulled = {"pause": levers.pause, "resume": levers.resume}
    for line in sys.stdin:
        if (word := line.strip()) not in pulled:
            break
        pulled[word]()
    levers.cancel()  # "cancel", or nothing more because the other end is gone


if __name__ == "__main__":
    sys.exit(main())
