"""Subscribing and publishing, through either bridge."""

from __future__ import annotations

from bridges import BridgeProcess
from peer import LATCHED, Peer
from std_msgs.msg import String
from wire import Client


def test_messages_reach_a_subscriber(client: Client, peer: Peer, name: str) -> None:
    publisher = peer.publisher(String, name)
    client.send({"op": "subscribe", "id": "s", "topic": name, "type": "std_msgs/msg/String"})
    peer.matched(publisher).publish(String(data="hällo"))
    assert client.published(name) == {"data": "hällo"}


def test_what_is_latched_reaches_who_comes_later(
    bridge: BridgeProcess, peer: Peer, name: str
) -> None:
    publisher = peer.publisher(String, name, LATCHED)
    publisher.publish(String(data="state"))
    for _ in range(3):
        with Client(bridge.url) as first, Client(bridge.url) as second:
            for client in (first, second):
                client.send({"op": "subscribe", "topic": name, "type": "std_msgs/String"})
                assert client.published(name) == {"data": "state"}


def test_a_latching_publisher_may_appear_later(client: Client, peer: Peer, name: str) -> None:
    client.send({"op": "subscribe", "id": "1", "topic": name, "type": "std_msgs/msg/String"})
    publisher = peer.publisher(String, name, LATCHED)
    publisher.publish(String(data="early"))
    assert client.published(name) == {"data": "early"}
