"""What the work of a job sees of its job: where to report progress, and whether to go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from training_manager_ros.jobs.model import Progress
from training_manager_ros.levers import Levers

__all__ = ["Control"]

_PAUSE = 0.2  # seconds between two reports: five a second is all that anybody can see


class Control:
    """Handed to the work of a job. Reports are cheap: they are thinned out here.

    `report` gets each report that goes out; whoever cancels or pauses the job pulls `levers`.
    """

    def __init__(
        self,
        report: Callable[[Progress], None] = lambda progress: None,
        clock: Callable[[], float] = time.monotonic,
        levers: Levers | None = None,
    ) -> None:
        self._report = report
        self._clock = clock
        self._progress = Progress()
        self._next_report = clock()
        self.levers = levers or Levers()  # for work that listens instead of calling `check`

    def check(self) -> None:
        """Hold still while the job is paused; raise `Cancelled` if it is to end.

        The work then cleans up.
        """
        self.levers.check()

    def stage(self, name: str, *, items: int = 0, size: int = 0) -> None:
        """Begin a stage with so many items and bytes to do."""
        self.check()
        self._progress = Progress(stage=name, items_total=items, bytes_total=size)
        self._send()

    def advance(self, *, items: int = 0, size: int = 0) -> None:
        """So many more items and bytes are done."""
        self.check()
        now = self._progress
        self._progress = replace(
            now, items_done=now.items_done + items, bytes_done=now.bytes_done + size
        )
        if self._clock() >= self._next_report:
            self._send()

    def tell(self, progress: Progress) -> None:
        """Report where work stands that counts for itself, and paces its reports too."""
        self._progress = progress
        self._send()

    def _send(self) -> None:
        self._next_report = self._clock() + _PAUSE
        self._report(self._progress)
