"""From a stream of progress reports to a rate and the time left."""

from __future__ import annotations

from training_manager_ros.jobs.model import Progress

__all__ = ["Pace"]

_MEMORY = 5.0  # seconds over which the rate is averaged, roughly


class Pace:
    """The smoothed rate of the stage that runs; a new stage starts afresh."""

    def __init__(self) -> None:
        self.rate = 0.0  # bytes a second, or items a second where no bytes are counted
        self.seconds_left = -1.0  # -1 = unknown
        self._stage: str | None = None
        self._done = 0
        self._at = 0.0

    def restart(self) -> None:
        """Forget the rate: between the reports so far and the next the work held still."""
        self._stage, self.rate, self.seconds_left = None, 0.0, -1.0

    def update(self, progress: Progress, now: float) -> None:
        """Take in a report made at `now`, seconds of a steady clock."""
        counts_bytes = progress.bytes_total > 0
        done = progress.bytes_done if counts_bytes else progress.items_done
        total = progress.bytes_total if counts_bytes else progress.items_total
        if progress.stage != self._stage:
            self._stage, self.rate = progress.stage, 0.0
        elif now > self._at:
            elapsed = now - self._at
            latest = max(done - self._done, 0) / elapsed
            weight = min(elapsed / _MEMORY, 1.0) if self.rate else 1.0
            self.rate += weight * (latest - self.rate)
        self._done, self._at = done, now
        if progress.rate is not None:
            self.rate = progress.rate
        self.seconds_left = (total - done) / self.rate if self.rate and total else -1.0
        if progress.seconds_left is not None:
            self.seconds_left = progress.seconds_left
