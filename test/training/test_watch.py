"""`training-manager watch` and `runs` on servers that do things differently from our own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_server import KEY, FaultServer

from training_manager_ros.cli import main


@pytest.fixture
def command(
    server: FaultServer, make_skill: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int]:
    """Carries out a command, where there is a skill that the server knows as s."""
    for name in ("TRAINING_SERVER_URL", "INNATE_AUTH_ISSUER_URL", "INNATE_SERVICE_KEY"):
        monkeypatch.setenv(name, "")  # so that it is taken back at the end, whoever sets it
    folder = make_skill()
    metadata = {"name": "Pick", "type": "learned", "execution": {}, "training_skill_id": "s"}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    server.skills["s"] = {"skill_id": "s"}
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parents[1] / "cache"))
    address = ["-s", server.url, "--issuer", server.issuer, "-t", KEY]
    return lambda *words: main([*words, "--skills-dir", str(folder.parent), *address])


def test_a_failure_beside_an_active_status_ends_it(
    server: FaultServer, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    failed = {"status": "running", "error_message": "The machine was lost."}
    server.runs["s", 1] = {"skill_id": "s", "run_id": 1, **failed}
    assert command("watch", "pick-cup", "1") == 1
    out, err = capsys.readouterr()
    assert out == "pick-cup run 1: running\n"
    assert "The machine was lost." in err


@pytest.mark.test_server_alone("its run has no log")
def test_a_long_log_comes_without_torn_characters(
    server: FaultServer, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    server.faults.features = ("log",)
    server.runs["s", 1] = {"skill_id": "s", "run_id": 1, "status": "done"}
    line = "a" + "🥊ä" * 1000 + "\n"  # 6002 bytes: parts of 64 KiB end within its characters
    server.logs["s", 1] = (line * 40).encode() + b"\xff\xe2"
    assert command("watch", "pick-cup", "1", "--log") == 0
    out, _ = capsys.readouterr()
    assert out == line * 40 + "\ufffd\ufffd" + "pick-cup run 1: done\n"


def test_a_failure_is_listed_by_the_first_line_that_says_something(
    server: FaultServer, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    for number, message in enumerate(("\n \nTraceback: lost\nmore", " \n")):
        failed = {"status": "running", "error_message": message}
        server.runs["s", number] = {"skill_id": "s", "run_id": number, **failed}
    assert command("runs") == 0
    out, _ = capsys.readouterr()
    assert out.count("failed") == 2
    assert out.endswith("\npick-cup 1: \npick-cup 0: Traceback: lost\n")
