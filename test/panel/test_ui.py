"""`training-manager ui`: panel server, node and bridge together, as real processes."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from domains import take_domain
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

from training_manager_ros.orchestrator.engines.processes import marked
from training_manager_ros.orchestrator.services import DataFolder
from training_manager_ros.panel.ui import children
from training_manager_ros.training import TrainingClient, load_settings

KEY = "a-secret-service-key"
needs_ros = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("rclpy", "training_manager")),
    reason="needs rclpy and the generated messages",
)


LOCAL = {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}


def arguments(**changes: object) -> Namespace:
    values = {"server": None, "issuer": None, "token": None, **changes}
    return Namespace(**values)


def test_the_key_goes_to_the_node_alone_and_by_its_environment() -> None:
    for args, environment in (
        (arguments(token=KEY), {"PATH": "/bin"}),
        (arguments(), {"PATH": "/bin", "INNATE_SERVICE_KEY": KEY}),
        (arguments(token=KEY), {"PATH": "/bin", "INNATE_SERVICE_KEY": "an older one"}),
    ):
        node, bridge = children(args, Path("/skills"), 1234, environment)
        assert KEY not in " ".join(node.command + bridge.command)
        assert node.environment == {"PATH": "/bin", "INNATE_SERVICE_KEY": KEY, **LOCAL}
        assert bridge.environment == {"PATH": "/bin", **LOCAL}


def test_a_training_server_of_its_own_gets_no_key() -> None:
    command = ("python", "server")
    server, node, _ = children(arguments(token=KEY), Path("/skills"), 1, {"A": "b"}, command)
    assert (server.command, server.environment) == (command, {"A": "b", **LOCAL})
    assert node.environment["INNATE_SERVICE_KEY"] == KEY


def test_parameters_are_text_whatever_they_look_like() -> None:
    args = arguments(server="http://robot:1", issuer="")
    node, _ = children(args, Path('/a b/"x": 1'), 1234, {})
    options = node.command[node.command.index("--ros-args") :]
    assert options == (
        "--ros-args",
        "-p",
        'skills_dir:="/a b/\\"x\\": 1"',
        "-p",
        'server_url:="http://robot:1"',
        "-p",
        'auth_issuer_url:=""',
    )
    assert node.environment == {"INNATE_AUTH_ISSUER_URL": "", **LOCAL}


@pytest.mark.parametrize(
    "said",
    [
        {"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"},
        {"ROS_LOCALHOST_ONLY": "1"},
        {"ROS_STATIC_PEERS": "192.0.2.7"},
        {"ROS_DISCOVERY_SERVER": "192.0.2.7:11811"},
    ],
)
def test_whom_ros_is_to_find_is_as_the_environment_says(said: dict[str, str]) -> None:
    for child in children(arguments(), Path("/skills"), 1, said):
        assert child.environment == said


def wait_until(condition: Callable[[], object], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


class Ui:
    """The command in a process of its own, with all of its output."""

    def __init__(self, folder: Path, domain: int, *options: str) -> None:
        self.skills = folder / "skills of mine"
        self.skills.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "training_manager_ros", "ui"),
                *("--skills-dir", str(self.skills), "--host", "127.0.0.1", "--port", "0"),
                *options,
            ],
            env={
                **os.environ,
                "XDG_STATE_HOME": str(folder / "state"),
                "XDG_CACHE_HOME": str(folder / "cache"),
                "ROS_DOMAIN_ID": str(domain),
                "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
                "INNATE_SERVICE_KEY": KEY,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line

    @property
    def address(self) -> str:
        wait_until(lambda: re.search(r"http://127\.0\.0\.1:\d+/\?token=\w+\n", self.output))
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\w+", self.output)
        assert found
        return found[0]

    @property
    def port(self) -> int:
        return int(self.address.split(":")[2].split("/")[0])

    def child(self, name: str) -> int:
        """Process id of node or bridge; 0 while it does not run."""
        children_file = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for pid in map(int, children_file.read_text().split()):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if f"training_manager_ros.{name}".encode() in command and b"tether" not in command:
                return pid
        return 0

    def cookies(self) -> dict[str, str]:
        answer = httpx.get(self.address, trust_env=False)
        assert answer.status_code == 303
        return dict(answer.cookies)

    def end(self, number: int = signal.SIGINT) -> float:
        """Send a signal; gives the seconds until the process was gone."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        return time.monotonic() - started

    def clean_up(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def domain() -> int:
    return take_domain()


@pytest.fixture
def ui(tmp_path: Path, domain: int) -> Iterator[Ui]:
    ui = Ui(tmp_path, domain)
    yield ui
    ui.clean_up()


async def skills_from_the_topic(ui: Ui, cookies: dict[str, str]) -> list[str]:
    """Names from the latched topic, by way of panel server, bridge and node."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    url = f"ws://127.0.0.1:{ui.port}/rosbridge"
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        socket = await websocket_connect(HTTPRequest(url, headers={"Cookie": cookie}))
        subscribe = {
            "op": "subscribe",
            "topic": "/training_manager/skills",
            "type": "training_manager/msg/SkillList",
        }
        await socket.write_message(json.dumps(subscribe))
        while True:
            message = await asyncio.wait_for(socket.read_message(), 40)
            if message is None:  # the bridge is not up yet: come back later, as the panel does
                assert socket.close_code == 1013
                await asyncio.sleep(0.3)
                break
            answer = json.loads(message)
            if answer["op"] == "publish":
                socket.close()
                return [skill["name"] for skill in answer["msg"]["skills"]]
    raise AssertionError("no skills in time")


@needs_ros
def test_everything_works_together_and_ends_with_ctrl_c(ui: Ui) -> None:
    (ui.skills / "pick-up").mkdir()
    (ui.skills / "pick-up" / "metadata.json").write_text('{"name": "Pick up", "type": "learned"}')
    cookies = ui.cookies()
    assert asyncio.run(skills_from_the_topic(ui, cookies)) == ["pick-up"]
    node, bridge = ui.child("node"), ui.child("bridge")
    for pid, has_key in ((node, True), (bridge, False)):
        assert (KEY.encode() in Path(f"/proc/{pid}/environ").read_bytes()) is has_key
        assert KEY.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()

    os.kill(bridge, signal.SIGKILL)
    wait_until(lambda: ui.child("bridge") not in (0, bridge))
    assert "The bridge was ended by SIGKILL; it starts again in 1 s." in ui.output
    assert asyncio.run(skills_from_the_topic(ui, cookies)) == ["pick-up"]
    bridge = ui.child("bridge")

    assert ui.end(signal.SIGINT) < 5
    assert ui.process.returncode == 0
    assert not runs(node)
    assert not runs(bridge)
    assert "Traceback" not in ui.output
    assert KEY not in ui.output


@needs_ros
def test_a_training_server_of_its_own_ends_with_it_and_keeps_its_data(
    tmp_path: Path, domain: int, copy_sample: Callable[[str], Path]
) -> None:
    data = tmp_path / "server"
    ui = Ui(tmp_path, domain, "--own-server", str(data))
    try:
        assert ui.address
        settings = load_settings(environ={}, file=data / "client.env")
        assert settings.service_key != KEY
        wait_until(lambda: answers(settings.server_url))
        with TrainingClient(settings) as client:
            assert client.presets()[0].name == "smoke"
            skill = client.upload(copy_sample("fold-towel")).skill_id
            sleep = {"preset": "smoke", "command": ["sleep", "1000"]}
            run = client.create_run(skill, sleep).run_id
        node, server = ui.child("node"), ui.child("orchestrator")
        assert settings.service_key.encode() in Path(f"/proc/{node}/environ").read_bytes()
        marker = f"TRAINING_MANAGER_RUN={DataFolder(data).identity}/{run}"
        wait_until(lambda: marked(marker))
        assert ui.end() < 5
        assert not runs(server)
        assert not marked(marker)
        assert settings.service_key not in ui.output
    finally:
        ui.clean_up()
    again = Ui(tmp_path, domain, "--own-server", str(data))
    try:
        assert again.address
        assert load_settings(environ={}, file=data / "client.env") == settings
        wait_until(lambda: answers(settings.server_url))
        with TrainingClient(settings) as client:
            ended = client.run(skill, run)
            assert ended.error_message == "Stopped, because the training server was ended."
        second = Ui(tmp_path, domain, "--own-server", str(data))
        assert second.process.wait(20) == 4
        wait_until(lambda: "Another training server already uses" in second.output)
        assert again.end() < 5
    finally:
        again.clean_up()


@needs_ros
def test_nothing_is_left_when_it_is_killed(ui: Ui) -> None:
    assert ui.address
    wait_until(lambda: ui.child("node") and ui.child("bridge"))
    pids = [ui.child("node"), ui.child("bridge")]
    ui.process.kill()
    ui.process.wait()
    wait_until(lambda: not any(map(runs, pids)), 15)


@needs_ros
def test_sigterm_right_after_the_start_ends_all(ui: Ui) -> None:
    assert ui.address
    wait_until(lambda: ui.child("node"))
    pids = [ui.child("node"), ui.child("bridge")]
    assert ui.end(signal.SIGTERM) < 5
    assert ui.process.returncode == 0
    assert not any(runs(pid) for pid in pids if pid)


def test_a_taken_port_is_said_so(tmp_path: Path, domain: int) -> None:
    code = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); "
        "print(s.getsockname()[1], flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        port = other.stdout.readline().strip()
        ui = Ui(tmp_path, domain, "--port", port)
        try:
            assert ui.process.wait(20) == 1
        finally:
            ui.clean_up()
            other.communicate("\n")
    wait_until(lambda: "another port" in ui.output, 5)
    name = Path(shutil.which(sys.executable) or sys.executable).name
    assert f"Port {port} is taken by {name} (process {other.pid})." in ui.output
    assert "Traceback" not in ui.output


@pytest.mark.parametrize("host", ["192.0.2.77", "no-such-host.invalid"])
def test_a_host_that_is_not_ours_is_said_so(tmp_path: Path, domain: int, host: str) -> None:
    ui = Ui(tmp_path, domain, "--host", host)
    try:
        assert ui.process.wait(30) == 1
    finally:
        ui.clean_up()
    wait_until(lambda: "--host" in ui.output, 5)
    assert "Traceback" not in ui.output
