from __future__ import annotations

import stat
from pathlib import Path

import pytest

from training_manager_ros.panel.pairing import Pairing, new_token
from training_manager_ros.panel.sessions import KEPT_FOR, Sessions

NOW = 1_800_000_000.0
DAY = 86400
PAIRING = Pairing(new_token())


class Clock:
    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_a_session_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sessions.json"
    session_id = Sessions(path, PAIRING).begin()
    key = Sessions(path, PAIRING).find(session_id)
    assert key is not None
    assert Sessions(path, PAIRING).find(session_id) == key


def test_the_file_holds_no_id_and_is_the_owners(tmp_path: Path) -> None:
    path = tmp_path / "sessions.json"
    session_id = Sessions(path, PAIRING).begin()
    text = path.read_text()
    assert session_id not in text
    assert PAIRING.token not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("guess", ["", "x", "é", "\0", "a" * 100_000])
def test_other_ids_find_nothing(tmp_path: Path, guess: str) -> None:
    sessions = Sessions(tmp_path / "sessions.json", PAIRING)
    sessions.begin()
    assert sessions.find(guess) is None


def test_the_hash_from_the_file_is_no_id(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / "sessions.json", PAIRING)
    key = sessions.find(sessions.begin())
    assert key is not None
    assert sessions.find(key) is None


def test_signing_out_ends_one_session_for_good(tmp_path: Path) -> None:
    path = tmp_path / "sessions.json"
    sessions = Sessions(path, PAIRING)
    one, other = sessions.begin(), sessions.begin()
    key = sessions.find(one)
    assert key is not None
    sessions.end(key)
    assert not sessions.is_open(key)
    for again in (sessions, Sessions(path, PAIRING)):
        assert again.find(one) is None
        assert again.find(other) is not None


def test_a_new_token_ends_all_sessions(tmp_path: Path) -> None:
    path = tmp_path / "sessions.json"
    session_id = Sessions(path, PAIRING).begin()
    assert Sessions(path, Pairing(new_token())).find(session_id) is None


def test_a_session_ends_when_it_is_not_used_for_long(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "sessions.json"
    sessions = Sessions(path, PAIRING, clock)
    session_id = sessions.begin()
    for _ in range(5):  # use keeps it
        clock.now += KEPT_FOR - DAY
        assert sessions.find(session_id) is not None
    clock.now += KEPT_FOR + DAY
    assert Sessions(path, PAIRING, clock).find(session_id) is None


def test_use_is_noted_once_a_day(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "sessions.json"
    sessions = Sessions(path, PAIRING, clock)
    session_id = sessions.begin()
    written = path.stat().st_mtime_ns
    for _ in range(100):
        clock.now += 60
        sessions.find(session_id)
    assert path.stat().st_mtime_ns == written


def test_a_clock_that_was_not_set_ends_no_session(tmp_path: Path) -> None:
    clock = Clock(now=100.0)
    sessions = Sessions(tmp_path / "sessions.json", PAIRING, clock)
    session_id = sessions.begin()
    clock.now = NOW
    assert sessions.find(session_id) is not None
    clock.now += KEPT_FOR + DAY
    assert sessions.find(session_id) is None


def test_the_number_of_sessions_is_bounded(tmp_path: Path) -> None:
    clock = Clock()
    sessions = Sessions(tmp_path / "sessions.json", PAIRING, clock)
    ids = []
    for _ in range(300):
        clock.now += 1
        ids.append(sessions.begin())
    assert [sessions.find(session_id) is not None for session_id in ids] == [False] * 44 + [
        True
    ] * 256


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "null", '{"pairing": 1}', '{"sessions": 3}', "\xff"]
)
def test_a_broken_file_means_pairing_again(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sessions.json"
    path.write_text(text, encoding="latin-1")
    sessions = Sessions(path, PAIRING)
    assert sessions.find("x") is None
    session_id = sessions.begin()
    assert Sessions(path, PAIRING).find(session_id) is not None


def test_without_a_writable_folder_sessions_last_until_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    sessions = Sessions(tmp_path / "file" / "sessions.json", PAIRING)
    assert sessions.find(sessions.begin()) is not None
    assert "can't be kept" in caplog.text
