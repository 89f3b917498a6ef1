"""What a server offers, known at once and asked in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fault_server import KEY, FaultServer, ServerThread

from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.offers import Offers
from training_manager_ros.training.presets import ACT_DEFAULT
from training_manager_ros.training.settings import Settings

MINE = {"name": "mine", "command": ["train"], "gpu_hour_price": 2.5, "max_gpus": 1}


class Watched:
    def __init__(self, client: TrainingClient, folder: Path) -> None:
        self._changed = threading.Condition()
        self.offers = Offers(client, folder / "offers.json", self._change)

    def _change(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def until(self, wanted: Callable[[Offers], Any]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: wanted(self.offers), 20)


@pytest.fixture
def watched(client: TrainingClient, tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(client, tmp_path)
    yield watched
    watched.offers.stop()


def test_a_server_without_extras_has_the_known_preset(
    watched: Watched, server: FaultServer, client: TrainingClient
) -> None:
    assert watched.offers.presets == (ACT_DEFAULT,)
    assert server.calls == []
    watched.offers.start()
    watched.until(lambda offers: offers.answered)
    assert watched.offers.by_name == {"act-default": ACT_DEFAULT}
    assert watched.offers.features == frozenset()
    assert client.state.signed_in


@pytest.mark.test_server_alone("its presets are files")
def test_presets_and_extras_are_taken_over(watched: Watched, server: FaultServer) -> None:
    server.faults.features = ("presets", "cancel")
    server.presets = [MINE, {"no": "name"}]
    watched.offers.start()
    watched.until(lambda offers: offers.answered)
    (preset,) = watched.offers.presets
    assert (preset.name, preset.gpu_hour_price) == ("mine", 2.5)
    assert watched.offers.features == {"presets", "cancel"}
    asked = len(server.calls)
    watched.offers.freshen()  # it is quite new: nobody is asked
    server.presets = [{**MINE, "name": "other"}]
    watched.offers.wake()
    watched.until(lambda offers: offers.presets[0].name == "other")
    assert [call for _, call in server.calls[asked:]] == ["/", "/presets"]


def test_a_dead_server_is_told_and_found_again(watched: Watched, thread: ServerThread) -> None:
    thread.stop()
    watched.offers.start()
    watched.until(lambda offers: offers.lost_since is not None)
    assert "training server" in watched.offers.problem
    assert not watched.offers.answered
    thread.start()
    watched.offers.freshen()
    watched.until(lambda offers: offers.answered)
    assert (watched.offers.problem, watched.offers.lost_since) == ("", None)


@pytest.mark.parametrize(("key", "status"), [("", 0), (KEY, 403)])
def test_a_sign_in_that_fails_is_no_lost_connection(
    server: FaultServer, tmp_path: Path, key: str, status: int
) -> None:
    server.faults.sign_in_status = status
    with TrainingClient(Settings(server.url, server.issuer, key)) as client:
        assert ("no service key" in client.state.problem) == (not key)  # before anything is asked
        watched = Watched(client, tmp_path)
        watched.offers.start()
        watched.until(lambda offers: offers.problem)
        assert "service key" in watched.offers.problem
        assert watched.offers.lost_since is None
        watched.offers.stop()


@pytest.mark.test_server_alone("its presets are files")
def test_what_was_offered_is_known_without_a_network(
    thread: ServerThread, make_client: Callable[..., TrainingClient], tmp_path: Path
) -> None:
    server = thread.server
    server.faults.features = ("presets", "cancel")
    server.presets = [{**MINE, "env": {"TOKEN": "s3cr3t"}}]
    first = Watched(make_client(server), tmp_path)
    first.offers.start()
    first.until(lambda offers: offers.answered)
    first.offers.stop()
    assert (tmp_path / "offers.json").stat().st_mode & 0o077 == 0

    thread.stop()
    again = Watched(make_client(server), tmp_path)
    assert again.offers.presets == first.offers.presets  # before anything was asked
    again.offers.start()
    again.until(lambda offers: offers.lost_since is not None)
    assert again.offers.by_name.keys() == {"mine"}
    assert again.offers.features == {"presets", "cancel"}
    assert not again.offers.answered

    thread.start()
    server.presets = [{**MINE, "name": "other"}]
    again.offers.wake()
    again.until(lambda offers: offers.answered)
    again.offers.stop()
    assert again.offers.by_name.keys() == {"other"}
    settings = Settings("http://127.0.0.2:9", "")
    with TrainingClient(settings) as elsewhere:
        assert Watched(elsewhere, tmp_path).offers.presets == (ACT_DEFAULT,)


@pytest.mark.parametrize(
    "content",
    [
        "",
        '{"server": ',
        "[]",
        '{"server": "HOST", "presets": 5, "features": {"a": 1}}',
        '{"server": "HOST", "presets": [5, {"name": 7.5e999}], "features": [1]}',
    ],
)
def test_what_is_kept_may_be_torn_or_of_another_version(
    client: TrainingClient, tmp_path: Path, content: str
) -> None:
    (tmp_path / "offers.json").write_text(content.replace("HOST", client.server_name))
    offers = Watched(client, tmp_path).offers
    assert (offers.presets[0].name != "", offers.features) == (True, frozenset())


def test_a_full_disk_is_told_of_and_hides_nothing(
    watched: Watched, server: FaultServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "offers.json").mkdir()  # nothing can be put in its place
    server.faults.features = ("cancel",)
    watched.offers.start()
    watched.until(lambda offers: offers.answered)
    watched.until(lambda offers: offers.features == {"cancel"})
    watched.offers.stop()
    assert "can't be kept" in caplog.text
