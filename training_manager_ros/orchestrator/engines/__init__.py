"""What carries out a run: four verbs, the same tests over all engines.

An engine runs a staged job to its end whatever happens to the server meanwhile; the server asks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

__all__ = ["Ending", "Engine", "Job", "JobState", "JobStatus", "Outcome", "Resources"]


@dataclass(frozen=True)
class Resources:
    """What a run needs of a machine."""

    gpu_type: str
    min_gpus: int
    max_gpus: int


@dataclass(frozen=True)
class Job:
    """A staged run. `folder`/work has project/, data/ and out/; the engine's files go beside it."""

    run_id: int
    folder: Path
    command: tuple[str, ...]
    env: Mapping[str, str]  # complete, but for what the engine adds (CUDA_VISIBLE_DEVICES)
    gpu_type: str
    gpus: int
    seconds: float  # after which the run is stopped
    quota_bytes: int
    log_bytes: int
    grace: float  # s between SIGTERM and SIGKILL
    marker: str  # NAME=value that all processes of the run carry in their environment


class JobState(str, Enum):
    """Where a job is in an engine."""

    UNKNOWN = "unknown"  # never submitted, or forgotten
    PENDING = "pending"
    RUNNING = "running"
    ENDED = "ended"


class Ending(str, Enum):
    """Why a job ended."""

    EXIT = "exit"  # by itself
    STOPPED = "stopped"
    DEADLINE = "deadline"
    QUOTA = "quota"  # wrote more than quota_bytes
    NO_COMMAND = "no_command"  # the program could not be started
    LOST = "lost"  # its supervisor is gone: a reboot, or somebody killed it


@dataclass(frozen=True)
class Outcome:
    """How a job ended."""

    ending: Ending
    exit_code: int | None = None  # negative: the signal that ended it
    detail: str = ""


@dataclass(frozen=True)
class JobStatus:
    """A job's state; `outcome` once it is ENDED, `detail` for people."""

    state: JobState
    outcome: Outcome | None = None
    detail: str = ""


class Engine(ABC):
    """All methods may block for a moment; none waits for a job's end."""

    parallel: int | None  # runs at a time; None: the engine has a queue of its own

    @abstractmethod
    def place(self, wanted: Resources) -> tuple[int, str]:
        """How many GPUs the run will get, and the machine in words (instance_type).

        Raises `RunFailed` with what to change, where this engine can never give what is wanted.
        """

    @abstractmethod
    def submit(self, job: Job) -> None:
        """Start it, once: a second call for the same folder does nothing."""

    @abstractmethod
    def status(self, run_id: int, folder: Path) -> JobStatus:
        """Where it is; UNKNOWN if it was not submitted."""

    @abstractmethod
    def stop(self, run_id: int, folder: Path) -> None:
        """Begin to end it, with all its children; `status` tells when that is done."""

    def close(self) -> None:  # noqa: B027 - most engines hold nothing
        """Let go of connections; jobs go on."""
