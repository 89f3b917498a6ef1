"""The topic `~/jobs`, and the services that start, cancel and pause jobs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from training_manager.msg import JobList
from training_manager.srv import CancelJob, PauseJob, StartJob
from training_manager_ros.errors import InvalidInput
from training_manager_ros.jobs import Job, JobEngine
from training_manager_ros.node.answers import answers_errors
from training_manager_ros.node.job_messages import JobMessages, job_to_msg
from training_manager_ros.node.latched import LATCHED
from training_manager_ros.skills import parse_object
from training_manager_ros.skills.skill import clean

__all__ = ["JobServices"]

_LONGEST = 1_000_000  # characters of arguments; 100,000 episode ids have room


class JobServices:
    """Made once; rclpy calls the handlers. `submit` starts a job of a kind with arguments."""

    def __init__(
        self, node: Node, engine: JobEngine, submit: Callable[[str, Mapping[str, Any]], Job]
    ) -> None:
        self._node = node
        self._engine = engine
        self._submit = submit
        self._messages = JobMessages()
        self._topic = node.create_publisher(JobList, "~/jobs", LATCHED)
        group = ReentrantCallbackGroup()
        for kind, name, handler in (
            (StartJob, "~/start_job", self._start_job),
            (CancelJob, "~/cancel_job", self._cancel_job),
            (PauseJob, "~/pause_job", self._pause_job),
        ):
            node.create_service(kind, name, handler, callback_group=group)

    def publish(self, jobs: tuple[Job, ...]) -> None:
        """Publish the jobs; called by the feed."""
        self._topic.publish(
            JobList(
                stamp=self._node.get_clock().now().to_msg(),
                problem=self._engine.problem,
                jobs=self._messages(jobs),
            )
        )

    @answers_errors
    def _start_job(self, request: Any, response: Any) -> Any:
        if len(request.arguments_json) > _LONGEST:
            raise InvalidInput(f"The arguments are longer than {_LONGEST:,} characters.")
        arguments = parse_object(request.arguments_json or "{}", "arguments_json")
        if (whole := json.dumps(arguments, ensure_ascii=False)) != clean(whole):
            message = "must not hold halves of surrogate pairs"
            raise InvalidInput(f"The arguments {message}.", {"arguments_json": message})
        response.job_id = self._submit(request.kind, arguments).id
        return response

    @answers_errors
    def _cancel_job(self, request: Any, response: Any) -> Any:
        response.job = job_to_msg(self._engine.cancel(request.job_id))
        return response

    @answers_errors
    def _pause_job(self, request: Any, response: Any) -> Any:
        response.job = job_to_msg(self._engine.pause(request.job_id, still=request.paused))
        return response
