"""roslib, the client in the panel, under Node.js against either bridge."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from bridges import ROOT, BridgeProcess
from peer import LATCHED, Peer
from std_msgs.msg import String
from std_srvs.srv import SetBool

ROSLIB = ROOT / "web" / "node_modules" / "roslib" / "dist" / "RosLib.js"


def test_roslib_can_do_everything(bridge: BridgeProcess, peer: Peer, name: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    if not ROSLIB.is_file():
        pytest.skip("roslib is not installed; run npm ci in web/")

    def answer(request: Any, response: Any) -> Any:
        response.success = request.data
        response.message = "done"
        return response

    peer.publisher(String, f"{name}/state", LATCHED).publish(String(data="state"))
    peer.serve(SetBool, f"{name}/flag", answer)
    echo = peer.publisher(String, f"{name}/echo", LATCHED)
    peer.node.create_subscription(
        String, f"{name}/web", lambda message: echo.publish(message), LATCHED
    )
    with peer.act(f"{name}/count"):
        time.sleep(1)  # for the real bridge, whose first look at the graph is its last
        done = subprocess.run(
            [node, str(Path(__file__).parent / "roslib" / "client.mjs"), ROSLIB, bridge.url, name],
            capture_output=True,
            text=True,
            timeout=100,
        )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["latched"] == {"data": "state"}
    assert seen["echoed"] == {"data": "from roslib"}
    assert seen["call"] == {"values": {"success": True, "message": "done"}}
    assert "data" in seen["wrong"]["error"]
    assert f"{name}/missing" in seen["missing"]["error"]
    assert seen["result"] == {"values": {"sequence": [0, 1, 1, 2, 3, 5]}}
    assert seen["feedback"] == {"sequence": [0, 1, 1, 2, 3, 5]}
    assert "Action was canceled" in seen["cancelled"]["error"]
    assert "Action was canceled" in seen["all"]["error"]
    assert "Action was aborted" in seen["aborted"]["error"]
