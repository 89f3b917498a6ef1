"""Nothing secret on ROS: on no topic, in no parameter, log or answer, whatever goes wrong."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable
from typing import Any

from fault_server import KEY
from node_client import Manager, Peer, until
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters
from rclpy.qos import DurabilityPolicy, QoSProfile
from training_world import AS_PRESET, SKILL, SMALL, Cloud, Watched, ok, upload

from training_manager.action import DownloadRun
from training_manager.srv import (
    ActivateRun,
    CancelRun,
    CreateRun,
    GetRun,
    RefreshRuns,
    ReviewRun,
    RunLog,
    StartJob,
)


def test_no_secret_is_on_any_topic_parameter_or_log(
    cloud: Cloud, connect: Callable[..., Manager], peer: Peer, watched: Watched
) -> None:
    manager = connect(cloud, "-p", "log_level:=debug")
    server = cloud.fault
    assert server is not None
    server.faults.features = ("log", "metrics", "cancel", "presets")
    upload(peer)
    heard: list[Any] = []
    for topic, kinds in peer.node.get_topic_names_and_types():
        qos = QoSProfile(depth=1000, durability=DurabilityPolicy.VOLATILE)
        if topic.startswith("/training_manager/"):
            qos = QoSProfile(depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        peer.node.create_subscription(message_type(kinds[0]), topic, heard.append, qos)
    answers: list[Any] = []
    env = json.dumps({"WANDB_API_KEY": "private-wandb"})
    ask = {"skill": SKILL, "hyperparameters_json": SMALL, "env_json": env, **AS_PRESET}
    answers.append(ok(peer.call(CreateRun, "create_run", **ask)))
    run = answers[0].run
    tokens = [*server._tokens]
    words = f"curl {server.url}/x?expires=9&signature=s3cr3t as {KEY} Bearer {tokens[0]}"
    shown = server.runs[run.skill_id, run.run_id]
    shown |= {"error_message": words, "daemon_state": words}
    shown["training_params"]["repo"] = "https://me:private-pw@example.org/x.git"
    server.logs[run.skill_id, run.run_id] = words.encode()
    of_run = {"skill": SKILL, "run_id": run.run_id}
    ok(peer.call(RefreshRuns, "refresh_runs", skill=SKILL))
    watched.until(lambda runs: runs.runs and "curl" in runs.runs[0].error_message)
    answers.append(ok(peer.call(RunLog, "run_log", **of_run)))
    answers.append(ok(peer.call(GetRun, "get_run", **of_run)))
    answers.append(peer.call(GetRun, "get_run", skill=SKILL, run_id=99))
    answers.append(peer.call(ReviewRun, "review_run", approved=True, **of_run))
    answers.append(peer.call(ActivateRun, "activate_run", **of_run))
    for trouble in (
        {"busy_gets": 2},
        {"url_life": -1.0},
        {"corrupt_gets": 3},
        {"reset_gets": 2},
    ):
        for name, value in trouble.items():
            setattr(server.faults, name, value)
        server.add_result(run.skill_id, run.run_id, f"{name}_step_1.pth", b"weights" * 1000)
        goal = peer.send_goal(DownloadRun, "download_run", **of_run)
        until(lambda goal=goal: goal.feedback)
        if name == "url_life":  # it would try for long
            goal.cancel()
        answers.append(goal.result())
        for name in trouble:
            setattr(server.faults, name, 0)
        server.faults.url_life = 3600.0
    server.faults.token_calls = 1  # all who are signed in have to do it again
    server.faults.sign_in_status = 403
    ok(peer.call(RefreshRuns, "refresh_runs", skill=""))
    watched.until(lambda runs: "does not accept the service key" in runs.problem)
    answers.append(peer.call(CancelRun, "cancel_run", **of_run))
    answers.append(peer.call(StartJob, "start_job", kind="upload_skill", arguments_json="{}"))
    parameters = parameters_of(peer)
    assert "server_url" in str(parameters)
    time.sleep(0.5)  # what is still on its way
    _, printed = manager.end()
    everything = f"{heard} {answers} {parameters} {printed}"
    assert "POST /auth/token 403" in everything
    assert "PUT data/" in everything  # the log of the process that uploads
    assert "curl" in everything
    secrets = [KEY, "s3cr3t", "expires=", "hush", "private-wandb", "private-pw", *tokens]
    assert [secret for secret in secrets if secret in everything] == []


def parameters_of(peer: Peer) -> Any:
    """All parameters with their values and descriptions."""
    names = peer.call(ListParameters, "list_parameters").result.names
    values = peer.call(GetParameters, "get_parameters", names=names)
    return names, values, peer.call(DescribeParameters, "describe_parameters", names=names)


def message_type(name: str) -> Any:
    """The class of a message, also of an action's feedback, by its full name."""
    package, folder, kind = name.split("/")
    action, separator, part = kind.partition("_")
    found = getattr(importlib.import_module(f"{package}.{folder}"), action)
    return getattr(found.Impl, part) if separator else found
