"""Between what training knows and ROS messages, field by field."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from builtin_interfaces.msg import Time

from training_manager import msg
from training_manager_ros.errors import InvalidInput
from training_manager_ros.redaction import redacted, redacted_json
from training_manager_ros.skills import parse_object
from training_manager_ros.training import (
    Hyperparameter,
    Metrics,
    Preset,
    RunField,
    RunRequest,
)
from training_manager_ros.training.curves import thinned
from training_manager_ros.training.overview import Overview, RunView

__all__ = [
    "RunMessages",
    "curves_to_msg",
    "features_to_msg",
    "preset_to_msg",
    "request_from_msg",
    "run_field_to_msg",
    "run_to_msg",
    "text_to_msg",
]

POINTS = 1000  # of a curve
_FEATURES = {"approve": "approval", "log": "logs"}  # where we call them otherwise than the server
_LAST_SECOND = 2**31 - 1


class RunMessages:
    """Messages for `~/runs`, of which most runs are as they were the last time."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        self._secrets = secrets
        self._made: dict[tuple[str, int], tuple[RunView, msg.TrainingRun]] = {}

    def __call__(self, overview: Overview, stamp: Time) -> msg.TrainingRunList:
        """The message; not for two threads at a time."""
        made = {}
        for view in overview.runs:
            key = (view.skill, view.run.run_id)
            known = self._made.get(key)
            if known is None or known[0] != view:
                known = (view, run_to_msg(view, self._secrets))
            made[key] = known
        self._made = made
        problems = [redacted(words, self._secrets) for words in overview.skill_problems]
        return msg.TrainingRunList(
            stamp=stamp,
            server=text_to_msg(overview.server),
            signed_in=overview.signed_in,
            problem=text_to_msg(redacted(overview.problem, self._secrets)),
            lost_since=_time(overview.lost_since),
            features=features_to_msg(overview.features),
            skill_problems=[text_to_msg(words) for words in problems],
            runs=[message for _, message in made.values()],
        )


def run_to_msg(view: RunView, secrets: Collection[str] = ()) -> msg.TrainingRun:
    """One run."""
    run, progress = view.run, view.progress
    message = msg.TrainingRun(
        skill=view.skill,
        skill_id=text_to_msg(run.skill_id),
        run_id=run.run_id,
        status=text_to_msg(run.status),
        daemon_state=text_to_msg(redacted(run.daemon_state, secrets)),
        error_message=text_to_msg(redacted(run.error_message, secrets)),
        active=run.active,
        training_params_json=json.dumps(redacted_json(run.training_params, secrets)),
        created=_time(run.created_at),
        updated=_time(run.updated_at),
        approved=_time(run.approved_at),
        started=_time(run.started_at),
        finished=_time(run.finished_at),
        instance_ip=text_to_msg(run.instance_ip),
        instance_type=text_to_msg(run.instance_type),
        commit=text_to_msg(run.commit),
        seconds_left=-1.0,
        local_state=view.local_state.value,
        in_use=view.in_use,
    )
    if progress is not None:
        message.step, message.total_steps = progress.step, progress.total
        message.has_loss = progress.loss is not None
        message.loss = progress.loss or 0.0
        if progress.seconds_left is not None:
            message.seconds_left = progress.seconds_left
    return message


def features_to_msg(features: Collection[str]) -> list[str]:
    """Extras of the server, as messages call them."""
    return sorted(text_to_msg(_FEATURES.get(name, name)) for name in features)


def preset_to_msg(preset: Preset) -> msg.TrainingPreset:
    """One preset."""
    return msg.TrainingPreset(
        name=text_to_msg(preset.name),
        description=text_to_msg(preset.description),
        repo=text_to_msg(redacted(preset.repo)),
        ref=text_to_msg(preset.ref),
        command=[text_to_msg(redacted(part)) for part in preset.command],
        gpu_type=text_to_msg(preset.gpu_type),
        min_gpus=_gpus(preset.min_gpus),
        max_gpus=_gpus(preset.max_gpus),
        hours=preset.hours,
        budget=preset.budget,
        gpu_hour_price=preset.gpu_hour_price,
        env_json=json.dumps(redacted_json(preset.env)),
        hyperparameters=[_hyperparameter(item) for item in preset.hyperparameters],
        architecture_json=json.dumps(dict(preset.architecture)),
    )


def run_field_to_msg(field: RunField) -> msg.RunField:
    """What can be asked for besides hyperparameters."""
    return msg.RunField(
        name=field.name,
        label=field.label,
        kind=field.kind.value,
        unit=field.unit,
        minimum=_limit(field.minimum),
        maximum=_limit(field.maximum),
        help=field.help,
    )


def curves_to_msg(metrics: Metrics) -> list[msg.Curve]:
    """The curves of a run, thinned out."""
    curves = []
    for name, points in metrics.curves.items():
        kept = thinned(points, POINTS)
        curves.append(
            msg.Curve(
                name=text_to_msg(name),
                steps=[step for step, _ in kept],
                values=[v for _, v in kept],
            )
        )
    return curves


def request_from_msg(request: Any, default_preset: str) -> RunRequest:
    """What a CreateRun request asks for; raises `InvalidInput`."""
    numbers = parse_object(request.hyperparameters_json or "{}", "hyperparameters_json")
    env = parse_object(request.env_json or "{}", "env_json")
    _check(numbers, "hyperparameters", (int, float), "must be a number")
    _check(env, "env", (str,), "must be a text")
    return RunRequest(
        preset=request.preset or default_preset,
        hyperparameters=numbers,
        repo=request.repo or None,
        ref=request.ref or None,
        command=tuple(request.command) or None,
        gpu_type=request.gpu_type or None,
        min_gpus=None if request.min_gpus == -1 else request.min_gpus,
        max_gpus=None if request.max_gpus == -1 else request.max_gpus,
        hours=request.hours or None,
        budget=request.budget or None,
        env=env,
        extra=parse_object(request.extra_json or "{}", "extra_json"),
    )


def _hyperparameter(item: Hyperparameter) -> msg.Hyperparameter:
    return msg.Hyperparameter(
        name=text_to_msg(item.name),
        default_value=float(item.default),
        minimum=_limit(item.minimum),
        maximum=_limit(item.maximum),
        integer=item.integer,
        follows_gpus=item.follows_gpus,
        help=text_to_msg(item.help),
    )


def _check(values: Mapping[str, Any], where: str, kinds: tuple[type, ...], problem: str) -> None:
    wrong = {
        f"{where}.{name}": problem
        for name, value in values.items()
        if isinstance(value, bool) or not isinstance(value, kinds)
    }
    if wrong:
        names = ", ".join(wrong)
        raise InvalidInput(f"This run can't be started: {names} {problem}.", wrong)


def text_to_msg(words: str) -> str:
    """A text as ROS can hold it: without halves of characters, which JSON can hold, and NUL."""
    return words.encode("utf-8", "replace").decode().replace("\0", "")


def _time(moment: datetime | None) -> Time:
    if moment is None or not 0 <= moment.timestamp() < _LAST_SECOND:
        return Time()
    return Time(sec=int(moment.timestamp()), nanosec=moment.microsecond * 1000)


def _limit(number: float) -> float:
    return float(min(max(number, -1e308), 1e308))


def _gpus(number: int) -> int:
    return min(max(number, 0), 2**31 - 1)
