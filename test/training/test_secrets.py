"""No key, token or signed address in any log, error or state file, whatever goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fault_server import KEY, FaultServer

from training_manager_ros.errors import TrainingManagerError
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.pauses import Pauses
from training_manager_ros.training.progress import Progress

FEW = Pauses(first=0.01, most=0.02, attempts=3)


@pytest.mark.parametrize(
    "faults",
    [
        {},
        {"busy_puts": 2, "busy_gets": 2, "busy_calls": 3},
        {"url_life": -1.0},
        {"corrupt_puts": 10_000, "corrupt_gets": 10_000},
        {"reset_puts": 10_000, "reset_gets": 10_000},
        {"token_calls": 1},
        {"sign_in_status": 403},
        {"hashes": "none", "head_status": 500},
    ],
    ids=str,
)
def test_nothing_leaks(
    server: FaultServer,
    make_client: Callable[..., TrainingClient],
    make_skill: Callable[..., Path],
    faults: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    for name, value in faults.items():
        setattr(server.faults, name, value)
    folder = make_skill()
    server.skills["s"] = {"skill_id": "s"}
    server.runs["s", 1] = {"skill_id": "s", "run_id": 1, "status": "done"}
    server.add_result("s", 1, "model_step_1.pth", b"weights")
    client = make_client(server, pauses=FEW)
    words: list[str] = [repr(client.state), repr(client)]

    def report(progress: Progress) -> None:
        words.append(repr(progress))

    with caplog.at_level(logging.DEBUG):
        for work in (
            lambda: client.upload(folder, report=report),
            lambda: client.download(folder, "s", 1, report=report),
            lambda: client.create_run("s", {"preset": "x"}),
        ):
            with suppress(TrainingManagerError):
                try:
                    words.append(repr(work()))
                except TrainingManagerError as error:
                    words.append(repr(error))
                    raise
    words += [repr(client.state), caplog.text]
    words += [repr(record.args) for record in caplog.records]
    words += [
        p.read_text("latin-1") for p in tmp_path.rglob(".training_manager/**/*") if p.is_file()
    ]
    secrets = [KEY, "s3cr3t", "expires=", "Bearer", "hush", *server._tokens]
    for word in words:
        for secret in secrets:
            assert secret not in word
    assert "training_manager.training" in caplog.text


def test_every_transfer_is_logged_by_its_name(
    server: FaultServer,
    client: TrainingClient,
    make_skill: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.faults.hashes = "none"
    with caplog.at_level(logging.INFO, "training_manager.training"):
        client.upload(make_skill(episodes=1))
    lines = [record.getMessage() for record in caplog.records]
    for start in ("PUT data/episode_0.h5 200 ", "HEAD data/episode_0.h5 200 "):
        assert sum(line.startswith(start) and line.endswith(" ms") for line in lines) == 1
