"""Jobs, plans and findings as ROS messages, and requests as the arguments of jobs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from training_manager import msg
from training_manager_ros.datasets.check.finding import Finding
from training_manager_ros.editing import EditPlan, Estimate
from training_manager_ros.errors import InvalidInput
from training_manager_ros.jobs import Job, JobState
from training_manager_ros.node.convert import time_to_msg
from training_manager_ros.skills.skill import clean

__all__ = ["JobMessages", "arguments", "finding_to_msg", "job_to_msg", "plan_to_msg"]


def job_to_msg(job: Job) -> msg.Job:
    """One job of `~/jobs`."""
    progress = job.progress
    return msg.Job(
        id=job.id,
        kind=job.kind,
        state=job.state.value,
        reads=list(job.reads),
        writes=list(job.writes),
        arguments_json=json.dumps(dict(job.arguments)),
        stage=clean(progress.stage),
        items_done=progress.items_done,
        items_total=progress.items_total,
        bytes_done=progress.bytes_done,
        bytes_total=progress.bytes_total,
        fraction=1.0 if job.state is JobState.DONE else progress.fraction,
        rate=float(job.rate),
        seconds_left=float(job.seconds_left),
        message=clean(job.message),
        pausable=job.pausable,
        paused=job.paused,
        cancelling=job.cancelling,
        created=time_to_msg(job.created),
        started=time_to_msg(job.started),
        finished=time_to_msg(job.finished),
        result_json=json.dumps(dict(job.result)) if job.state is JobState.DONE else "",
    )


class JobMessages:
    """`job_to_msg` for lists of which most jobs are as they were the last time."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Job, msg.Job]] = {}

    def __call__(self, jobs: Sequence[Job]) -> list[msg.Job]:
        """The messages, in order; not for two threads at a time."""
        made = {}
        for job in jobs:
            known = self._made.get(job.id)
            made[job.id] = known if known and known[0] is job else (job, job_to_msg(job))
        self._made = made
        return [message for _, message in made.values()]


def plan_to_msg(plan: EditPlan, cost: Estimate) -> msg.EditPlan:
    """A plan with its costs."""
    return msg.EditPlan(
        name=plan.name,
        dataset_format=plan.format.value,
        rate=float(plan.rate),
        cameras=[clean(camera) for camera in plan.cameras],
        sources=list(plan.sources),
        origin_skills=[one.skill for one in plan.episodes],
        origin_episodes=[one.episode for one in plan.episodes],
        frames=plan.frames,
        problems=[
            msg.PlanProblem(
                message=clean(one.message),
                remedy=clean(one.remedy),
                blocks=one.blocks,
                rule=one.rule,
            )
            for one in plan.problems
        ],
        possible=cost.fits and not any(one.blocks for one in plan.problems),
        bytes_to_write=cost.bytes_to_write,
        bytes_shared=max(plan.linked + plan.written - cost.bytes_to_write, 0),
        bytes_free=cost.bytes_free,
        seconds=float(cost.seconds),
    )


def finding_to_msg(finding: Finding) -> msg.Finding:
    """One finding of a check."""
    return msg.Finding(
        severity=finding.severity,
        code=finding.code,
        episode=-1 if finding.episode is None else finding.episode,
        camera=clean(finding.camera or ""),
        message=clean(finding.message),
        remedy=clean(finding.remedy),
    )


def arguments(message: Any) -> dict[str, Any]:
    """What a goal or the request of a plan asks for, as the arguments of its job.

    The fields are the job's arguments by the same names. Raises `InvalidInput`.
    """
    found = {name: _value(getattr(message, name)) for name in message.get_fields_and_field_types()}
    if found.get("file_mode") == "":
        del found["file_mode"]
    return found


def _value(value: Any) -> Any:
    if isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, msg.MergeSource):
        return _source(value)
    if isinstance(value, msg.MergeRules):
        rate = value.rate or None
        return {"rate": rate, "any_width": value.any_width, "any_cameras": value.any_cameras}
    return [_value(one) for one in value]


def _source(source: msg.MergeSource) -> dict[str, Any]:
    if len(source.cameras) != len(source.new_camera_names):
        message = "must have one new name for each of the cameras"
        field = "sources.new_camera_names"
        raise InvalidInput(f"{field} {message}.", {field: message})
    return {
        "skill": source.skill,
        "episodes": None if source.all else [int(one) for one in source.episodes],
        "cameras": dict(zip(source.cameras, source.new_camera_names, strict=True)),
    }
