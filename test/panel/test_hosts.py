from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.panel.hosts import HostPolicy, refusal_of_other_sites, same_origin


def policy(*allowed: str, hostname: str = "Robo-7.example.org") -> HostPolicy:
    return HostPolicy(allowed, lambda: hostname)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:8080",
        "192.168.1.20:8080",
        "[::1]:8080",
        "[fd00::1]",
        "localhost",
        "LOCALHOST:8080",
        "localhost.",
        "robo-7:8080",
        "ROBO-7.local",
        "robo-7.example.org",
    ],
)
def test_own_names_are_answered(host: str) -> None:
    assert policy().allows(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8080",
        "robo-7.evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io",
        "127.0.0.1@evil.example",
        "evil.example#localhost",
        "local host",
        "localhost:8080:1",
        "localhost:port",
        "::1",
        "[::1",
        "[localhost]",
        "[evil.example]",
        "1.2.3",
        "0x7f000001.evil.example",
        ".local",
        "localhost, evil.example",
        "localhost\tx",
    ],
)
def test_other_names_are_refused(host: str) -> None:
    assert not policy().allows(host)


def test_a_name_that_the_user_gave_is_answered() -> None:
    assert policy("Robot.lan").allows("robot.lan:8080")


def test_a_machine_without_a_name_does_not_answer_to_everything() -> None:
    nameless = policy(hostname="")
    assert not nameless.allows("")
    assert not nameless.allows(".local")
    assert nameless.allows("localhost")


def test_a_new_hostname_counts_at_once() -> None:
    names = ["old"]
    changing = HostPolicy((), lambda: names[-1])
    assert not changing.allows("new.local")
    names.append("new")
    assert changing.allows("new.local")


@given(st.text(max_size=60))
def test_any_text_is_judged_without_an_error(host: str) -> None:
    assert policy().allows(host) in (True, False)
    assert same_origin(host, "localhost:8080") in (True, False)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://robo:8080", "robo:8080"),
        ("http://ROBO:8080", "robo:8080"),
        ("http://robo", "robo"),
        ("http://robo", "robo:80"),
        ("https://robo", "robo"),
        ("https://robo", "robo:443"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
def test_the_same_origin(origin: str, host: str) -> None:
    assert same_origin(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", "robo:8080"),
        ("", "robo:8080"),
        ("http://evil.example", "robo:8080"),
        ("http://robo:9999", "robo:8080"),
        ("http://robo", "robo:8080"),
        ("http://robo.evil.example:8080", "robo:8080"),
        ("http://robo:8080@evil.example", "robo:8080"),
        ("http://evil.example/robo:8080", "robo:8080"),
        ("file://", "robo:8080"),
        ("chrome-extension://robo:8080", "robo:8080"),
        ("http://[::1", "robo:8080"),
        ("http://localhost:8080", "127.0.0.1:8080"),
    ],
)
def test_another_origin(origin: str, host: str) -> None:
    assert not same_origin(origin, host)


@pytest.mark.parametrize(
    ("method", "headers", "refused"),
    [
        ("GET", {}, False),
        ("POST", {}, False),
        ("POST", {"Origin": "http://robo:8080"}, False),
        ("POST", {"Origin": "http://evil.example"}, True),
        ("GET", {"Origin": "http://evil.example"}, True),
        ("POST", {"Origin": "null"}, True),
        ("GET", {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, False),
        ("GET", {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, False),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, True),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, True),
        (
            "GET",
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
            },
            False,
        ),
        (
            "GET",
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "iframe",
            },
            True,
        ),
        (
            "POST",
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
            },
            True,
        ),
    ],
)
def test_requests_of_other_sites(method: str, headers: dict[str, str], refused: bool) -> None:
    assert bool(refusal_of_other_sites(method, "robo:8080", headers)) is refused
