"""Sending goals, through either bridge."""

from __future__ import annotations

import time
from typing import Any

from action_msgs.msg import GoalStatus
from peer import Peer
from wire import Client

TYPE = "test_msgs/action/Fibonacci"


def goal(name: str, order: int = 5, request_id: str = "g", **more: Any) -> dict[str, Any]:
    message = {"op": "send_action_goal", "id": request_id, "action": name, "action_type": TYPE}
    return {**message, "args": {"order": order}, "feedback": True, **more}


def result(client: Client, request_id: str = "g") -> dict[str, Any]:
    return client.wait(lambda m: m["op"] == "action_result" and m.get("id") == request_id)


def test_a_goal_gives_feedback_and_a_result(client: Client, peer: Peer, name: str) -> None:
    with peer.act(name):
        client.send(goal(name))
        feedback = client.wait(lambda m: m["op"] == "action_feedback")
        assert feedback["id"] == "g"
        assert feedback["action"] == name
        assert feedback["values"]["sequence"][:3] == [0, 1, 1]
        assert result(client) == {
            "op": "action_result",
            "id": "g",
            "action": name,
            "values": {"sequence": [0, 1, 1, 2, 3, 5, 8]},
            "status": GoalStatus.STATUS_SUCCEEDED,
            "result": True,
        }


def test_a_goal_can_be_cancelled(client: Client, peer: Peer, name: str) -> None:
    with peer.act(name):
        client.send(goal(name, 500))
        client.wait(lambda m: m["op"] == "action_feedback")
        client.send({"op": "cancel_action_goal", "id": "g", "action": name})
        answer = result(client)
        assert answer["status"] == GoalStatus.STATUS_CANCELED
        assert answer["values"]["sequence"][:2] == [0, 1]


def test_an_aborted_goal_says_so(client: Client, peer: Peer, name: str) -> None:
    with peer.act(name):
        client.send(goal(name, 13))
        assert result(client)["status"] == GoalStatus.STATUS_ABORTED


def test_goals_run_at_the_same_time(client: Client, peer: Peer, name: str) -> None:
    with peer.act(name):
        client.send(goal(name, 60, "long"))
        client.wait(lambda m: m["op"] == "action_feedback")
        client.send(goal(name, 2, "short"))
        time.sleep(0)
        ended = [client.wait(lambda m: m["op"] == "action_result")["id"] for _ in range(2)]
        assert ended == ["short", "long"]
