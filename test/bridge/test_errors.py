"""Our bridge answers whatever it is sent, with the request's id, and goes on."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from bridges import BridgeProcess
from std_msgs.msg import String
from tornado.websocket import WebSocketClosedError
from wire import Client

OUR = "/training_manager/errors"

# What is sent, and a part of the sentence that answers it.
STATUS: dict[str, tuple[str | dict[str, Any], str]] = {
    "no JSON": ("hello", "no valid JSON"),
    "empty": ("", "no valid JSON"),
    "half": ('{"op": "subscribe"', "no valid JSON"),
    "NaN": ('{"op": "publish", "id": 1, "topic": "/x", "msg": {"data": NaN}}', "NaN is not JSON"),
    "no object": ("[1, 2]", "no JSON object"),
    "null": ("null", "no JSON object"),
    "deep": ("[" * 100_000, "nested too deeply"),
    "many digits": ('{"op": "publish", "topic": "/x", "msg": ' + "9" * 5000 + "}", ""),
    "no op": ({"id": 1}, 'no "op"'),
    "op of a wrong type": ({"op": 5, "id": 1}, 'no "op"'),
    "unknown op": ({"op": "teleport", "id": 1}, "does not offer the operation 'teleport'"),
    "fragment": ({"op": "fragment", "id": 1, "num": 0, "total": 1, "data": ""}, "not offer"),
    "serving": ({"op": "advertise_service", "id": 1, "service": OUR, "type": "x"}, "not offer"),
    "id of a wrong type": ({"op": "subscribe", "id": [1], "topic": OUR}, '"id" must be'),
    "no topic": ({"op": "subscribe", "id": 1}, 'subscribe needs "topic"'),
    "topic of a wrong type": ({"op": "subscribe", "id": 1, "topic": 5}, '"topic" of subscribe'),
    "rate of a wrong type": (
        {"op": "subscribe", "id": 1, "topic": OUR, "throttle_rate": "slow"},
        '"throttle_rate" of subscribe must be a whole number',
    ),
    "negative queue": (
        {"op": "subscribe", "id": 1, "topic": OUR, "queue_length": -1},
        '"queue_length" of subscribe must be a whole number',
    ),
    "endless rate": (
        '{"op": "subscribe", "id": 1, "topic": "/x", "throttle_rate": 1e999}',
        "whole",
    ),
    "compression": (
        {"op": "subscribe", "id": 1, "topic": OUR, "compression": "cbor"},
        "does not offer the compression 'cbor'",
    ),
    "foreign topic": (
        {"op": "subscribe", "id": 1, "topic": "/cmd_vel", "type": "std_msgs/String"},
        "The topic /cmd_vel is not open to clients of this bridge; allowed: /training_manager/*.",
    ),
    "foreign advertisement": (
        {"op": "advertise", "id": 1, "topic": "/cmd_vel", "type": "std_msgs/String"},
        "not open",
    ),
    "foreign publication": ({"op": "publish", "id": 1, "topic": "/cmd_vel", "msg": {}}, "not open"),
    "climbing out": (
        {"op": "subscribe", "id": 1, "topic": "/training_manager/../cmd_vel"},
        "is no name of a topic",
    ),
    "no name": ({"op": "subscribe", "id": 1, "topic": "/training_manager/a b"}, "is no name of"),
    "empty name": ({"op": "subscribe", "id": 1, "topic": ""}, "is no name of"),
    "endless name": ({"op": "subscribe", "id": 1, "topic": OUR + "x" * 300}, "is no name of"),
    "NUL in a name": ({"op": "subscribe", "id": 1, "topic": OUR + "\0"}, "is no name of"),
    "half a surrogate in a name": (
        '{"op": "subscribe", "id": 1, "topic": "/training_manager/\\ud800"}',
        "is no name of",
    ),
    "topic that is not there": (
        {"op": "subscribe", "id": 1, "topic": OUR + "/nobody"},
        "There is no topic",
    ),
    "type that is no type": (
        {"op": "subscribe", "id": 1, "topic": OUR, "type": "../etc"},
        "is no type; write it like package/msg/Name",
    ),
    "type that is not installed": (
        {"op": "subscribe", "id": 1, "topic": OUR, "type": "std_msgs/Nothing"},
        "The type std_msgs/msg/Nothing is not installed",
    ),
    "type of a package that is none of ROS": (
        {"op": "subscribe", "id": 1, "topic": OUR, "type": "antigravity/Fly"},
        "is not installed",
    ),
    "type of a service": (
        {"op": "subscribe", "id": 1, "topic": OUR, "type": "std_srvs/srv/Empty"},
        "is no type of a message",
    ),
    "no type": ({"op": "advertise", "id": 1, "topic": OUR}, 'advertise needs "type"'),
    "not advertised": ({"op": "publish", "id": 1, "topic": OUR, "msg": {}}, "advertise it first"),
    "not subscribed": ({"op": "unsubscribe", "id": 1, "topic": OUR}, "no such subscription"),
    "never advertised": ({"op": "unadvertise", "id": 1, "topic": OUR}, "has not advertised"),
    "unknown level": ({"op": "set_level", "id": 1, "level": "loud"}, "no level 'loud'"),
    "cancel without id": (
        {"op": "cancel_action_goal", "action": OUR},
        'cancel_action_goal needs "id"',
    ),
    "no service": ({"op": "call_service", "id": 1}, 'call_service needs "service"'),
    "no action": ({"op": "send_action_goal", "id": 1, "action_type": "x/Y"}, 'needs "action"'),
}


@pytest.mark.parametrize(("request_", "reason"), STATUS.values(), ids=STATUS)
def test_a_status_answers(own: BridgeProcess, request_: str | dict[str, Any], reason: str) -> None:
    with Client(own.url) as client:
        client.send(request_)
        answer = client.wait(lambda m: True)
        assert answer["op"] == "status"
        assert answer["level"] == "error"
        assert reason in answer["msg"]
        if isinstance(request_, dict) and isinstance(request_.get("id"), int):
            assert answer["id"] == request_["id"]
        else:
            assert "id" not in answer or answer["id"] == 1
        client.send({"op": "unsubscribe", "id": "next", "topic": OUR})
        assert client.wait(lambda m: True)["id"] == "next"


CALLS: dict[str, tuple[dict[str, Any], str]] = {
    "foreign": ({"service": "/robot/shutdown"}, "The service /robot/shutdown is not open"),
    "rosapi": ({"service": "/rosapi/topics"}, "not open"),
    "no name": ({"service": "/training_manager/{x}"}, "is no name of a service"),
    "not there": ({"service": OUR}, "There is no service"),
    "timeout of a wrong type": ({"service": OUR, "timeout": "soon"}, '"timeout" of call_service'),
}


@pytest.mark.parametrize(("fields", "reason"), CALLS.values(), ids=CALLS)
def test_a_failed_call_is_answered_as_a_call(
    own_client: Client, fields: dict[str, Any], reason: str
) -> None:
    answer = own_client.ask({"op": "call_service", "id": "c", **fields})
    assert answer["op"] == "service_response"
    assert answer["service"] == fields["service"]
    assert answer["result"] is False
    assert reason in answer["values"]


GOALS: dict[str, tuple[dict[str, Any], str]] = {
    "foreign": ({"action": "/robot/dance"}, "The action /robot/dance is not open"),
    "not there": ({"action": OUR}, "There is no action"),
    "no type": ({"action": OUR, "action_type": None}, 'send_action_goal needs "action_type"'),
    "unknown type": ({"action": OUR, "action_type": "test_msgs/Nothing"}, "is not installed"),
    "type of a message": ({"action": OUR, "action_type": "std_msgs/msg/String"}, "type of an"),
}


@pytest.mark.parametrize(("fields", "reason"), GOALS.values(), ids=GOALS)
def test_a_failed_goal_is_answered_as_a_goal(
    own_client: Client, fields: dict[str, Any], reason: str
) -> None:
    message = {"op": "send_action_goal", "id": "g", "action_type": "test_msgs/Fibonacci", **fields}
    answer = own_client.ask(message)
    assert answer["op"] == "action_result"
    assert answer["action"] == fields["action"]
    assert answer["result"] is False
    assert answer["status"] == 0
    assert reason in answer["values"]


def test_a_binary_message_is_answered(own_client: Client) -> None:
    own_client.send(b"\xa1\x62op")
    assert "no binary messages" in own_client.wait(lambda m: True)["msg"]


def test_a_large_message_is_answered_and_a_huge_one_ends_the_connection(
    own: BridgeProcess,
) -> None:
    with Client(own.url) as client:
        client.send(json.dumps({"op": "publish", "topic": OUR, "msg": {"data": "x" * 11_000_000}}))
        assert "larger than the 10000000 bytes" in client.wait(lambda m: True, 30)["msg"]
        with contextlib.suppress(WebSocketClosedError):  # it may be closed before all is sent
            client.send("x" * 21_000_000)
        assert client.wait_closed(30)[0] in (1009, None)  # the reason may be lost with the rest


def test_levels_choose_what_is_told(own_client: Client, peer: object, name: str) -> None:
    subscribe = {"op": "subscribe", "id": "s", "topic": name, "type": "std_msgs/String"}
    own_client.send({"op": "set_level", "level": "info"})
    answer = own_client.ask(subscribe)
    assert (answer["level"], answer["msg"]) == ("info", f"Subscribed to {name}")
    own_client.send({"op": "set_level", "level": "none"})
    own_client.send({"op": "nonsense", "id": "quiet"})
    own_client.send({"op": "set_level", "level": "error"})
    own_client.send({"op": "nonsense", "id": "loud"})
    assert own_client.wait(lambda m: True)["id"] == "loud"


def test_a_name_without_its_slash_is_the_same(own_client: Client, peer: Any, name: str) -> None:
    publisher = peer.publisher(String, name)
    spelled = name.lstrip("/")
    own_client.send({"op": "subscribe", "topic": spelled, "type": "std_msgs/String"})
    peer.matched(publisher).publish(String(data="x"))
    assert own_client.published(spelled) == {"data": "x"}
