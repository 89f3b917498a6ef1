"""Subscribing and publishing, through either bridge."""

from __future__ import annotations

import time

from bridges import BridgeProcess
from peer import BEST_EFFORT, LATCHED, Peer, eventually
from std_msgs.msg import String, UInt8MultiArray
from test_msgs.msg import BasicTypes
from wire import Client

TYPE = "std_msgs/msg/String"


def test_messages_reach_a_subscriber(client: Client, peer: Peer, name: str) -> None:
    publisher = peer.publisher(String, name)
    client.send({"op": "subscribe", "id": "s", "topic": name, "type": TYPE})
    peer.matched(publisher).publish(String(data="hällo"))
    assert client.published(name) == {"data": "hällo"}


def test_the_type_may_be_left_out(client: Client, peer: Peer, name: str) -> None:
    publisher = peer.publisher(String, name, LATCHED)
    publisher.publish(String(data="known"))
    time.sleep(0.5)  # the graph of either bridge has to know the topic
    client.send({"op": "subscribe", "topic": name})
    assert client.published(name) == {"data": "known"}


def test_what_is_latched_reaches_who_comes_later(
    bridge: BridgeProcess, peer: Peer, name: str
) -> None:
    publisher = peer.publisher(String, name, LATCHED)
    publisher.publish(String(data="state"))
    for _ in range(2):
        with Client(bridge.url) as first, Client(bridge.url) as second:
            for client in (first, second):
                client.send({"op": "subscribe", "topic": name, "type": "std_msgs/String"})
                assert client.published(name) == {"data": "state"}
            publisher.publish(String(data="state"))
            for client in (first, second):
                assert client.published(name) == {"data": "state"}


def test_a_latching_publisher_may_appear_later(client: Client, peer: Peer, name: str) -> None:
    client.send({"op": "subscribe", "id": "1", "topic": name, "type": TYPE})
    publisher = peer.publisher(String, name, LATCHED)
    peer.matched(publisher).publish(String(data="early"))
    assert client.published(name) == {"data": "early"}


def test_a_best_effort_publisher_is_heard(client: Client, peer: Peer, name: str) -> None:
    publisher = peer.publisher(String, name, BEST_EFFORT)
    time.sleep(0.5)
    client.send({"op": "subscribe", "topic": name, "type": TYPE})
    peer.matched(publisher).publish(String(data="quick"))
    assert client.published(name) == {"data": "quick"}


def test_publishing_reaches_ros(client: Client, peer: Peer, name: str) -> None:
    arrived = peer.listen(String, name)
    client.send({"op": "advertise", "id": "a", "topic": name, "type": "std_msgs/String"})
    eventually(lambda: peer.node.count_publishers(name))

    def sent() -> bool:
        client.send({"op": "publish", "topic": name, "msg": {"data": "from the web"}})
        time.sleep(0.05)
        return bool(arrived)

    eventually(sent)
    assert arrived[0].data == "from the web"


def test_a_latched_publication_reaches_who_comes_later(
    client: Client, peer: Peer, name: str
) -> None:
    client.send({"op": "advertise", "topic": name, "type": TYPE, "latch": True})
    client.send({"op": "publish", "topic": name, "msg": {"data": "kept"}})
    eventually(lambda: peer.node.count_publishers(name))
    arrived = peer.listen(String, name, LATCHED)
    eventually(lambda: arrived)
    assert arrived[0].data == "kept"


def test_every_kind_of_value_arrives(client: Client, peer: Peer, name: str) -> None:
    publisher = peer.publisher(BasicTypes, name, LATCHED)
    publisher.publish(
        BasicTypes(
            bool_value=True,
            byte_value=b"\xff",
            char_value=65,
            float32_value=1.5,
            float64_value=float("nan"),
            int64_value=-(2**63),
            uint64_value=2**64 - 1,
        )
    )
    client.send({"op": "subscribe", "topic": name, "type": "test_msgs/msg/BasicTypes"})
    message = client.published(name)
    assert message["bool_value"] is True
    assert message["byte_value"] == 255
    assert message["char_value"] == 65
    assert message["float32_value"] == 1.5
    assert message["float64_value"] is None
    assert message["int64_value"] == -(2**63)
    assert message["uint64_value"] == 2**64 - 1


def test_bytes_are_base64(client: Client, peer: Peer, name: str) -> None:
    publisher = peer.publisher(UInt8MultiArray, name, LATCHED)
    publisher.publish(UInt8MultiArray(data=b"\0\1\xff"))
    client.send({"op": "subscribe", "topic": name, "type": "std_msgs/UInt8MultiArray"})
    message = client.published(name)
    assert message == {"layout": {"dim": [], "data_offset": 0}, "data": "AAH/"}


def test_unsubscribing_by_id_keeps_the_other_subscription(
    client: Client, peer: Peer, name: str
) -> None:
    publisher = peer.publisher(String, name)
    for request_id in ("one", "two"):
        client.send({"op": "subscribe", "id": request_id, "topic": name, "type": TYPE})
    client.send({"op": "unsubscribe", "id": "one", "topic": name})
    peer.matched(publisher)
    time.sleep(0.3)
    publisher.publish(String(data="still"))
    assert client.published(name) == {"data": "still"}
    client.send({"op": "unsubscribe", "id": "two", "topic": name})
    eventually(lambda: publisher.get_subscription_count() == 0)


def test_two_clients_share_and_one_leaves(bridge: BridgeProcess, peer: Peer, name: str) -> None:
    publisher = peer.publisher(String, name)
    with Client(bridge.url) as stays:
        with Client(bridge.url) as leaves:
            for client in (stays, leaves):
                client.send({"op": "subscribe", "topic": name, "type": TYPE})
            peer.matched(publisher)
            time.sleep(0.3)
            publisher.publish(String(data="both"))
            for client in (stays, leaves):
                assert client.published(name) == {"data": "both"}
        publisher.publish(String(data="one"))
        assert stays.published(name) == {"data": "one"}


def test_throttling_spaces_messages_out(client: Client, peer: Peer, name: str) -> None:
    publisher = peer.publisher(String, name)
    client.send(
        {"op": "subscribe", "topic": name, "type": TYPE, "throttle_rate": 200, "queue_length": 1}
    )
    peer.matched(publisher)
    begin = time.monotonic()
    for number in range(100):
        publisher.publish(String(data=str(number)))
        time.sleep(0.005)
    time.sleep(0.5)
    numbers = [int(m["msg"]["data"]) for m in client.received if m["op"] == "publish"]
    assert 2 <= len(numbers) <= (time.monotonic() - begin) / 0.2 + 1
    assert numbers == sorted(numbers)
