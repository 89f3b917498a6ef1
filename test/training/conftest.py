"""Fixtures for everything that talks to a training server."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.pauses import Pauses
from training_manager_ros.training.settings import Settings
from training_manager_ros.training.transfer import TransferOptions

sys.path.insert(0, str(Path(__file__).parent / "support"))

from fault_server import KEY, FaultServer, ServerThread
from own_server import Orchestrator, OwnServer

QUICK = Pauses(first=0.01, most=0.05, attempts=10)


OWN = "TRAINING_MANAGER_TEST_SERVER"  # "own": what does not fail is answered by our own server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker("test_server_alone")
        if mark is not None and os.environ.get(OWN) == "own":
            item.add_marker(pytest.mark.skip(reason=f"not with our own server: {mark.args[0]}"))


@pytest.fixture(scope="session")
def orchestrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator | None]:
    if os.environ.get(OWN) != "own":
        yield None
        return
    orchestrator = Orchestrator(tmp_path_factory.mktemp("own") / "server")
    yield orchestrator
    orchestrator.end()


@pytest.fixture
def thread(orchestrator: Orchestrator | None) -> Iterator[ServerThread]:
    thread = ServerThread(server=OwnServer(orchestrator) if orchestrator is not None else None)
    yield thread
    thread.close()


@pytest.fixture
def server(thread: ServerThread) -> FaultServer:
    return thread.server


@pytest.fixture
def make_client() -> Iterator[Callable[..., TrainingClient]]:
    made: list[TrainingClient] = []

    def make(server: FaultServer, **changes: object) -> TrainingClient:
        settings = Settings(server.url, server.issuer, KEY)
        pauses = changes.pop("pauses", QUICK)
        assert isinstance(pauses, Pauses)
        client = TrainingClient(
            settings,
            options=TransferOptions(pauses=pauses, timeout=5.0),
            sign_in_pauses=pauses,
            call_pauses=pauses,
            **changes,  # type: ignore[arg-type]
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(server: FaultServer, make_client: Callable[..., TrainingClient]) -> TrainingClient:
    return make_client(server)


@pytest.fixture
def make_skill(tmp_path: Path) -> Callable[..., Path]:
    """Makes a skill with episodes of random bytes; nothing here looks into them."""

    def make(name: str = "pick-cup", episodes: int = 3, size: int = 1000, cameras: int = 1) -> Path:
        folder = tmp_path / "skills" / name
        data = folder / "data"
        data.mkdir(parents=True)
        (folder / "metadata.json").write_text(
            json.dumps({"name": "Pick cup", "type": "learned", "execution": {}}, indent=4) + "\n"
        )
        source = random.Random(name)
        listed = []
        for number in range(episodes):
            videos = [f"episode_{number}_camera_{c + 1}.mp4" for c in range(cameras)]
            for file in (f"episode_{number}.h5", *videos):
                (data / file).write_bytes(source.randbytes(size))
            listed.append(
                {
                    "episode_id": number,
                    "file_name": f"episode_{number}.h5",
                    "start_timestamp": "2025-01-01T10:00:00",
                    "end_timestamp": "2025-01-01T10:00:10",
                    "video_files": videos,
                }
            )
        index = {
            "data_frequency": 30,
            "dataset_type": "h264",
            "number_of_episodes": episodes,
            "episodes": listed,
        }
        (data / "dataset_metadata.json").write_text(json.dumps(index, indent=2))
        return folder

    return make
