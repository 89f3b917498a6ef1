"""One call: what is repeated, what is refused, and what is logged."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from training_manager_ros.errors import (
    NotFound,
    NotSignedIn,
    Refused,
    TrainingManagerError,
    Unavailable,
)
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.pauses import Pauses
from training_manager_ros.training.settings import Settings

KEY = "service-key-0123456789"
Handler = Callable[[httpx.Request], httpx.Response]
EXPIRED = {"WWW-Authenticate": 'Bearer realm="x", error="invalid_token"'}


class Server:
    """Answers in turn; the last answer stays."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.tokens = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json={"token_endpoint": "/token"})
        if request.url.path == "/token":
            self.tokens += 1
            return httpx.Response(200, json={"token": f"token-{self.tokens}-abcdef"})
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def talking_to(server: Server, issuer: str = "https://auth.example") -> Iterator[TrainingClient]:
    with TrainingClient(
        Settings("https://train.example/api", issuer, KEY),
        transport=httpx.MockTransport(server),
        call_pauses=Pauses(first=0.0, most=0.0),
        sign_in_pauses=Pauses(first=0.0, most=0.0),
    ) as client:
        yield client


SKILLS = [{"skill_id": "a", "name": "A", "surprise": 1}]


def ok() -> httpx.Response:
    return httpx.Response(200, json=SKILLS)


def test_what_is_sent() -> None:
    server = Server(ok())
    with talking_to(server) as client:
        assert server.tokens == 0
        assert [skill.name for skill in client.skills()] == ["A"]
    (request,) = server.requests
    assert str(request.url) == "https://train.example/api/skills"
    assert request.headers["authorization"] == "Bearer token-1-abcdef"
    assert request.headers["user-agent"] == "training-manager"


def test_a_token_that_is_not_valid_any_more_is_renewed_once() -> None:
    server = Server(httpx.Response(401, headers=EXPIRED), ok())
    with talking_to(server) as client:
        client.skills()
    assert [r.headers["authorization"][7:14] for r in server.requests] == ["token-1", "token-2"]


def test_a_token_that_is_never_valid() -> None:
    server = Server(httpx.Response(401, headers=EXPIRED, json={"detail": "nope"}))
    with talking_to(server) as client, pytest.raises(NotSignedIn, match="401: nope"):
        client.skills()
    assert len(server.requests) == 2


def test_another_401_is_not_repeated() -> None:
    server = Server(httpx.Response(401))
    with talking_to(server) as client, pytest.raises(NotSignedIn):
        client.skills()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    ["[" * 10**5, '[{"run_id": ' + "9" * 5000 + "}]", '[{"run_id": 1e999}, {"run_id": NaN}, 5]'],
    ids=["deep", "huge", "odd"],
)
def test_no_answer_ends_the_work_that_asked(body: str) -> None:
    server = Server(httpx.Response(200, content=body.encode()))
    with talking_to(server) as client, suppress(Unavailable):
        assert client.runs("s") == []


def test_broken_entries_of_a_list_are_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    server = Server(httpx.Response(200, json=[{"run_id": 1}, {"run_id": 2**32}, "x", "y"]))
    with talking_to(server) as client:
        for _ in range(3):
            assert [run.run_id for run in client.runs("s")] == [1]
    assert len(caplog.records) == 2  # a number that is none, and what is no run


@pytest.mark.parametrize(
    "failure",
    [
        *(httpx.Response(status) for status in (408, 429, 500, 502, 503, 504)),
        httpx.ConnectError("x"),
        httpx.ConnectTimeout("x"),
        httpx.ReadTimeout("x"),
        httpx.ReadError("x"),
        httpx.RemoteProtocolError("x"),
    ],
    ids=repr,
)
def test_passing_failures_are_repeated(failure: httpx.Response | Exception) -> None:
    server = Server(failure, failure, ok())
    with talking_to(server) as client:
        assert client.skills()
    server = Server(failure)
    with talking_to(server) as client, pytest.raises(Unavailable, match="The training server"):
        client.skills()
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, Refused), (403, Refused), (404, NotFound), (409, Refused), (422, Refused)],
)
def test_refusals_are_not_repeated(status: int, error: type[TrainingManagerError]) -> None:
    server = Server(httpx.Response(status, json={"detail": "because"}))
    with talking_to(server) as client, pytest.raises(error, match=f"{status}: because"):
        client.skills()
    assert len(server.requests) == 1


