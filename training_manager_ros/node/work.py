"""All of the node that has to do with jobs: the engine, its topic, services and actions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rclpy.node import Node

from training_manager_ros.jobs import Job, JobEngine, JobState
from training_manager_ros.jobs.kinds import KINDS
from training_manager_ros.jobs.kinds.making import clean_up
from training_manager_ros.node.edit_services import EditServices
from training_manager_ros.node.job_actions import JobActions
from training_manager_ros.node.job_feed import JobFeed, Listener
from training_manager_ros.node.job_services import JobServices
from training_manager_ros.node.parameters import NodeParameters
from training_manager_ros.skills import Catalog

__all__ = ["Work"]

# Kinds of job that make or change a skill, placing files as the argument file_mode says.
_EDITS = ("convert_dataset", "delete_episodes", "merge_datasets")


class Work:
    """Runs jobs between `start` and `stop`; `edited` is told the skill that one made or changed."""

    def __init__(
        self,
        node: Node,
        catalog: Catalog,
        parameters: NodeParameters,
        edited: Callable[[str], object],
    ) -> None:
        self._parameters = parameters
        self._edited = edited
        self._began = time.time()
        self._told: set[str] = set()  # ids of edits that were told of
        self._engine = JobEngine(
            catalog.root,
            KINDS,
            on_change=self._changed,
            prepare=lambda names: clean_up(catalog.root, names),
        )
        self._feed = JobFeed(self._engine.jobs, node.context.ok)
        self._actions = JobActions(node, self._engine, self.submit, self._changed)
        services = JobServices(node, self._engine, self.submit)
        EditServices(node, catalog, self._engine, self._complete)
        self.listen(self._tell)
        self.listen(services.publish)
        self.listen(self._actions.update)
        parameters.when_set("job_workers", self._set_workers)

    def listen(self, listener: Listener) -> None:
        """Have all jobs told after changes; before `start`."""
        self._feed.listen(listener)

    def start(self) -> None:
        """Take up the jobs of the last time, and tell of all."""
        self._engine.start()
        self._feed.start()

    def stop(self) -> None:
        """End; what runs is taken up at the next start."""
        self._feed.stop()
        self._engine.stop()
        self._actions.destroy()

    def submit(self, kind: str, arguments: Mapping[str, Any]) -> Job:
        """Start a job; raises as `JobEngine.submit` does."""
        return self._engine.submit(kind, self._complete(kind, arguments))

    def _complete(self, kind: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments with what the parameters say where they don't."""
        completed = dict(arguments)
        if kind in _EDITS and not completed.get("file_mode"):
            completed["file_mode"] = self._parameters.file_mode
        return completed

    def _tell(self, jobs: tuple[Job, ...]) -> None:
        for job in jobs:
            new = job.state is JobState.DONE and job.finished >= self._began
            if new and job.kind in _EDITS and job.id not in self._told:
                self._told.add(job.id)
                self._edited(str(job.result["skill"]))

    def _changed(self) -> None:
        self._feed.changed()

    def _set_workers(self, count: int) -> None:
        self._engine.workers = count
