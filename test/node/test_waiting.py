from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from training_manager_ros.errors import Refused, Unavailable
from training_manager_ros.node.waiting import Waiting


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    waiting = Waiting(most=2, seconds=0.2)
    yield waiting
    waiting.close()


def test_it_gives_what_the_work_gives_and_raises_what_it_raises(waiting: Waiting) -> None:
    def refuse() -> None:
        raise Refused("no", 403)

    assert waiting(lambda: 7) == 7
    with pytest.raises(Refused, match="no"):
        waiting(refuse)


def test_nobody_waits_without_end_or_behind_others(waiting: Waiting) -> None:
    release = threading.Event()
    started = time.monotonic()
    with pytest.raises(Unavailable, match="It goes on"):
        waiting(release.wait)
    waiting.in_background(release.wait)
    with pytest.raises(Unavailable, match="2 questions wait"):
        waiting(lambda: 1)
    assert time.monotonic() - started < 5
    release.set()
    deadline = time.monotonic() + 10
    while True:  # until the places are free again
        try:
            assert waiting(lambda: 3) == 3
            break
        except Unavailable:
            assert time.monotonic() < deadline


def test_what_fails_in_the_background_is_logged(
    waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise Refused("not today", 403)

    with caplog.at_level(logging.WARNING):
        waiting.in_background(refuse)
        waiting.in_background(lambda: 1 / 0)
        deadline = time.monotonic() + 10
        while len(caplog.records) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert "not today" in caplog.text
    assert "ZeroDivisionError" in caplog.text
