"""Both bridges under test, a ROS node on the other side, and clients that speak plain WebSocket.

Everything runs in a ROS domain of its own, on this machine only.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from bridges import OWN, BridgeProcess, environment, rosbridge_server, start
from domains import take_domain
from peer import Peer
from wire import Client


@pytest.fixture(scope="session")
def domain() -> int:
    """A ROS domain that nobody else uses."""
    return take_domain()


@pytest.fixture(scope="session")
def own(domain: int) -> Iterator[BridgeProcess]:
    """Our bridge."""
    with start(OWN, domain) as process:
        yield process


@pytest.fixture(scope="session", params=["own", "rosbridge_server"])
def bridge(request: pytest.FixtureRequest, domain: int) -> Iterator[BridgeProcess]:
    """Each bridge in turn; the real one where it is installed."""
    if request.param == "own":
        yield request.getfixturevalue("own")
        return
    command = rosbridge_server()
    if command is None:
        pytest.skip("rosbridge_server is not installed")
    with start(command, domain) as process:
        yield process


@pytest.fixture(scope="session")
def peer(domain: int) -> Iterator[Peer]:
    """A node of ROS that serves and publishes what a test asks for."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment(domain).items():
            patch.setenv(variable, value)
        peer = Peer(domain)
    yield peer
    peer.close()


@pytest.fixture
def client(bridge: BridgeProcess) -> Iterator[Client]:
    """A plain WebSocket client of the bridge."""
    with Client(bridge.url) as client:
        yield client


@pytest.fixture
def own_client(own: BridgeProcess) -> Iterator[Client]:
    """A plain WebSocket client of our bridge."""
    with Client(own.url) as client:
        yield client


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A topic, service or action name that no other test uses."""
    letters = "".join(c if c.isalnum() else "_" for c in request.node.name)
    return f"/training_manager/{letters}_{random.SystemRandom().randrange(10**6)}".replace(
        "__", "_"
    )
