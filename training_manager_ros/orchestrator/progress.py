r"""Reads progress out of a run's log as it comes in.

@@INNATE_PROGRESS step=S total=T    anywhere in a line, also at the end of a tqdm bar
 12%|█▏  | 1200/10000 [00:10<…, loss=0.123]
Validation at step N: Loss=0.2

Lines end at \n or \r. A long run prints more values than anybody can look at; at most about 2,000
of a metric are kept.
"""

from __future__ import annotations

import math
import re

from training_manager_ros.orchestrator.records import Progress
from training_manager_ros.orchestrator.run_store import Point

__all__ = ["LogParser"]

NUMBER = rb"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|inf)"
PROGRESS = re.compile(rb"@@INNATE_PROGRESS step=(\d{1,15}) total=(\d{1,15})")
LOSS = re.compile(rb"\bloss=(" + NUMBER + rb")", re.IGNORECASE)
BAR = re.compile(rb"\| *(\d{1,15})/(\d{1,15}) \[")
VALIDATION = re.compile(rb"Validation at step (\d{1,15}):.*?\bLoss=(" + NUMBER + rb")", re.I)
BREAK = re.compile(rb"[\r\n]+")
LONGEST_LINE = 1 << 16  # bytes; of a longer line the start is not looked at
POINTS = 2000


class LogParser:
    """Feed it bytes; take what they said. `seconds` are those of the run's start and now."""

    def __init__(self, known: Progress | None = None) -> None:
        self._rest = b""
        self._progress = known
        self._told = False  # by lines that are meant to tell it
        self._changed = False
        self._points: dict[tuple[str, int], float | None] = {}
        self._last: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """Bytes at the end that are no whole line yet."""
        return len(self._rest)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the log."""
        *lines, rest = BREAK.split(self._rest + data)
        self._rest = rest[-LONGEST_LINE:]
        for line in lines:
            self._line(line[-LONGEST_LINE:])

    def finish(self) -> None:
        """The log is at its end: the last line counts even without a line break."""
        self._line(self._rest)
        self._rest = b""

    def take(self, elapsed: float) -> tuple[Progress | None, list[Point]]:
        """What is new since the last call; (None, []) if nothing.

        `elapsed` is how long the run has been training, in seconds; from it comes the time left.
        """
        points = [(name, step, value) for (name, step), value in self._points.items()]
        self._points.clear()
        progress, changed = self._progress, self._changed
        self._changed = False
        if progress is None or not changed:
            return None, points
        left = None
        if progress.total and 0 < progress.step <= progress.total:
            left = elapsed / progress.step * (progress.total - progress.step)
        return Progress(progress.step, progress.total, progress.loss, left), points

    def _line(self, line: bytes) -> None:
        validation = VALIDATION.search(line)
        if validation:
            self._point("validation_loss", int(validation[1]), _number(validation[2]))
            return
        told, bar, loss = PROGRESS.search(line), BAR.search(line), LOSS.search(line)
        if told:
            self._told = True
            self._advance(int(told[1]), int(told[2]), None)
        elif bar and self._told and self._progress and int(bar[2]) != self._progress.total:
            return  # a bar beside the run's own, such as a validation's
        elif bar and loss:  # other bars (downloads) have no loss
            self._advance(int(bar[1]), int(bar[2]), None)
        if loss and self._progress:
            value = _number(loss[1])
            self._advance(self._progress.step, self._progress.total, value)
            self._point("loss", self._progress.step, value)

    def _advance(self, step: int, total: int | None, loss: float | None) -> None:
        before = self._progress.loss if self._progress else None
        self._progress = Progress(step, total, before if loss is None else loss, None)
        self._changed = True

    def _point(self, name: str, step: int, value: float | None) -> None:
        total = (self._progress.total if self._progress else None) or 0
        last = self._last.get(name)
        if last is not None and last < step < last + total / POINTS and step != total:
            return
        self._last[name] = step
        self._points[name, step] = value


def _number(text: bytes) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None