def test_a_redirection_is_not_followed() -> None:
    server = Server(httpx.Response(307, headers={"Location": "https://evil.example/"}))
    with talking_to(server) as client, pytest.raises(Refused, match="sends its callers elsewhere"):
        client.skills()
    assert [request.url.host for request in server.requests] == ["train.example"]


@pytest.mark.parametrize("body", ["<html>", "", "[1", '{"not": "a list"}', "null"])
def test_answers_that_are_none(body: str) -> None:
    server = Server(httpx.Response(200, text=body))
    with talking_to(server) as client, pytest.raises(Unavailable, match="The training server's"):
        client.skills()


def test_a_broken_entry_hides_no_other() -> None:
    server = Server(httpx.Response(200, json=[{"name": "no id"}, 7, *SKILLS]))
    with talking_to(server) as client:
        assert [skill.skill_id for skill in client.skills()] == ["a"]


def test_details_of_fields_are_put_in_words() -> None:
    detail = [{"loc": ["body", "name"], "msg": "field required"}]
    server = Server(httpx.Response(422, json={"detail": detail}))
    with talking_to(server) as client, pytest.raises(Refused, match=r"body\.name field required"):
        client.skills()


@pytest.mark.parametrize(
    ("answers", "runs"),
    [
        ([httpx.ReadError("x")], [[], [{"run_id": 1, "training_params": {"preset": "p"}}]]),
        ([httpx.Response(502)], [[], [{"run_id": 1, "training_params": {"preset": "p"}}]]),
    ],
    ids=["reset", "502"],
)
def test_a_run_is_never_asked_for_twice(
    answers: list[httpx.Response | Exception], runs: list[object]
) -> None:
    """Where the answer is lost, the list of runs tells whether there is a run now."""
    posts: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            posts.append(request)
            answer = answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer
        return httpx.Response(200, json=runs.pop(0))

    with TrainingClient(
        Settings("https://s", "", KEY),
        transport=httpx.MockTransport(handle),
        call_pauses=Pauses(first=0.0, most=0.0),
    ) as client:
        assert client.create_run("skill", {"preset": "p"}).run_id == 1
    assert len(posts) == 1


@pytest.mark.parametrize("failure", [httpx.ConnectError("x"), httpx.Response(503)], ids=str)
def test_a_run_that_can_not_have_been_asked_for_is_asked_for_again(
    failure: httpx.Response | Exception,
) -> None:
    posts: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=[])
        posts.append(request)
        if len(posts) > 1:
            return httpx.Response(201, json={"run_id": 4, "agent_secret": "hush"})
        if isinstance(failure, Exception):
            raise failure
        return failure

    with TrainingClient(
        Settings("https://s", "", KEY),
        transport=httpx.MockTransport(handle),
        call_pauses=Pauses(first=0.0, most=0.0),
    ) as client:
        run = client.create_run("skill", {"preset": "p"})
    assert run.run_id == 4
    assert "hush" not in repr(run)


def test_every_call_is_logged_without_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    echo = f"bad token token-1-abcdef for {KEY} at https://s.example/x?signature=s3cr3t"
    server = Server(
        httpx.Response(503, json={"detail": echo}),
        httpx.Response(400, json={"detail": echo}),
    )
    with (
        caplog.at_level(logging.DEBUG),
        talking_to(server) as client,
        pytest.raises(Refused) as error,
    ):
        client.skills()
    words = caplog.text + str(error.value)
    for secret in (KEY, "token-1-abcdef", "s3cr3t", "Bearer"):
        assert secret not in words
    assert "https://s.example/x?…" in str(error.value)
    lines = [r.getMessage() for r in caplog.records if r.name == "training_manager.training"]
    assert any(line.startswith("GET /skills 503 ") and line.endswith(" ms") for line in lines)
    assert any(line.startswith("GET /skills 400 ") for line in lines)
    assert any(line.startswith("POST /token 200 ") for line in lines)
    assert not any("example" in line for line in lines if line.startswith(("GET", "POST")))
