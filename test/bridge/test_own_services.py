"""What our bridge does with services beyond the other one."""

from __future__ import annotations

import threading
import time
from typing import Any

from bridges import BridgeProcess
from peer import Peer, eventually
from std_srvs.srv import SetBool, Trigger
from wire import Client


def test_a_time_limit_ends_the_wait(own_client: Client, peer: Peer, name: str) -> None:
    go = threading.Event()

    def stuck(request: Any, response: Any) -> Any:
        go.wait(10)
        return response

    peer.serve(SetBool, name, stuck)
    before = time.monotonic()
    answer = own_client.ask({"op": "call_service", "id": 1, "service": name, "timeout": 0.3})
    assert time.monotonic() - before < 5
    assert answer["result"] is False
    assert answer["values"] == f"The service {name} did not answer within 0.3 s."
    go.set()
    answer = own_client.ask({"op": "call_service", "id": 2, "service": name, "timeout": 0})
    assert answer["result"] is True


def test_a_missing_service_is_answered_soon(own_client: Client, name: str) -> None:
    before = time.monotonic()
    answer = own_client.ask({"op": "call_service", "id": 1, "service": name})
    assert time.monotonic() - before < 5
    assert answer["values"] == f"There is no service {name}; is its node running?"


def test_a_service_that_is_just_starting_is_waited_for(
    own_client: Client, peer: Peer, name: str
) -> None:
    own_client.send({"op": "call_service", "id": 1, "service": name})
    peer.serve(SetBool, name, lambda request, response: response)
    assert own_client.wait(lambda m: m.get("id") == 1)["result"] is True


def test_a_service_may_come_back_with_another_type(
    own_client: Client, peer: Peer, name: str
) -> None:
    first = peer.serve(SetBool, name, lambda request, response: response)
    answer = own_client.ask(
        {"op": "call_service", "id": 1, "service": name, "args": {"data": True}}
    )
    assert answer["result"] is True
    peer.node.destroy_service(first)
    eventually(lambda: name not in dict(peer.node.get_service_names_and_types_by_node("peer", "/")))
    peer.serve(Trigger, name, lambda request, response: response)
    answer = own_client.ask(
        {"op": "call_service", "id": 2, "service": name, "args": {"data": True}}
    )
    assert answer["result"] is False
    assert "data is no field" in answer["values"]
    assert own_client.ask({"op": "call_service", "id": 3, "service": name})["result"] is True


def test_many_calls_at_once_get_their_own_answers(
    own_client: Client, peer: Peer, name: str
) -> None:
    def echo(request: Any, response: Any) -> Any:
        response.success = request.data
        return response

    peer.serve(SetBool, name, echo)
    for number in range(90):
        own_client.send(
            {
                "op": "call_service",
                "id": number,
                "service": name,
                "args": {"data": number % 3 == 0},
            }
        )
    answers = {}
    for _ in range(90):
        answer = own_client.wait(lambda m: m["op"] == "service_response")
        assert answer["result"] is True, answer
        answers[answer["id"]] = answer["values"]["success"]
    assert answers == {number: number % 3 == 0 for number in range(90)}


def test_too_many_open_calls_are_refused(own: BridgeProcess, peer: Peer, name: str) -> None:
    with Client(own.url) as client:
        for number in range(101):
            client.send({"op": "call_service", "id": number, "service": name})
        answer = client.wait(lambda m: m["id"] == 100)
        assert "100 calls and goals of this client are open already" in answer["values"]


def test_a_client_that_leaves_takes_its_calls_along(
    own: BridgeProcess, own_client: Client, peer: Peer, name: str
) -> None:
    peer.serve(SetBool, name, lambda request, response: response)
    for _ in range(5):
        with Client(own.url) as client:
            client.send({"op": "call_service", "id": 1, "service": name})
            client.send({"op": "call_service", "id": 2, "service": name + "_not_there"})
    assert own_client.ask({"op": "call_service", "id": 3, "service": name})["result"] is True
