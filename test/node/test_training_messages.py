from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message

from training_manager.msg import TrainingPreset, TrainingRun, TrainingRunList
from training_manager.srv import CreateRun
from training_manager_ros.errors import InvalidInput
from training_manager_ros.node.training_messages import (
    RunMessages,
    curves_to_msg,
    preset_to_msg,
    request_from_msg,
    run_field_to_msg,
    run_to_msg,
)
from training_manager_ros.training import (
    ACT_DEFAULT,
    RUN_FIELDS,
    LocalState,
    Metrics,
    RunRequest,
    ServerRun,
)
from training_manager_ros.training.models import RunProgress
from training_manager_ros.training.overview import Overview, RunView

NOW = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=timezone.utc)
RUN = ServerRun("id", 7, "running", training_params={"hours": 2.5}, created_at=NOW)


def view(**changes: Any) -> RunView:
    return RunView("pick", replace(RUN, **changes), None, LocalState.ABSENT, in_use=False)


def through_ros(message: Any) -> Any:
    return deserialize_message(serialize_message(message), type(message))


def test_a_run_arrives_as_it_is() -> None:
    progress = RunProgress(5, 50, 0.25, 12.0)
    message: TrainingRun = through_ros(run_to_msg(replace(view(), progress=progress)))
    assert (message.skill, message.run_id, message.status, message.active) == (
        "pick",
        7,
        "running",
        True,
    )
    assert (message.step, message.total_steps, message.has_loss) == (5, 50, True)
    assert (message.loss, message.seconds_left, message.local_state) == (0.25, 12.0, "absent")
    assert json.loads(message.training_params_json) == {"hours": 2.5}
    assert message.created == Time(sec=int(NOW.timestamp()), nanosec=600_000_000)
    assert message.finished == Time()
    assert through_ros(run_to_msg(view())).seconds_left == -1.0


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "half \ud83d", "daemon_state": "a\0b"},
        {"created_at": datetime(2099, 1, 1, tzinfo=timezone.utc)},
        {"created_at": datetime(1, 1, 1, tzinfo=timezone.utc)},
        {"training_params": {"x": float("inf"), "deep": [{"y": "\ud83d"}]}},
        {
            "reported": RunProgress.parse(
                {"step": 2**63 - 1, "total": 10**30, "seconds_left": 1e300}
            )
        },
        {"daemon_state": "step 999999999999999 of 999999999999999", "started_at": NOW},
    ],
    ids=str,
)
def test_nothing_that_a_server_says_breaks_the_message(changes: dict[str, Any]) -> None:
    odd = view(**changes)
    message = through_ros(run_to_msg(replace(odd, progress=odd.run.progress(NOW))))
    json.loads(message.training_params_json)
    assert message.run_id == 7


def test_a_list_is_made_anew_only_where_it_changed() -> None:
    messages = RunMessages(["robot-key"])
    overview = Overview(
        server="host:1",
        problem="robot-key is wrong",
        lost_since=NOW + timedelta(seconds=1),
        features=frozenset({"log", "approve", "cancel"}),
        skill_problems=("pick: GET http://a/b?sig=1 failed",),
        runs=(view(), view(run_id=8)),
    )
    first: TrainingRunList = messages(overview, Time())
    assert [run.run_id for run in through_ros(first).runs] == [7, 8]
    assert (first.problem, first.skill_problems) == (
        "… is wrong",
        ["pick: GET http://a/b?… failed"],
    )
    assert (first.features, first.lost_since.sec) == (
        ["approval", "cancel", "logs"],
        int(NOW.timestamp()) + 1,
    )
    later = replace(overview, runs=(view(), view(run_id=8, status="done")))
    second = messages(later, Time())
    assert second.runs[0] is first.runs[0]
    assert [run.status for run in second.runs] == ["running", "done"]


def test_presets_and_curves() -> None:
    message: TrainingPreset = through_ros(preset_to_msg(ACT_DEFAULT))
    assert (message.name, message.hours, message.min_gpus) == ("act-default", 5.0, 4)
    batch = next(item for item in message.hyperparameters if item.name == "BATCH_SIZE")
    assert (batch.default_value, batch.minimum, batch.maximum) == (96.0, 1.0, 8192.0)
    assert (batch.integer, batch.follows_gpus) == (True, False)
    assert [i.name for i in message.hyperparameters if i.follows_gpus] == ["WORLD_SIZE"]
    wide = replace(ACT_DEFAULT.hyperparameters[0], maximum=float("inf"), minimum=float("-inf"))
    (open_ended,) = through_ros(
        preset_to_msg(replace(ACT_DEFAULT, hyperparameters=(wide,)))
    ).hyperparameters
    assert (open_ended.minimum, open_ended.maximum) == (-1e308, 1e308)
    (curve,) = curves_to_msg(
        Metrics.parse({"metrics": {"loss": [[2, 1.0], [1, None], [-1, 3.0], [2**63, 3], [1]]}})
    )
    assert (curve.name, list(curve.steps), list(curve.values)) == ("loss", [2], [1.0])


def test_fields_of_a_run() -> None:
    fields = {field.name: through_ros(run_field_to_msg(field)) for field in RUN_FIELDS}
    hours, command = fields["hours"], fields["command"]
    assert (hours.kind, hours.unit, hours.minimum, hours.maximum) == ("number", "hours", 0.01, 720)
    assert (command.kind, command.minimum, command.maximum) == ("list", -1e308, 1e308)
    assert fields.keys() <= CreateRun.Request.get_fields_and_field_types().keys()
    assert fields.keys() <= TrainingPreset.get_fields_and_field_types().keys()


def test_what_a_request_leaves_out_is_as_the_preset_has_it() -> None:
    empty = CreateRun.Request(min_gpus=-1, max_gpus=-1)
    assert request_from_msg(empty, "smoke") == RunRequest(preset="smoke")
    whole = CreateRun.Request(
        preset="mine",
        hyperparameters_json='{"BATCH_SIZE": 8}',
        repo="a/b",
        ref="x",
        command=["c"],
        gpu_type="H100",
        min_gpus=0,
        max_gpus=2,
        hours=1.5,
        budget=3.0,
        env_json='{"A": "b"}',
        extra_json='{"c": [1]}',
    )
    assert request_from_msg(whole, "smoke") == RunRequest(
        "mine",
        {"BATCH_SIZE": 8},
        "a/b",
        "x",
        ("c",),
        "H100",
        0,
        2,
        1.5,
        3.0,
        {"A": "b"},
        {"c": [1]},
    )


@pytest.mark.parametrize(
    ("field", "text", "wrong"),
    [
        ("hyperparameters_json", '{"A": "x"}', "hyperparameters.A"),
        ("hyperparameters_json", '{"A": true}', "hyperparameters.A"),
        ("env_json", '{"A": 1}', "env.A"),
        ("env_json", "[]", "env_json"),
        ("extra_json", "{", "extra_json"),
    ],
)
def test_what_is_wrong_in_a_request_is_named(field: str, text: str, wrong: str) -> None:
    with pytest.raises(InvalidInput) as error:
        request_from_msg(CreateRun.Request(**{field: text}), "smoke")
    assert list(error.value.fields) == [wrong]
