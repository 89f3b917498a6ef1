"""What a server offers, known at once and asked in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fault_server import KEY, FaultServer, ServerThread

from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.offers import Offers
from training_manager_ros.training.presets import ACT_DEFAULT
from training_manager_ros.training.settings import Settings

MINE = {"name": "mine", "command": ["train"], "gpu_hour_price": 2.5, "max_gpus": 1}


class Watched:
    def __init__(self, client: TrainingClient) -> None:
        self._changed = threading.Condition()
        self.offers = Offers(client, self._change)

    def _change(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def until(self, wanted: Callable[[Offers], Any]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: wanted(self.offers), 20)


@pytest.fixture
def watched(client: TrainingClient) -> Iterator[Watched]:
    watched = Watched(client)
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
    server: FaultServer, key: str, status: int
) -> None:
    server.faults.sign_in_status = status
    with TrainingClient(Settings(server.url, server.issuer, key)) as client:
        assert ("no service key" in client.state.problem) == (not key)  # before anything is asked
        watched = Watched(client)
        watched.offers.start()
        watched.until(lambda offers: offers.problem)
        assert "service key" in watched.offers.problem
        assert watched.offers.lost_since is None
        watched.offers.stop()
