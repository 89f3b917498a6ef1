"""Where each run's files are, and how its processes are told from others."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RunFolders"]


@dataclass(frozen=True)
class RunFolders:
    """Where each run's folder is; `identity` tells this server's processes from another one's."""

    root: Path
    identity: str

    def of(self, run_id: int) -> Path:
        """The run's own folder."""
        return self.root / str(run_id)

    def log(self, run_id: int) -> Path:
        """The run's log, see `runlog`."""
        return self.of(run_id) / "log"

    def marker(self, run_id: int) -> str:
        """What the run's processes carry in their environment."""
        return f"TRAINING_MANAGER_RUN={self.identity}/{run_id}"

    def forget(self, run_ids: Iterable[int]) -> None:
        """Remove the folders of runs that are no longer known."""
        for run_id in run_ids:
            shutil.rmtree(self.of(run_id), ignore_errors=True)

    @property
    def staging_marker(self) -> str:
        """What the server's own git carries in its environment."""
        return f"TRAINING_MANAGER_STAGING={self.identity}"
