"""Reads a run's log as it grows, and keeps what it says of progress."""

from __future__ import annotations

from training_manager_ros.orchestrator.folders import RunFolders
from training_manager_ros.orchestrator.progress import LogParser
from training_manager_ros.orchestrator.run_store import RunStore
from training_manager_ros.orchestrator.runlog import read_log

__all__ = ["Follower"]

CHUNK = 1 << 20  # bytes of log parsed at once


class Follower:
    """Reads a run's log from where it was read last, and keeps what it says."""

    def __init__(self, runs: RunStore, folders: RunFolders, run_id: int) -> None:
        run = runs.run(run_id)
        self._runs = runs
        self._folder = folders.log(run_id)
        self._run_id = run_id
        self._offset = run.log_offset
        self._parser = LogParser(run.progress)

    def read(self, elapsed: float, ended: bool) -> None:
        """Take in what has come; all of it once the run has ended."""
        while True:
            chunk = read_log(self._folder, self._offset, CHUNK)
            self._offset = chunk.next
            self._parser.feed(chunk.data)
            if not chunk.data and ended:
                self._parser.finish()
            progress, points = self._parser.take(elapsed)
            if chunk.data or points:
                offset = self._offset - self._parser.waiting
                self._runs.progress(self._run_id, offset, progress, points).result()
            if not chunk.data:
                return
