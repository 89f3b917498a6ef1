"""What kinds of job there are: how each is checked, what it locks, and where its work is."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from training_manager_ros.jobs.control import Control

__all__ = ["JobKind", "Locks", "load_kind"]


@dataclass(frozen=True)
class Locks:
    """Folder names of the skills that a job needs unchanged (`reads`) or for itself (`writes`)."""

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


class JobKind(ABC):
    """One kind of job. Constructed with the skills directory, in the node and in the worker.

    A kind is `pausable` if its work calls the control's `check` often enough to hold still soon.
    """

    pausable: ClassVar[bool] = False

    def __init__(self, skills_dir: Path) -> None:
        self.skills_dir = skills_dir

    @abstractmethod
    def locks(self, arguments: Mapping[str, Any]) -> Locks:
        """Check the arguments, within milliseconds, and say what the job needs.

        Raises `TrainingManagerError`; then there is no job.
        """

    @abstractmethod
    def run(self, arguments: Mapping[str, Any], control: Control) -> Mapping[str, Any]:
        """Do the work and return the result (JSON values); called in a process of its own.

        It may be called again with the same arguments after it was killed at any point: it must
        then go on, or clean up what is half made and begin anew. It raises `TrainingManagerError`
        for what the user can mend, and lets `Cancelled` through after leaving nothing behind.
        """

    def clean(self, arguments: Mapping[str, Any]) -> None:  # noqa: B027  most kinds leave nothing
        """Remove what a run left that was killed for good; called with the job's locks held."""


def load_kind(entry: str, skills_dir: Path) -> JobKind:
    """The kind that an entry "module:Class" names."""
    module, _, name = entry.partition(":")
    kind = getattr(importlib.import_module(module), name)(skills_dir)
    assert isinstance(kind, JobKind)
    return kind
