"""Uploads to a server that fails in every way: whole and verified at the end, or a clear error."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fault_server import KEY, Answer, FaultServer, Request, ServerThread
from helpers import metadata, on_disk, stored

from training_manager_ros.errors import NotSignedIn, TrainingManagerError, Unavailable
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.pauses import Pauses
from training_manager_ros.training.progress import Progress
from training_manager_ros.training.settings import Settings
from training_manager_ros.training.transfer import TransferOptions

MakeSkill = Callable[..., Path]
MakeClient = Callable[..., TrainingClient]
FEW = Pauses(first=0.01, most=0.02, attempts=3)


@pytest.mark.parametrize("hashes", ["etag", "none"])
@pytest.mark.parametrize(
    "faults",
    [
        {"busy_calls": 3},
        {"busy_puts": 3},
        {"busy_calls": 3, "busy_puts": 3},
        {"reset_puts": 7},
        {"truncate_puts": 3},
        {"token_calls": 5},
        {"url_life": 1.0, "latency": 0.1},
        {"head_status": 403},
    ],
    ids=str,
)
def test_it_ends_whole(
    client: TrainingClient,
    server: FaultServer,
    make_skill: MakeSkill,
    faults: dict[str, Any],
    hashes: str,
) -> None:
    server.faults.hashes = hashes
    for name, value in faults.items():
        setattr(server.faults, name, value)
    folder = make_skill(episodes=40, size=20_000)
    result = client.upload(folder)
    assert stored(server, result.skill_id) == on_disk(folder)
    assert metadata(folder)["uploaded_episode_count"] == 40


def test_addresses_that_live_a_second_and_files_that_take_longer(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    server.faults.url_life = 1.0
    server.faults.rate = 1e6
    folder = make_skill(episodes=6, size=1_300_000)
    result = client.upload(folder)
    assert stored(server, result.skill_id) == on_disk(folder)
    assert max(server.puts.values()) == 1


@pytest.mark.parametrize("hashes", ["etag", "goog", "md5"])
def test_a_damaged_object_of_the_same_size_is_sent_again(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, hashes: str
) -> None:
    server.faults.hashes = hashes
    server.faults.corrupt_puts = 3
    folder = make_skill(episodes=10)
    result = client.upload(folder)
    assert stored(server, result.skill_id) == on_disk(folder)
    assert sum(server.puts.values()) == 21 + 3


@pytest.mark.parametrize("fault", ["corrupt_puts", "truncate_puts"])
def test_a_store_that_always_damages(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, fault: str
) -> None:
    setattr(server.faults, fault, 10_000)
    folder = make_skill()
    with pytest.raises(Unavailable, match=r"data/episode_\S+: the store has .* damages data"):
        client.upload(folder)
    assert "uploaded_episode_count" not in metadata(folder)


def test_a_store_that_tells_nothing_can_not_be_verified(
    server: FaultServer, make_skill: MakeSkill, make_client: MakeClient
) -> None:
    server.faults.hashes = "none"
    server.faults.head_status = 503
    folder = make_skill()
    with pytest.raises(Unavailable, match=r"data/episode_\S+: the store answered 503 .3 times"):
        make_client(server, pauses=FEW).upload(folder)
    assert "uploaded_episode_count" not in metadata(folder)


def test_a_stalled_transfer_is_given_up_and_repeated(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    server.faults.stall_puts = 2
    folder = make_skill(episodes=4, size=50_000)
    messages: list[str] = []
    result = client.upload(
        folder,
        options=TransferOptions(pauses=Pauses(first=0.6), timeout=0.5),
        report=lambda progress: messages.append(progress.message),
    )
    assert stored(server, result.skill_id) == on_disk(folder)
    assert any("did not answer in time; trying again" in message for message in messages)
    assert messages[-1] == ""


def test_a_server_that_is_restarted(
    client: TrainingClient, thread: ServerThread, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=5, size=1_000_000)
    thread.server.faults.rate = 1e6
    restarts: list[threading.Thread] = []

    def restart() -> None:
        thread.stop()
        time.sleep(0.3)
        thread.start()

    def watch(progress: Progress) -> None:
        if progress.bytes_done > 300_000 and not restarts:
            restarts.append(threading.Thread(target=restart))
            restarts[0].start()

    options = TransferOptions(pauses=Pauses(first=0.05, most=0.5, attempts=10))
    result = client.upload(folder, report=watch, options=options)
    restarts[0].join()
    assert thread.server.requests["PUT store"] > 11
    assert stored(thread.server, result.skill_id) == on_disk(folder)


def test_a_server_that_stays_away(
    thread: ServerThread, make_skill: MakeSkill, make_client: MakeClient
) -> None:
    folder = make_skill(episodes=30, size=100_000)
    thread.server.faults.rate = 2e6

    def watch(progress: Progress) -> None:
        if progress.bytes_done > 500_000 and thread.server.objects:
            thread.stop()

    client = make_client(thread.server, pauses=FEW)
    with pytest.raises(Unavailable) as error:
        client.upload(folder, report=watch)
    assert "Start again later" in str(error.value) or "training server" in str(error.value)
    done = set(stored(thread.server, metadata(folder)["training_skill_id"]))
    thread.start()
    thread.server.faults.rate = 0
    result = client.upload(folder)
    assert stored(thread.server, result.skill_id) == on_disk(folder)
    assert done
    assert not done & set(result.sent)  # nothing was sent twice


class NoNames(httpx.AsyncBaseTransport):
    """Names can't be resolved for a while; then all is well."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.real = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.failures:
            self.failures -= 1
            error = httpx.ConnectError("no address")
            error.__cause__ = socket.gaierror(-3, "Temporary failure in name resolution")
            raise error
        return await self.real.handle_async_request(request)


