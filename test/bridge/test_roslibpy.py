"""roslibpy, the Python client of rosbridge, against either bridge."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any

import pytest
from bridges import BridgeProcess
from peer import LATCHED, Peer, eventually
from std_msgs.msg import String
from std_srvs.srv import SetBool

# In a process of its own: its reactor can't be started twice.
CLIENT = """
import sys, threading, roslibpy
port, name = int(sys.argv[1]), sys.argv[2]
ros = roslibpy.Ros("127.0.0.1", port)
ros.run(15)
got = threading.Event()
topic = roslibpy.Topic(ros, name + "/state", "std_msgs/String")
topic.subscribe(lambda message: (print("latched", message["data"], flush=True), got.set()))
assert got.wait(15), "nothing latched"
topic.unsubscribe()
web = roslibpy.Topic(ros, name + "/web", "std_msgs/String", latch=True)
web.publish(roslibpy.Message({"data": "from roslibpy"}))
flag = roslibpy.Service(ros, name + "/flag", "std_srvs/SetBool")
print("call", flag.call(roslibpy.ServiceRequest({"data": True}), timeout=10)["success"], flush=True)
try:
    flag.call(roslibpy.ServiceRequest({"data": "wrong"}), timeout=10)
except Exception as error:
    print("failed", "data" in str(error), flush=True)
print("done", flush=True)
sys.stdin.readline()
ros.terminate()
"""


def test_roslibpy_can_do_everything(bridge: BridgeProcess, peer: Peer, name: str) -> None:
    pytest.importorskip("roslibpy", reason="roslibpy is not installed")

    def answer(request: Any, response: Any) -> Any:
        response.success = request.data
        return response

    peer.publisher(String, f"{name}/state", LATCHED).publish(String(data="kept"))
    peer.serve(SetBool, f"{name}/flag", answer)
    arrived = peer.listen(String, f"{name}/web", LATCHED)
    time.sleep(1)  # for the real bridge, whose first look at the graph is its last
    process = subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(bridge.port), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": ""},
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if line == "done\n":
            eventually(lambda: arrived)
            break
    _, errors = process.communicate("\n", timeout=20)
    assert lines == ["latched kept", "call True", "failed True", "done"], errors
    assert arrived[0].data == "from roslibpy"
