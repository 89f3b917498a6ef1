"""The bridge as a process: where it listens, whom it lets in, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from bridges import OWN, BridgeProcess, environment, free_port, start
from peer import Peer, eventually
from rcl_interfaces.msg import Log
from tornado.httpclient import HTTPClientError
from wire import Client


def run(domain: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "training_manager_ros.bridge", *arguments],
        env=os.environ | environment(domain),
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_it_starts_again(domain: int, number: int) -> None:
    for _ in range(2):
        with start(OWN, domain) as bridge, Client(bridge.url) as client:
            client.send(
                {"op": "subscribe", "topic": "/training_manager/x", "type": "std_msgs/Bool"}
            )
            client.send({"op": "call_service", "id": 1, "service": "/training_manager/x"})
            client.ask({"op": "unknown", "id": 2})
            before = time.monotonic()
            bridge.process.send_signal(number)
            assert bridge.process.wait(10) == 0
            assert time.monotonic() - before < 2


def test_a_taken_port_is_told_and_is_exit_code_1(own: BridgeProcess, domain: int) -> None:
    done = run(domain, "--port", str(own.port))
    assert done.returncode == 1
    assert f"Port {own.port} on 127.0.0.1 is taken." in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_of_another_machine_is_told(domain: int) -> None:
    done = run(domain, "--address", "192.0.2.1", "--port", "0")
    assert done.returncode == 1
    assert "can't listen on 192.0.2.1" in done.stderr


def test_wrong_globs_are_told(domain: int) -> None:
    done = run(domain, "--topics_glob", "/a/*")
    assert done.returncode == 2
    assert "write it like [/a/*, /b]" in done.stderr


def test_port_0_prints_the_port(domain: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "training_manager_ros.bridge", "--port", "0"],
        env=os.environ | environment(domain),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1]
    with Client(url) as client:
        client.ask({"op": "unknown", "id": 1})
    process.terminate()
    assert process.wait(10) == 0


def test_it_listens_on_loopback_alone(own: BridgeProcess) -> None:
    local = _own_address()
    if local is None:
        pytest.skip("this machine has no address but loopback")
    with pytest.raises(OSError):  # noqa: PT011 - refused or unreachable, by the network
        socket.create_connection((local, own.port), 1).close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:{port}"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Websocket-Origin": "http://evil.example"},
    ],
    ids=str,
)
def test_a_web_page_is_not_let_in(own: BridgeProcess, headers: dict[str, str]) -> None:
    filled = {name: value.format(port=own.port) for name, value in headers.items()}
    with pytest.raises(HTTPClientError) as refused:
        Client(own.url, filled)
    assert refused.value.code == 403


def test_an_allowed_origin_is_let_in(domain: int) -> None:
    with start(OWN, domain, "--allow-origin", "http://panel.example") as bridge:
        with Client(bridge.url, {"Origin": "http://panel.example"}) as client:
            client.ask({"op": "unknown", "id": 1})
        with pytest.raises(HTTPClientError):
            Client(bridge.url, {"Origin": "http://other.example"})


def test_globs_open_other_names(domain: int, peer: Peer) -> None:
    with (
        start(OWN, domain, "--topics_glob", "[/arm/*, /head]", "--services_glob", "[]") as bridge,
        Client(bridge.url) as client,
    ):
        for topic, allowed in (("/arm/joints", True), ("/head", True), ("/heads", False)):
            client.send({"op": "set_level", "level": "info"})
            answer = client.ask(
                {"op": "subscribe", "id": topic, "topic": topic, "type": "std_msgs/Bool"}
            )
            assert (answer["level"] == "info") is allowed
        answer = client.ask({"op": "call_service", "id": 1, "service": "/training_manager/x"})
        assert "allowed: none" in answer["values"]


def test_its_log_reaches_the_node(domain: int, peer: Peer) -> None:
    lines: list[Log] = peer.listen(Log, "/training_manager/log_input")
    with start(OWN, domain) as bridge:

        def connected() -> bool:
            with Client(bridge.url) as client:
                client.ask({"op": "unknown", "id": 1})
            return any(line.msg == "A client has connected" for line in lines)

        eventually(connected)
    line = next(line for line in lines if line.msg == "A client has connected")
    assert line.name == "training_manager.bridge"
    assert line.level == 20


def test_it_bears_arguments_of_ros(domain: int) -> None:
    done = subprocess.Popen(
        [*OWN[:3], "--port", str(free_port()), "--ros-args", "-r", "__node:=another"],
        env=os.environ | environment(domain),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert done.stdout is not None
    assert done.stdout.readline().startswith(b"rosbridge on ws://127.0.0.1:")
    done.terminate()
    assert done.wait(10) == 0


def _own_address() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address