def test_names_that_can_not_be_resolved_for_a_while(
    server: FaultServer, make_skill: MakeSkill, make_client: MakeClient
) -> None:
    client = make_client(server, transport=NoNames(3), pauses=Pauses(first=0.4, most=0.4))
    folder = make_skill()
    told: list[str] = []
    result = client.upload(folder, report=lambda progress: told.append(progress.message))
    assert stored(server, result.skill_id) == on_disk(folder)
    assert any("no network, or a wrong address. Trying again." in words for words in told)
    assert told[-1] == ""


def test_names_that_can_not_be_resolved_at_all(make_skill: MakeSkill) -> None:
    settings = Settings("http://nowhere.invalid", "", "key")
    with (
        TrainingClient(settings, call_pauses=FEW) as client,
        pytest.raises(Unavailable, match="can't be found: no network, or a wrong address"),
    ):
        client.upload(make_skill())


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_sign_in_that_is_refused_fails_at_once(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, status: int
) -> None:
    server.faults.sign_in_status = status
    folder = make_skill()
    with pytest.raises(NotSignedIn, match=f"{status}: not now"):
        client.upload(folder)
    assert [path for _, path in server.calls].count("/auth/token") == 1
    assert client.state.problem


def test_a_sign_in_that_is_refused_says_nothing_of_the_skill(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, make_client: MakeClient
) -> None:
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    server.faults.sign_in_status = 403
    auth = server._auth

    async def refuse_once(request: Request) -> Answer:
        answer = await auth(request)
        if answer.status == 403:
            server.faults.sign_in_status = 0
        return answer

    server._auth = refuse_once  # type: ignore[method-assign]
    with pytest.raises(NotSignedIn):
        make_client(server).upload(folder)
    assert list(server.skills) == [skill_id]  # no new one was made for it
    assert make_client(server).upload(folder).skill_id == skill_id


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_sign_in_that_does_not_work_yet_is_repeated(
    server: FaultServer, make_skill: MakeSkill, make_client: MakeClient, status: int
) -> None:
    server.faults.sign_in_status = status
    client = make_client(server, pauses=FEW)
    with pytest.raises(Unavailable, match=f"The sign-in service answered {status}"):
        client.upload(make_skill())
    assert [path for _, path in server.calls].count("/auth/token") == 3
    assert not client.state.signed_in


def test_the_wrong_key(server: FaultServer, make_skill: MakeSkill) -> None:
    settings = Settings(server.url, server.issuer, "wrong-key")
    with (
        TrainingClient(settings) as client,
        pytest.raises(NotSignedIn, match="INNATE_SERVICE_KEY") as error,
    ):
        client.upload(make_skill())
    assert "wrong-key" not in str(error.value)


def test_no_key(server: FaultServer, make_skill: MakeSkill) -> None:
    with (
        TrainingClient(Settings(server.url, server.issuer, "")) as client,
        pytest.raises(NotSignedIn, match="There is no service key"),
    ):
        client.upload(make_skill())
    assert server.calls == []


def test_the_key_itself_as_token(server: FaultServer, make_skill: MakeSkill) -> None:
    server._tokens[KEY] = 0
    folder = make_skill()
    with TrainingClient(Settings(server.url, "", KEY)) as client:
        client.upload(folder)
        assert client.state.signed_in
    assert not any(path.startswith("/auth") for _, path in server.calls)


def test_a_server_that_gives_no_addresses(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    server._signed = lambda key: "" if "episode_1.h5" in key else FaultServer._signed(server, key)  # type: ignore[method-assign]
    with pytest.raises(
        TrainingManagerError, match=r"data/episode_1\.h5: the server gives no address"
    ):
        client.upload(make_skill())


@pytest.mark.parametrize("address", ["nonsense", "ftp://host/x", "http://[", "http:///x"])
def test_a_server_that_gives_addresses_that_are_none(
    server: FaultServer, make_skill: MakeSkill, make_client: MakeClient, address: str
) -> None:
    server._signed = lambda key: address  # type: ignore[method-assign]
    with pytest.raises(TrainingManagerError, match="data/"):
        make_client(server, pauses=FEW).upload(make_skill())
