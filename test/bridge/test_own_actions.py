"""What our bridge does with actions beyond the other one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from action_msgs.msg import GoalStatus
from bridges import environment
from peer import Peer
from test_actions import TYPE, goal, result
from wire import Client

ACT = """
import rclpy, peer
p = peer.Peer(int({domain}))
p.act({name!r})
print("ready", flush=True)
input()
"""


def test_a_rejected_goal_is_answered(own_client: Client, peer: Peer, name: str) -> None:
    with peer.act(name, accept=False):
        own_client.send(goal(name))
        answer = result(own_client)
        assert answer["result"] is False
        assert answer["status"] == GoalStatus.STATUS_UNKNOWN
        assert answer["values"] == f"The action {name} rejected the goal."


def test_a_goal_without_a_server_is_answered(own_client: Client, name: str) -> None:
    before = time.monotonic()
    own_client.send(goal(name))
    assert result(own_client)["values"] == f"There is no action {name}; is its node running?"
    assert time.monotonic() - before < 5


def test_a_goal_of_another_type_is_answered(own_client: Client, peer: Peer, name: str) -> None:
    with peer.act(name):
        own_client.send(goal(name, action_type="test_msgs/NestedMessage", args={}))
        assert f"has the type {TYPE}, not" in result(own_client)["values"]


def test_a_goal_that_does_not_fit_is_answered(own_client: Client, peer: Peer, name: str) -> None:
    with peer.act(name):
        own_client.send(goal(name, args={"order": "many"}))
        assert "order must be an integer, not a string" in result(own_client)["values"]


def test_a_refused_cancellation_is_answered(own_client: Client, peer: Peer, name: str) -> None:
    with peer.act(name, cancellable=False):
        own_client.send(goal(name, 40))
        own_client.wait(lambda m: m["op"] == "action_feedback")
        own_client.send({"op": "cancel_action_goal", "id": "g", "action": name})
        status = own_client.wait(lambda m: m["op"] == "status")
        assert status["id"] == "g"
        assert "refused to cancel the goal" in status["msg"]
        assert result(own_client)["status"] == GoalStatus.STATUS_SUCCEEDED


def test_a_cancellation_may_come_before_the_acceptance(
    own_client: Client, peer: Peer, name: str
) -> None:
    with peer.act(name):
        own_client.send(goal(name, 500))
        own_client.send({"op": "cancel_action_goal", "id": "g", "action": name})
        assert result(own_client)["status"] == GoalStatus.STATUS_CANCELED


def test_an_unknown_goal_can_not_be_cancelled(own_client: Client, name: str) -> None:
    answer = own_client.ask({"op": "cancel_action_goal", "id": "who", "action": name})
    assert answer["op"] == "status"
    assert answer["msg"] == f"The client has no goal who running at {name}."


def test_an_id_is_used_once_at_a_time(own_client: Client, peer: Peer, name: str) -> None:
    with peer.act(name):
        own_client.send(goal(name, 30))
        own_client.send(goal(name, 1))
        assert "is running already" in result(own_client)["values"]
        assert result(own_client)["status"] == GoalStatus.STATUS_SUCCEEDED
        own_client.send(goal(name, 1))
        assert result(own_client)["values"] == {"sequence": [0, 1, 1]}


def test_all_goals_are_cancelled_through_the_hidden_service(
    own_client: Client, peer: Peer, name: str
) -> None:
    with peer.act(name):
        for request_id in ("a", "b"):
            own_client.send(goal(name, 500, request_id))
            own_client.wait(lambda m: m["op"] == "action_feedback" and m["id"] == request_id)  # noqa: B023
        answer = own_client.ask(
            {"op": "call_service", "id": 1, "service": f"{name}/_action/cancel_goal", "args": {}}
        )
        assert len(answer["values"]["goals_canceling"]) == 2
        for _ in range(2):
            ended = own_client.wait(lambda m: m["op"] == "action_result")
            assert ended["status"] == GoalStatus.STATUS_CANCELED


def test_feedback_is_also_a_hidden_topic(own_client: Client, peer: Peer, name: str) -> None:
    with peer.act(name):
        own_client.send({"op": "subscribe", "topic": f"{name}/_action/feedback"})
        own_client.send(goal(name, 20, feedback=False))
        message = own_client.published(f"{name}/_action/feedback")
        assert message["feedback"]["sequence"][:2] == [0, 1]


def test_a_server_that_dies_is_noticed(own_client: Client, domain: int, name: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ACT.format(domain=domain, name=name)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | environment(domain) | {"PYTHONPATH": str(Path(__file__).parent)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    own_client.send(goal(name, 100_000))
    own_client.wait(lambda m: m["op"] == "action_feedback")
    process.kill()
    process.wait()
    answer = own_client.wait(lambda m: m["op"] == "action_result", timeout=60)
    assert answer["result"] is False
    assert answer["values"] == f"The server of the action {name} has gone away."
