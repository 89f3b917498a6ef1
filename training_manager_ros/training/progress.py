"""How far long work has come: counted where it happens, reported a few times a second."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["WAITING", "Meter", "Progress", "Report", "unheard"]

INTERVAL = 0.25  # seconds between reports, so that there are never more than five a second
WINDOW = 10.0  # seconds over which the rate is taken


@dataclass(frozen=True)
class Progress:
    """One report of long work. Totals can grow while it is found out what there is to do."""

    stage: str  # what is being done, in words
    items_done: int = 0  # files
    items_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    rate: float = 0.0  # bytes a second over the last ten seconds
    seconds_left: float | None = None  # None: not known
    message: str = ""  # what it waits for, if it does; "" while all is well


Report = Callable[[Progress], None]


def unheard(progress: Progress) -> None:
    """Take a report and do nothing."""


def _nobody(words: str) -> None:
    """Take a reason and do nothing."""


# What the work under way tells why it waits, "" once it goes on; calls know no work.
WAITING: ContextVar[Callable[[str], None]] = ContextVar("waiting", default=_nobody)


class _Pace:
    """How fast a count grew over the last ten seconds."""

    def __init__(self, now: float) -> None:
        self._samples: deque[tuple[float, float]] = deque([(now, 0)])

    def rate(self, now: float, count: float) -> float:
        """What came to the count in a second, which is `count` now."""
        samples = self._samples
        samples.append((now, count))
        while len(samples) > 2 and samples[1][0] <= now - WINDOW:
            samples.popleft()
        then, before = samples[0]
        return (count - before) / (now - then) if now > then else 0.0


class Meter:
    """Counts files and bytes and reports them while `running`.

    `moved` are bytes that went over the network, and alone make the rate; `credit` are bytes that
    turned out to need no transfer, or (negative) have to be transferred again.
    """

    def __init__(self, report: Report, clock: Callable[[], float] = time.monotonic) -> None:
        self._report = report
        self._clock = clock
        self._stage = ""
        self._message = ""
        self._items = [0, 0]
        self._bytes = [0, 0]
        self._moved = 0
        self._sending = _Pace(clock())
        self._converted = 1.0
        self._converting: _Pace | None = None
        self._reported: Progress | None = None

    def stage(self, stage: str) -> None:
        """Say what is being done now."""
        self._stage = stage

    def message(self, message: str) -> None:
        """Say what the work waits for; "" once it goes on."""
        self._message = message

    def expect(self, items: int, size: int) -> None:
        """Add files and bytes to what there is to do."""
        self._items[1] += items
        self._bytes[1] += size

    def moved(self, size: int) -> None:
        """Count bytes that were transferred."""
        self._moved += size
        self._bytes[0] += size

    def credit(self, size: int) -> None:
        """Count bytes as done without a transfer, or as undone."""
        self._bytes[0] += size

    def converted(self, part: float) -> None:
        """Say which part, 0 to 1, is done of what is made only now; first of all that it is 0."""
        self._converted = part
        if self._converting is None:
            self._converting = _Pace(self._clock())

    def finished(self) -> None:
        """Count a file as done."""
        self._items[0] += 1

    def progress(self) -> Progress:
        """Where the work stands now."""
        now = self._clock()
        rate = self._sending.rate(now, self._moved)
        return Progress(
            stage=self._stage,
            items_done=self._items[0],
            items_total=self._items[1],
            bytes_done=self._bytes[0],
            bytes_total=self._bytes[1],
            rate=rate,
            seconds_left=self._seconds_left(now, rate),
            message=self._message,
        )

    def _seconds_left(self, now: float, rate: float) -> float | None:
        left = (self._bytes[1] - self._bytes[0]) / rate if rate else None
        if self._converting is None or self._converted == 1:
            return left
        # Both go on at the same time, so the slower decides; what is sent waits for what is made.
        making = self._converting.rate(now, self._converted)
        return max(left or 0, (1 - self._converted) / making) if making else None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Report what changed every quarter of a second, and once more at the end."""
        WAITING.set(self.message)  # in this task and in those that it starts
        ticker = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticker.cancel()
            self._tell()

    async def _tick(self) -> None:
        while True:
            self._tell()
            await asyncio.sleep(INTERVAL)

    def _tell(self) -> None:
        progress = self.progress()
        if progress != self._reported:
            self._reported = progress
            self._report(progress)
