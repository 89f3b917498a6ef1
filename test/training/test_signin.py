"""Signing in, without a network."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import anyio
import httpx
import pytest

from training_manager_ros.errors import NotSignedIn, Unavailable
from training_manager_ros.training.pauses import Pauses
from training_manager_ros.training.settings import Settings
from training_manager_ros.training.signin import SignIn, endpoint_behind, lifetime

ISSUER = "https://auth.example"
NO_PAUSE = Pauses(first=0.0, most=0.0)


def jwt(**claims: object) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{part}.c2ln"


class Issuer:
    """Answers as told and counts."""

    def __init__(self, life: float | None = 100, advertised: str = "http://inner:1/token") -> None:
        self.life = life
        self.advertised: object = advertised
        self.answers: list[httpx.Response | Exception] = []  # before a token is given
        self.requests: list[httpx.Request] = []
        self.given = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.endswith("/.well-known/openid-configuration"):
            return httpx.Response(200, json={"token_endpoint": self.advertised})
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        self.given += 1
        claims = {"iat": 1000, "exp": 1000 + self.life} if self.life is not None else {}
        return httpx.Response(200, json={"token": jwt(n=self.given, **claims)})


class Clock:
    now = 5000.0

    def __call__(self) -> float:
        return self.now


def signing_in(
    issuer: Callable[[httpx.Request], httpx.Response],
    clock: Clock | None = None,
    url: str = ISSUER,
    key: str = "the-key",
) -> SignIn:
    http = httpx.AsyncClient(transport=httpx.MockTransport(issuer))
    return SignIn(http, Settings("https://s", url, key), NO_PAUSE, clock or Clock())


def test_discovery_then_exchange() -> None:
    issuer = Issuer()
    sign_in = signing_in(issuer)
    assert issuer.requests == []  # nothing before the first call

    async def twice() -> tuple[str, str]:
        return await sign_in.bearer(1), await sign_in.bearer(1)

    first, second = anyio.run(twice)
    assert first == second
    discovery, exchange = issuer.requests
    assert (discovery.method, str(discovery.url)) == (
        "GET",
        f"{ISSUER}/.well-known/openid-configuration",
    )
    assert "authorization" not in discovery.headers
    assert (exchange.method, str(exchange.url)) == ("POST", f"{ISSUER}/token")
    assert exchange.headers["authorization"] == "Bearer the-key"
    assert exchange.content == b""
    assert sign_in.signed_in


@pytest.mark.parametrize(
    ("issuer", "advertised", "endpoint"),
    [
        ("https://a.example", "http://inner:8080/oauth/token", "https://a.example/oauth/token"),
        ("https://a.example:9", "https://evil.example/token", "https://a.example:9/token"),
        ("https://a.example", "//evil.example/token", "https://a.example/token"),
        ("https://a.example", "http://x//evil.example/t", "https://a.example//evil.example/t"),
        ("https://a.example", "@evil.example/t", "https://a.example/@evil.example/t"),
        ("https://a.example", "token", "https://a.example/token"),
        ("https://a.example", "https://x/token?a=b#c", "https://a.example/token"),
        ("https://a.example/auth", "http://inner/token", "https://a.example/auth/token"),
        ("https://a.example/auth", "https://a.example/auth/token", "https://a.example/auth/token"),
    ],
)
def test_only_the_path_of_the_endpoint_counts(issuer: str, advertised: str, endpoint: str) -> None:
    assert endpoint_behind(issuer, advertised) == endpoint


@pytest.mark.parametrize(
    ("token", "seconds"),
    [
        (jwt(iat=10, exp=110), 100),
        (jwt(iat=10.5, exp=11), 0.5),
        (jwt(exp=110), None),
        (jwt(iat=110, exp=10), None),
        (jwt(iat="10", exp=110), None),
        ("opaque", None),
        ("a.b.c", None),
        ("a.!!!.c", None),
        ("e30.W10.c", None),
    ],
)
def test_lifetime(token: str, seconds: float | None) -> None:
    assert lifetime(token) == seconds


def test_renewed_at_half_of_its_life_whatever_the_wall_clock_says() -> None:
    issuer, clock = Issuer(life=100), Clock()
    sign_in = signing_in(issuer, clock)

    async def run() -> None:
        first = await sign_in.bearer(1)
        clock.now += 49.9
        assert await sign_in.bearer(1) == first
        clock.now += 0.2
        assert await sign_in.bearer(1) != first

    anyio.run(run)
    assert issuer.given == 2


def test_a_token_that_does_not_tell_its_life_is_kept_until_it_is_refused() -> None:
    issuer, clock = Issuer(life=None), Clock()
    sign_in = signing_in(issuer, clock)

    async def run() -> None:
        first = await sign_in.bearer(1)
        clock.now += 1e9
        assert await sign_in.bearer(1) == first
        assert sign_in.refuse(first)
        assert not sign_in.refuse(first)
        assert await sign_in.bearer(1) != first

    anyio.run(run)


def test_a_renewal_that_fails_for_now_keeps_the_old_token_while_it_lives() -> None:
    issuer, clock = Issuer(life=100), Clock()
    sign_in = signing_in(issuer, clock)

    async def run() -> None:
        first = await sign_in.bearer(1)
        issuer.answers = [httpx.Response(503), httpx.Response(503)]
        clock.now += 60
        assert await sign_in.bearer(1) == first
        assert "503" in sign_in.problem
        clock.now += 50
        with pytest.raises(Unavailable):
            await sign_in.bearer(1)
        assert await sign_in.bearer(1) != first
        assert sign_in.problem == ""

    anyio.run(run)


def test_many_callers_sign_in_once() -> None:
    issuer = Issuer()
    sign_in = signing_in(issuer)

    async def run() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(sign_in.bearer, 1)

    anyio.run(run)
    assert issuer.given == 1


@pytest.mark.parametrize(
    "failure",
    [
        *(httpx.Response(status) for status in (408, 429, 500, 502, 503)),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.Response(200, text="<html>please accept our terms</html>"),
    ],
    ids=str,
)
def test_passing_failures_are_repeated(failure: httpx.Response | Exception) -> None:
    issuer = Issuer()
    issuer.answers = [failure, failure]
    assert anyio.run(signing_in(issuer).bearer, 3)
    issuer.answers = [failure] * 3
    with pytest.raises(Unavailable, match="The sign-in service"):
        anyio.run(signing_in(issuer).bearer, 3)
    assert issuer.answers == []


@pytest.mark.parametrize("answer", [{"no": "token"}, {"token": ""}, {"token": "line\nbreak"}])
def test_answers_without_a_token(answer: object) -> None:
    issuer = Issuer()
    issuer.answers = [httpx.Response(200, json=answer)]
    with pytest.raises(Unavailable, match="holds no token"):
        anyio.run(signing_in(issuer).bearer, 3)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 422])
def test_lasting_failures_are_not_repeated(status: int) -> None:
    issuer = Issuer()
    issuer.answers = [
        httpx.Response(status, json={"detail": "no"}, headers={"Location": "https://evil.example"})
    ]
    sign_in = signing_in(issuer)
    with pytest.raises(NotSignedIn, match=str(status)) as error:
        anyio.run(sign_in.bearer, 9)
    assert "the-key" not in str(error.value)
    assert len(issuer.requests) == 2
    assert {request.url.host for request in issuer.requests} == {"auth.example"}


@pytest.mark.parametrize("advertised", [None, "", 5, "https://host", "https://host/"])
def test_a_discovery_that_names_no_endpoint(advertised: object) -> None:
    issuer = Issuer()
    issuer.advertised = advertised
    with pytest.raises(Unavailable, match="does not tell where"):
        anyio.run(signing_in(issuer).bearer, 2)


def test_no_issuer_makes_the_key_the_token() -> None:
    issuer = Issuer()
    assert anyio.run(signing_in(issuer, url="").bearer, 1) == "the-key"
    assert anyio.run(signing_in(issuer, url="", key="").bearer, 1) == ""
    assert issuer.requests == []
