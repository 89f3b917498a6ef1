from __future__ import annotations

import logging
import os
import stat
import threading
from pathlib import Path

import pytest

from training_manager_ros.panel.pairing import Pairing, load_pairing, new_token


def test_the_token_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state" / "pairing-token"
    first = load_pairing(path)
    assert load_pairing(path).token == first.token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_two_tokens_differ() -> None:
    assert len({new_token() for _ in range(100)}) == 100


def test_rights_of_others_are_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "pairing-token"
    token = load_pairing(path).token
    path.chmod(0o644)
    assert load_pairing(path).token == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "\n", "short", "x" * 400, "../../etc/passwd"])
def test_a_broken_file_gets_a_new_token(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pairing-token"
    path.write_text(text)
    token = load_pairing(path).token
    assert token != text
    assert path.read_text() == token + "\n"


def test_a_link_is_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = tmp_path / "other"
    other.write_text(new_token())
    path = tmp_path / "pairing-token"
    path.symlink_to(other)
    assert load_pairing(path).token != other.read_text()
    assert "can't be kept" in caplog.text


def test_without_a_writable_folder_there_is_a_token_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        pairing = load_pairing(tmp_path / "file" / "pairing-token")
    assert pairing.accepts(pairing.token)
    assert "can't be kept" in caplog.text
    assert pairing.token not in caplog.text


def test_servers_that_start_at_once_agree(tmp_path: Path) -> None:
    path = tmp_path / "pairing-token"
    tokens: list[str] = []
    barrier = threading.Barrier(8)

    def load() -> None:
        barrier.wait()
        tokens.append(load_pairing(path).token)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 8
    assert set(tokens) == {path.read_text().strip()}
    assert os.listdir(tmp_path) == ["pairing-token"]


TOKEN = "abcdefghijkmnpqrstuvwxyz23"


@pytest.mark.parametrize(
    "guess",
    [
        TOKEN,
        f"  {TOKEN}\n",
        TOKEN.upper(),
        "abcd-efgh-ijkm-npqr-stuv-wxyz-23",
        "abcd efgh ijkm npqr stuv wxyz 23",
        f"http://192.168.1.20:8080/?token={TOKEN}",
        f"http://robo:8080/?tab=x&token={TOKEN}#y",
        f"token={TOKEN}",
    ],
)
def test_what_a_person_pastes_is_understood(guess: str) -> None:
    assert Pairing(TOKEN).accepts(guess)


@pytest.mark.parametrize(
    "guess",
    ["", " ", TOKEN[:-1], TOKEN + "2", "a" * 26, "http://robo/?token=", "http://[", "é" * 26, "\0"],
)
def test_anything_else_is_not_accepted(guess: str) -> None:
    assert not Pairing(TOKEN).accepts(guess)


def test_a_pairing_does_not_show_its_token() -> None:
    assert TOKEN not in repr(Pairing(TOKEN))
