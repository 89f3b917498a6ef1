"""ROS actions over jobs: the goal becomes a job, its progress the feedback, its result the result.

A goal that waits for its job holds no thread of the executor: it is finished by the feed of jobs.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from training_manager.action import (
    ConvertDataset,
    DeleteEpisodes,
    DownloadRun,
    MergeDatasets,
    UploadSkill,
)
from training_manager_ros.errors import Conflict, TrainingManagerError
from training_manager_ros.jobs import Job, JobEngine, JobState
from training_manager_ros.node.job_messages import arguments, job_to_msg
from training_manager_ros.skills.skill import clean

__all__ = ["ACTIONS", "JobActions"]

# The action's name, which is its job's kind, and its type. The goal's fields are the job's
# arguments, and what the job's result has by the name of a field of the action's is that.
ACTIONS = {
    "convert_dataset": ConvertDataset,
    "delete_episodes": DeleteEpisodes,
    "download_run": DownloadRun,
    "merge_datasets": MergeDatasets,
    "upload_skill": UploadSkill,
}

Submit = Callable[[str, Mapping[str, Any]], Job]


class JobActions:
    """The action servers. `update` is called with all jobs after changes, from one thread.

    `wake` asks for another call of `update`.
    """

    def __init__(
        self, node: Node, engine: JobEngine, submit: Submit, wake: Callable[[], None]
    ) -> None:
        self._servers = [
            _JobAction(node, kind, type_, engine, submit, wake) for kind, type_ in ACTIONS.items()
        ]

    def update(self, jobs: tuple[Job, ...]) -> None:
        """Send feedback and results."""
        known = {job.id: job for job in jobs}
        for server in self._servers:
            server.update(known)

    def destroy(self) -> None:
        """End the action servers."""
        for server in self._servers:
            server.destroy()


@dataclass
class _Goal:
    """A goal whose job waits or runs."""

    handle: Any
    job_id: str
    told: Job | None = None  # as the last feedback had it
    cancelling: bool = False  # somebody asked, and the job does not know yet


class _JobAction(ActionServer):  # type: ignore[misc]
    def __init__(
        self,
        node: Node,
        kind: str,
        type_: Any,
        engine: JobEngine,
        submit: Submit,
        wake: Callable[[], None],
    ) -> None:
        self._kind = kind
        self._engine = engine
        self._submit = submit
        self._wake = wake
        self._goals: dict[bytes, _Goal] = {}
        self._goals_lock = threading.Lock()
        super().__init__(
            node,
            type_,
            f"~/{kind}",
            self._refuse,
            cancel_callback=self._cancel,
            callback_group=ReentrantCallbackGroup(),
        )

    def notify_execute(self, goal_handle: Any, execute_callback: Any) -> None:
        """Start the job of an accepted goal, where rclpy would start a callback that waits."""
        try:
            job = self._submit(self._kind, arguments(goal_handle.request))
        except TrainingManagerError as error:
            result = self.action_type.Result(success=False, message=clean(str(error)))
            self._finish(goal_handle, JobState.FAILED, result)
            return
        with self._goals_lock:
            self._goals[_key(goal_handle)] = _Goal(goal_handle, job.id)
        self._wake()

    def update(self, jobs: Mapping[str, Job]) -> None:
        """Send feedback, hand on the wish to cancel, and finish goals whose jobs ended."""
        with self._goals_lock:
            goals = list(self._goals.items())
        for key, goal in goals:
            job = jobs.get(goal.job_id)
            if job is None:
                continue  # it was submitted after the jobs were looked at
            if goal.cancelling:
                self._hand_on(goal)
            if job is not goal.told:
                goal.told = job
                goal.handle.publish_feedback(self.action_type.Feedback(job=job_to_msg(job)))
            if job.ended:
                with self._goals_lock:
                    del self._goals[key]
                self._finish(goal.handle, job.state, self._result(job))

    def _cancel(self, goal_handle: Any) -> CancelResponse:
        with self._goals_lock:
            goal = self._goals.get(_key(goal_handle))
        if goal is None:
            return CancelResponse.REJECT  # it has just ended
        goal.cancelling = True
        self._wake()
        return CancelResponse.ACCEPT

    def _hand_on(self, goal: _Goal) -> None:
        if not goal.handle.is_cancel_requested:  # rclpy notes it after `_cancel` has returned
            self._wake()
            return
        goal.cancelling = False
        with contextlib.suppress(Conflict):  # it has just ended
            self._engine.cancel(goal.job_id)

    def _result(self, job: Job) -> Any:
        message = job.message or ("Cancelled." if job.state is JobState.CANCELLED else "")
        result = self.action_type.Result(success=job.state is JobState.DONE, message=clean(message))
        fields = result.get_fields_and_field_types()
        for name, value in job.result.items():
            if name in fields:
                setattr(result, name, value)
        return result

    def _finish(self, goal_handle: Any, state: JobState, result: Any) -> None:
        def finish(handle: Any) -> Any:
            if state is JobState.DONE:
                handle.succeed()
            elif state is JobState.CANCELLED and handle.is_cancel_requested:
                handle.canceled()
            else:
                handle.abort()
            return result

        super().notify_execute(goal_handle, finish)

    def _refuse(self, goal_handle: Any) -> Any:
        raise NotImplementedError  # rclpy wants one; `notify_execute` gives its own


def _key(goal_handle: Any) -> bytes:
    return bytes(goal_handle.goal_id.uuid)
