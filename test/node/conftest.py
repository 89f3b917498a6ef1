from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="ROS 2 is not installed")
sys.path.insert(0, str(Path(__file__).parent))
from node_client import Manager, Peer


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
