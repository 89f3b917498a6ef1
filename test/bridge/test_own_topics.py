"""What our bridge does with topics beyond the other one."""

from __future__ import annotations

import time

from bridges import BridgeProcess
from peer import BEST_EFFORT, LATCHED, VOLATILE, Peer, eventually
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String
from wire import Client

TYPE = "std_msgs/msg/String"
LOGS = QoSProfile(depth=500, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def data(client: Client) -> list[str]:
    return [m["msg"]["data"] for m in client.received if m["op"] == "publish"]


def test_all_that_is_latched_arrives_once_and_in_order(
    own: BridgeProcess, peer: Peer, name: str
) -> None:
    publisher = peer.publisher(String, name, LOGS)
    expected = [str(number) for number in range(500)]
    for text in expected:
        publisher.publish(String(data=text))
    with Client(own.url) as first, Client(own.url) as second:
        for client in (first, second):
            client.send({"op": "subscribe", "topic": name, "type": TYPE})
            eventually(lambda client=client: len(data(client)) >= 500)
        for number in range(500, 600):
            publisher.publish(String(data=str(number)))
            expected.append(str(number))
        for client in (first, second):
            eventually(lambda client=client: len(data(client)) >= 600)
        # The second one's own reader is given up after seconds; nothing comes again or is lost.
        eventually(lambda: publisher.get_subscription_count() == 1, timeout=20)
        publisher.publish(String(data="last"))
        for client in (first, second):
            eventually(lambda client=client: data(client)[-1] == "last")
            assert data(client) == [*expected, "last"]


def test_a_client_that_subscribes_again_gets_what_is_latched_again(
    own_client: Client, peer: Peer, name: str
) -> None:
    peer.publisher(String, name, LATCHED).publish(String(data="state"))
    for request_id in ("list", "detail"):
        own_client.send({"op": "subscribe", "id": request_id, "topic": name, "type": TYPE})
        assert own_client.published(name) == {"data": "state"}


def test_publishers_of_all_qualities_are_heard_once(
    own_client: Client, peer: Peer, name: str
) -> None:
    own_client.send({"op": "subscribe", "topic": name, "type": TYPE})
    published: list[str] = []
    for word, qos, readers in (
        ("latched", LATCHED, 1),
        ("volatile", VOLATILE, 1),
        ("latched again", LATCHED, 2),
        ("best effort", BEST_EFFORT, 1),
    ):
        publisher = peer.publisher(String, name, qos)
        peer.matched(publisher, readers)
        publisher.publish(String(data=word))
        published.append(word)
        eventually(lambda: set(published) <= set(data(own_client)))
    time.sleep(0.3)
    assert sorted(data(own_client)) == sorted(published)


def test_a_latching_publisher_that_joins_a_volatile_one_is_found(
    own_client: Client, peer: Peer, name: str
) -> None:
    peer.publisher(String, name, VOLATILE)
    eventually(lambda: peer.node.count_publishers(name))
    time.sleep(0.3)
    own_client.send({"op": "subscribe", "topic": name, "type": TYPE})
    eventually(lambda: peer.node.count_subscribers(name))
    peer.publisher(String, name, LATCHED).publish(String(data="state"))
    assert own_client.published(name) == {"data": "state"}


def test_a_burst_is_not_lost(own_client: Client, peer: Peer, name: str) -> None:
    publisher = peer.publisher(String, name)
    own_client.send({"op": "subscribe", "topic": name, "type": TYPE})
    peer.matched(publisher)
    expected = [f"{number} {'x' * 300}" for number in range(500)]
    for text in expected:
        publisher.publish(String(data=text))
    eventually(lambda: len(data(own_client)) >= 500)
    assert data(own_client) == expected


def test_throttled_state_ends_with_the_newest(own_client: Client, peer: Peer, name: str) -> None:
    publisher = peer.publisher(String, name, LATCHED)
    own_client.send({"op": "subscribe", "topic": name, "type": TYPE, "throttle_rate": 300})
    peer.matched(publisher)
    for number in range(20):
        publisher.publish(String(data=str(number)))
    eventually(lambda: data(own_client)[-1:] == ["19"])
    assert len(data(own_client)) <= 3


def test_a_topic_with_another_type_is_refused(own_client: Client, peer: Peer, name: str) -> None:
    peer.publisher(String, name)
    eventually(lambda: peer.node.count_publishers(name))
    time.sleep(0.3)
    for op in ("subscribe", "advertise"):
        answer = own_client.ask({"op": op, "id": op, "topic": name, "type": "std_msgs/Bool"})
        assert answer["op"] == "status"
        assert answer["level"] == "error"
        assert "has the type std_msgs/msg/String" in answer["msg"]


def test_a_message_that_does_not_fit_names_its_field(
    own_client: Client, peer: Peer, name: str
) -> None:
    own_client.send({"op": "advertise", "topic": name, "type": "diagnostic_msgs/DiagnosticArray"})
    message = {"status": [{"values": [{"key": 1}]}]}
    answer = own_client.ask({"op": "publish", "id": 7, "topic": name, "msg": message})
    assert answer["id"] == 7
    assert "status[0].values[0].key must be a string, not a number" in answer["msg"]


def test_publishing_needs_no_advertisement_where_the_topic_exists(
    own_client: Client, peer: Peer, name: str
) -> None:
    arrived = peer.listen(String, name)
    eventually(lambda: peer.node.count_subscribers(name))
    time.sleep(0.3)

    def sent() -> bool:
        own_client.send({"op": "publish", "topic": name, "msg": {"data": "x"}})
        time.sleep(0.05)
        return bool(arrived)

    eventually(sent)


def test_readers_and_publishers_go_with_the_last_client(
    own: BridgeProcess, peer: Peer, name: str
) -> None:
    with Client(own.url) as client:
        client.send({"op": "subscribe", "topic": name, "type": TYPE})
        client.send({"op": "advertise", "topic": name, "type": TYPE})
        eventually(lambda: peer.node.count_subscribers(name) and peer.node.count_publishers(name))
    eventually(lambda: peer.node.count_subscribers(name) == 0)
    eventually(lambda: peer.node.count_publishers(name) == 0, timeout=15)
