"""`ros2 launch training_manager ui.launch.py`, where a ROS distribution has what it needs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("launch_ros", reason="launch_ros is not installed")
pytest.importorskip("ros2launch", reason="ros2launch is not installed")
if shutil.which("ros2") is None:
    pytest.skip("the command ros2 is not on the path", allow_module_level=True)

from ament_index_python.packages import PackageNotFoundError, get_package_prefix

try:
    get_package_prefix("training_manager")
except PackageNotFoundError:
    pytest.skip("training_manager is not in the ament index", allow_module_level=True)

KEY = "the-key-of-a-test"
DEADLINE = 60.0
ECHO = ("--once", "--qos-durability", "transient_local", "--qos-reliability", "reliable")


def until(condition: Callable[[], object], what: str) -> object:
    deadline = time.monotonic() + DEADLINE
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} in time"
        time.sleep(0.05)
    return value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def status(port: int, path: str = "/api/session") -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def listeners(pids: set[int]) -> set[str]:
    """Addresses on which these processes listen for TCP connections, as hexadecimal."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = os.readlink(link)
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}


def processes(session: int, word: str = "") -> set[int]:
    """Ids of the processes of a session whose command line has `word`."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX" and word in command:
            found.add(int(folder.name))
    return found


def has_key(pid: int) -> bool:
    """Whether a process was given the service key of the training server."""
    return KEY.encode() in Path(f"/proc/{pid}/environ").read_bytes()


@pytest.fixture(params=["own", "rosbridge"])
def launched(
    request: pytest.FixtureRequest, domain: int, sample_skills: Path, tmp_path: Path
) -> Iterator[tuple[subprocess.Popen[bytes], int, str]]:
    """Everything started by launch with one of the bridges: the process, the port, the bridge."""
    if request.param == "rosbridge":
        try:
            get_package_prefix("rosbridge_server")
        except PackageNotFoundError:
            pytest.skip("rosbridge_server is not installed")
    port = free_port()
    environment = os.environ | {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "ROS_LOG_DIR": str(tmp_path / "log"),
        "INNATE_SERVICE_KEY": KEY,
    }
    arguments = [f"skills_dir:={sample_skills}", f"port:={port}", f"bridge:={request.param}"]
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            ["ros2", "launch", "training_manager", "ui.launch.py", *arguments],
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    yield process, port, request.param
    for pid in processes(process.pid):
        os.kill(pid, signal.SIGKILL)
    process.wait()


def test_launch_starts_all_brings_back_what_dies_and_ends_it(launched, sample_skills: Path):
    process, port, bridge = launched
    until(lambda: status(port) == 401, "the panel answered")
    word = "rosbridge_websocket" if bridge == "rosbridge" else "training_manager/bridge"
    until(lambda: processes(process.pid, word), "the bridge ran")

    echo = ["ros2", "topic", "echo", "--no-daemon", *ECHO, "/training_manager/skills"]
    echoed = subprocess.run(
        [*echo, "training_manager/msg/SkillList"], capture_output=True, text=True, timeout=60
    )
    names = [path.parent.name for path in sample_skills.glob("*/metadata.json")]
    for name in names:
        assert f"name: {name}" in echoed.stdout, echoed.stderr
    request = json.dumps({"name": names[0]})
    call = ["ros2", "service", "call", "/training_manager/get_skill"]
    called = subprocess.run(
        [*call, "training_manager/srv/GetSkill", request],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "success=True" in called.stdout, called.stderr

    knows = {
        name: any(has_key(pid) for pid in processes(process.pid, name))
        for name in (word, "training_manager/panel", "training_manager/node")
    }
    assert knows == {word: False, "training_manager/panel": False, "training_manager/node": True}

    bridges = processes(process.pid, word)
    assert until(lambda: listeners(bridges), "the bridge listened") == {"0100007F"}
    for pid in bridges:
        os.kill(pid, signal.SIGKILL)
    until(lambda: processes(process.pid, word) - bridges, "the bridge came back")

    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait(DEADLINE)
    until(lambda: not processes(process.pid), "all of it ended")
    assert time.monotonic() - began < 8.0  # 5 s, and a loaded machine's slack


def test_launch_says_that_the_port_is_taken(domain: int, tmp_path: Path):
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            ["ros2", "launch", "training_manager", "ui.launch.py", f"port:={port}"],
            env=os.environ | {"ROS_LOG_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.returncode == 1
    assert f"Port {port} is taken" in result.stdout + result.stderr
