"""How fast and how light the bridges are, side by side: python bench/bridge.py [--seconds 5].

Our bridge, and the real rosbridge_server where it is installed, one after the other under the same
load: messages a second to one client, latency at 100 Hz, service calls, an idle client's cost, and
memory with a client that has stopped reading. Publisher and service are in a process of their own.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "test" / "bridge")]

from bridges import OWN, BridgeProcess, environment, rosbridge_server, start  # noqa: E402

STREAM = "/training_manager/bench_stream"
SERVICE = "/training_manager/bench_service"
LIMITS = {
    "messages/s": (">=", 1500),
    "lost at 1500/s (%)": ("<=", 0),
    "latency p99 (ms)": ("<=", 5),
    "call p90 (ms)": ("<=", 5),
    "idle CPU (%)": ("<=", 1),
    "stalled: grown (MB)": ("<=", 30),
}


class Wire:
    """A WebSocket client with as little overhead as Python allows."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._buffer = b""
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self._socket.recv(65536)
        self._buffer = self._buffer.split(b"\r\n\r\n", 1)[1]

    def send(self, **message: Any) -> None:
        payload = json.dumps(message).encode()
        mask = b"\0\0\0\0"  # a mask of zeros changes nothing
        if len(payload) < 126:
            head = bytes((0x81, 0x80 | len(payload)))
        else:
            head = bytes((0x81, 0x80 | 126)) + len(payload).to_bytes(2, "big")
        self._socket.sendall(head + mask + payload)

    def receive(self, deadline: float) -> bytes | None:
        """The next text; None when the time is over."""
        while True:
            frame = self._frame()
            if frame is not None:
                opcode, payload = frame
                if opcode == 1:
                    return payload
                continue
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._socket.settimeout(left)
            try:
                self._buffer += self._socket.recv(262144)
            except TimeoutError:
                return None

    def _frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 0x7F, 2
        if size == 126:
            size, start = int.from_bytes(buffer[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < start + size:
            return None
        self._buffer = buffer[start + size :]
        return buffer[0] & 0x0F, buffer[start : start + size]

    def close(self) -> None:
        self._socket.close()


class Peer:
    """The publisher and service, in another process."""

    def __init__(self, domain: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--peer"],
            env=os.environ | environment(domain),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def publish(self, rate: float, seconds: float, size: int = 20) -> None:
        """Begin to publish; `published` waits for the end."""
        assert self._process.stdin is not None
        print(rate, seconds, size, file=self._process.stdin, flush=True)

    def published(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def run_peer() -> None:
    import threading

    import rclpy
    from rclpy.qos import QoSProfile
    from std_msgs.msg import String
    from std_srvs.srv import SetBool

    def answer(request: Any, response: Any) -> Any:
        response.success = request.data
        return response

    rclpy.init()
    node = rclpy.create_node("bench_peer")
    publisher = node.create_publisher(String, STREAM, QoSProfile(depth=500))
    node.create_service(SetBool, SERVICE, answer)
    spinning = threading.Thread(target=rclpy.spin, args=(node,))
    spinning.start()
    print("ready", flush=True)
    for line in sys.stdin:
        rate, seconds, size = (float(part) for part in line.split())
        while publisher.get_subscription_count() == 0:
            time.sleep(0.01)
        begin = time.monotonic()
        count, total, padding = 0, int(rate * seconds), "x" * int(size)
        while count < total:
            now = time.monotonic()
            if now < begin + count / rate:
                time.sleep(max(0.0, begin + count / rate - now))
            publisher.publish(String(data=f"{time.monotonic()!r} {padding}"))
            count += 1
        print(count, flush=True)
    rclpy.shutdown()
    spinning.join()


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure(bridge: BridgeProcess, peer: Peer, seconds: float) -> dict[str, float]:
    figures: dict[str, float] = {"start: RSS (MB)": bridge.rss}
    for load in (
        lambda: idle(bridge, peer, seconds),
        lambda: latency(bridge, peer, seconds),
        lambda: calls(bridge),
        lambda: flood(bridge, peer, seconds),
        lambda: stalled(bridge, peer, seconds),
    ):
        figures |= load()
        print(".", end="", file=sys.stderr, flush=True)
    return figures


@contextlib.contextmanager
def subscribed(bridge: BridgeProcess, peer: Peer) -> Iterator[Wire]:
    """A client to whom messages arrive already; discovery is not what is measured."""
    wire = Wire(bridge.port)
    wire.send(
        op="subscribe", topic=STREAM, type="std_msgs/msg/String", id="bench", queue_length=500
    )
    arrived = False
    while not arrived:
        peer.publish(50, 0.1)
        peer.published()
        while wire.receive(time.monotonic() + 0.3) is not None:
            arrived = True
    yield wire
    wire.close()
    time.sleep(0.5)


def idle(bridge: BridgeProcess, peer: Peer, seconds: float) -> dict[str, float]:
    with subscribed(bridge, peer):
        before = bridge.cpu
        time.sleep(2 * seconds)
        return {"idle CPU (%)": 100 * (bridge.cpu - before) / (2 * seconds)}


def latency(bridge: BridgeProcess, peer: Peer, seconds: float) -> dict[str, float]:
    with subscribed(bridge, peer) as wire:
        peer.publish(100, 2 * seconds)
        delays = []
        deadline = time.monotonic() + 2 * seconds + 1
        while (text := wire.receive(deadline)) is not None:
            arrived = time.monotonic()
            delays.append(1000 * (arrived - float(json.loads(text)["msg"]["data"].split()[0])))
        peer.published()
    return {
        "latency p50 (ms)": statistics.median(delays),
        "latency p99 (ms)": percentile(delays, 0.99),
    }


def calls(bridge: BridgeProcess, count: int = 500) -> dict[str, float]:
    wire = Wire(bridge.port)
    times = []
    for number in range(count):
        begin = time.monotonic()
        wire.send(op="call_service", id=str(number), service=SERVICE, args={"data": True})
        text = wire.receive(begin + 10)
        assert text is not None, "no answer within 10 s"
        assert json.loads(text)["result"] is True, text
        times.append(1000 * (time.monotonic() - begin))
    wire.close()
    return {
        "call p50 (ms)": statistics.median(times),
        "call p90 (ms)": percentile(times, 0.9),
        "call p99 (ms)": percentile(times, 0.99),
    }


def flood(bridge: BridgeProcess, peer: Peer, seconds: float) -> dict[str, float]:
    arrived = throughput(bridge, peer, 1500, seconds)[1]
    return {
        "lost at 1500/s (%)": 100 * (1 - arrived),
        "messages/s": throughput(bridge, peer, 6000, seconds)[0],
        "loaded: RSS (MB)": bridge.rss,
    }


def throughput(
    bridge: BridgeProcess, peer: Peer, rate: float, seconds: float
) -> tuple[float, float]:
    """Messages a second that arrived, and the share of those published."""
    with subscribed(bridge, peer) as wire:
        begin = time.monotonic()
        peer.publish(rate, seconds)
        count, last = 0, begin
        while wire.receive(max(begin + seconds, last) + 1.5) is not None:
            count += 1
            last = time.monotonic()
        return count / (last - begin), count / peer.published()


def stalled(bridge: BridgeProcess, peer: Peer, seconds: float) -> dict[str, float]:
    """Memory after a client has stopped reading while 100 kB messages come at 100 Hz."""
    with subscribed(bridge, peer):
        before = bridge.rss
        peer.publish(100, 2 * seconds, 100_000)
        peer.published()
        time.sleep(1)
        return {"stalled: grown (MB)": bridge.rss - before}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each load")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        run_peer()
        return 0
    # Above 101 the ports of Fast DDS meet Linux's ephemeral ones.
    domain = random.SystemRandom().randrange(1, 101)
    commands = {"ours": OWN}
    real = rosbridge_server()
    if real is None:
        print("rosbridge_server is not installed: ours alone.")
    else:
        commands["rosbridge_server"] = real
    results = {}
    for name, command in commands.items():
        peer = Peer(domain)
        with start(command, domain) as bridge:
            results[name] = measure(bridge, peer, options.seconds)
        peer.close()
    ours = results["ours"]
    print(f"{'':24}" + "".join(f"{name:>18}" for name in results) + f"{'wanted':>12}")
    missed = False
    for figure in ours:
        sign, limit = LIMITS.get(figure, ("", 0.0))
        row = "".join(f"{result[figure]:18.2f}" for result in results.values())
        print(f"{figure:24}{row}{f'{sign} {limit:g}' if sign else '':>12}")
        missed |= (sign == ">=" and ours[figure] < limit) or (
            sign == "<=" and round(ours[figure], 2) > limit
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
