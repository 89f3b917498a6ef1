"""What a command says where there is no terminal."""

from __future__ import annotations

import time

import pytest

from training_manager_ros.cli_progress import waiting_lines
from training_manager_ros.cli_server import soon
from training_manager_ros.jobs.model import Progress


def test_each_wait_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    show = waiting_lines()
    for message in ("", "No answer.", "No answer.", "", "No answer.", "It is full."):
        show(Progress("uploading", message=message))
    told = ["No answer.", "No answer.", "It is full."]
    assert capsys.readouterr().err.splitlines() == [f"training-manager: {one}" for one in told]


def test_an_answer_that_takes_long_is_waited_for_in_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with soon():
        pass
    assert capsys.readouterr().err == ""
    deadline = time.monotonic() + 10
    told = ""
    with soon(0.0):
        while not told.endswith("\n") and time.monotonic() < deadline:
            told += capsys.readouterr().err
            time.sleep(0.01)
    assert told == "training-manager: Waiting for the training server …\n"
