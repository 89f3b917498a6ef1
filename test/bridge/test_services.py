"""Calling services, through either bridge."""

from __future__ import annotations

import time
from typing import Any

from peer import Peer, eventually
from std_srvs.srv import SetBool
from wire import Client


def echo(request: Any, response: Any) -> Any:
    response.success = request.data
    response.message = "done"
    return response


def test_a_service_answers(client: Client, peer: Peer, name: str) -> None:
    peer.serve(SetBool, name, echo)
    eventually(lambda: name in dict(peer.node.get_service_names_and_types()))
    time.sleep(0.3)
    for args in ({"data": True}, [True]):
        answer = client.ask({"op": "call_service", "id": "c", "service": name, "args": args})
        assert answer == {
            "op": "service_response",
            "id": "c",
            "service": name,
            "values": {"success": True, "message": "done"},
            "result": True,
        }


def test_a_service_without_arguments_answers(client: Client, peer: Peer, name: str) -> None:
    peer.serve(SetBool, name, echo)
    eventually(lambda: name in dict(peer.node.get_service_names_and_types()))
    time.sleep(0.3)
    answer = client.ask({"op": "call_service", "id": "c", "service": name})
    assert answer["values"] == {"success": False, "message": "done"}


def test_calls_run_at_the_same_time(client: Client, peer: Peer, name: str) -> None:
    def slow(request: Any, response: Any) -> Any:
        time.sleep(0.5 if request.data else 0)
        return response

    peer.serve(SetBool, name, slow)
    eventually(lambda: name in dict(peer.node.get_service_names_and_types()))
    time.sleep(0.3)
    for request_id, wait in (("slow", True), ("quick", False)):
        client.send(
            {"op": "call_service", "id": request_id, "service": name, "args": {"data": wait}}
        )
    answers = [client.wait(lambda m: m["op"] == "service_response")["id"] for _ in range(2)]
    assert answers == ["quick", "slow"]


def test_wrong_arguments_fail(client: Client, peer: Peer, name: str) -> None:
    peer.serve(SetBool, name, echo)
    eventually(lambda: name in dict(peer.node.get_service_names_and_types()))
    time.sleep(0.3)
    answer = client.ask({"op": "call_service", "id": "c", "service": name, "args": {"data": "yes"}})
    assert answer["result"] is False
    assert "data" in answer["values"]
    answer = client.ask({"op": "call_service", "id": "c", "service": name, "args": {"datum": 1}})
    assert answer["result"] is False
    assert "datum" in answer["values"]


def test_a_service_that_is_not_there_fails(client: Client, name: str) -> None:
    answer = client.ask({"op": "call_service", "id": "c", "service": name})
    assert answer["op"] == "service_response"
    assert answer["result"] is False
    assert name in answer["values"]
