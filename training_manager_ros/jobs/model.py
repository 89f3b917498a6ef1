"""What a job is: long work with a state, progress and a result, as everybody sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["ENDED", "Job", "JobState", "Progress"]


class JobState(str, Enum):
    """Where a job is in its life: queued → running → one of the ends."""

    QUEUED = "queued"  # waits for a worker, or for another job on the same skill
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # `message` says why and what to do
    CANCELLED = "cancelled"  # nothing of it is left
    INTERRUPTED = "interrupted"  # its process died with the node; `message` says what to do


ENDED = frozenset(
    {JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED},
)


@dataclass(frozen=True)
class Progress:
    """How far a job is; a total of 0 means that there is nothing of it to count."""

    stage: str = ""  # what it is doing, for people: "linking files", "encoding"
    items_done: int = 0
    items_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    rate: float | None = None  # as the work knows it better than its counts tell; None: by those
    seconds_left: float | None = None  # likewise
    message: str = ""  # what the work waits for, if it does

    @property
    def fraction(self) -> float:
        """0 to 1: by bytes where they are counted, else by items."""
        done, total = (
            (self.bytes_done, self.bytes_total)
            if self.bytes_total
            else (self.items_done, self.items_total)
        )
        return min(done / total, 1.0) if total else 0.0


@dataclass(frozen=True)
class Job:
    """One piece of long work."""

    id: str
    kind: str  # "delete_episodes", "merge_datasets", …
    arguments: Mapping[str, Any]  # as it was asked for, JSON values
    reads: tuple[str, ...]  # folder names of skills that must not change meanwhile
    writes: tuple[str, ...]  # folder names of skills that nobody else may touch meanwhile
    created: float  # seconds since the epoch, as all times here
    state: JobState = JobState.QUEUED
    progress: Progress = Progress()
    rate: float = 0.0  # bytes a second, or items a second where no bytes are counted
    seconds_left: float = -1.0  # -1 = unknown
    message: str = ""  # why it waits, failed or was interrupted, and what to do
    pausable: bool = False  # whether it can be paused
    paused: bool = False  # holds still, or does not start, until it is resumed
    cancelling: bool = False
    started: float = 0.0  # 0 = not yet
    finished: float = 0.0  # 0 = not yet
    result: Mapping[str, Any] = field(default_factory=dict)  # of a job that is done, JSON values

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ENDED
