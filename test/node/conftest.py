from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")
sys.path.insert(0, str(Path(__file__).parent))
from node_client import Manager, Peer
from training_world import SKILL, Cloud, Watched

sys.path.insert(0, str(Path(__file__).parents[1] / "training" / "support"))
from fault_server import KEY, ServerThread


@pytest.fixture(scope="session")
def peer(domain: int) -> Iterator[Peer]:
    node = Peer()
    yield node
    node.close()


@pytest.fixture
def start(domain: int, tmp_path: Path) -> Iterator[Callable[..., Manager]]:
    """Starts a node over a skills directory; it ends with the test."""
    started: list[Manager] = []

    def start(skills_dir: Path, *arguments: str) -> Manager:
        started.append(Manager(skills_dir, tmp_path / "state", *arguments))
        return started[-1]

    yield start
    for manager in started:
        manager.end()


@pytest.fixture(scope="module")
def manager(
    domain: int, sample_skills: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Manager]:
    """A running node over a copy of the samples."""
    folder = tmp_path_factory.mktemp("robot")
    shutil.copytree(sample_skills, folder / "skills")
    manager = Manager(folder / "skills", folder / "state")
    yield manager
    manager.end()


@pytest.fixture
def thread() -> Iterator[ServerThread]:
    thread = ServerThread()
    yield thread
    thread.close()


@pytest.fixture
def cloud(thread: ServerThread) -> Cloud:
    server = thread.server
    return Cloud(server.url, server.issuer, KEY, "act-default", server)


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[Cloud]:
    """Our own server as a process, as a user starts it."""
    folder, key_file = tmp_path / "server", tmp_path / "key.env"
    folder.mkdir()
    (folder / "server.toml").write_text('approval = "manual"\n[prices]\nH100 = 2.5\n')
    module = [sys.executable, "-m", "training_manager_ros.orchestrator"]
    options = ["--port", "0", "--data-dir", str(folder), "--local-key", str(key_file)]
    process = subprocess.Popen([*module, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().split()[3].rstrip(",")
    kept = dict(line.split("=", 1) for line in key_file.read_text().splitlines())
    features = ("approval", "cancel", "logs", "metrics")
    yield Cloud(url, url, kept["INNATE_SERVICE_KEY"], "smoke", None, features)
    process.terminate()
    process.wait(20)


@pytest.fixture
def skills(sample_skills: Path, tmp_path: Path) -> Path:
    """A skills directory with a single skill that can be trained."""
    shutil.copytree(sample_skills / SKILL, tmp_path / "skills" / SKILL)
    return tmp_path / "skills"


@pytest.fixture
def connect(
    start: Callable[..., Manager], skills: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Manager]:
    """Starts a node over `skills` that knows a server."""

    def connect(cloud: Cloud, *more: str) -> Manager:
        monkeypatch.setenv("INNATE_SERVICE_KEY", cloud.key)
        parameters = {"server_url": cloud.url, "auth_issuer_url": cloud.issuer}
        options = [o for name, url in parameters.items() for o in ("-p", f"{name}:={url}")]
        return start(skills, *options, "-p", "poll_interval:=0.5", *more)

    return connect


@pytest.fixture
def watched(peer: Peer) -> Watched:
    return Watched(peer)
