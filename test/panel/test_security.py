"""Who may see what: tables over every address of the server."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

EVERY_ADDRESS = [
    ("GET", "/api/session"),
    ("GET", "/assets/index-0123abcd.js"),
    ("GET", "/assets/no-such.js"),
    ("GET", "/index.html"),
    ("GET", "/favicon.svg"),
    ("GET", "/api/media/pick/0/main/info"),
    ("GET", "/api/media/pick/0/main/video.mp4"),
    ("HEAD", "/api/media/pick/0/main/video.mp4"),
    ("GET", "/api/media/pick/0/main/frame/0.jpg"),
    ("GET", "/api/media/pick/0/thumbnail.jpg"),
    ("GET", "/api/signals/pick/0"),
    ("GET", "/rosbridge"),
    ("POST", "/sign-out"),
    ("GET", "/sign-out"),
    ("POST", "/api/session"),
    ("OPTIONS", "/api/session"),
    ("DELETE", "/api/signals/pick/0"),
    ("GET", "/no/such/place"),
    ("GET", "/api"),
    ("GET", "/..%2f..%2fetc/passwd"),
]


def socket_status(panel, headers):
    """101 if the socket opens, else the status of the refusal."""

    async def connect():
        try:
            request = HTTPRequest(panel.socket_url, headers=headers)
            connection = await websocket_connect(request)
        except HTTPClientError as error:
            return error.code
        connection.close()
        return 101

    return asyncio.run(connect())


@pytest.mark.parametrize(("method", "path"), EVERY_ADDRESS)
def test_a_stranger_gets_401(panel, method, path) -> None:
    status, headers, body = panel.raw(method, path)
    assert status == 401
    assert "Set-Cookie" not in headers
    assert headers["Cache-Control"] == "no-store"
    if method != "HEAD":
        assert "Not signed in" in json.loads(body)["detail"]


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "NAME=",
        "NAME=x",
        "NAME=null; NAME=true",
        'NAME="\\000"',
        "NAME=" + "a" * 4000,
        "training_manager_1=SESSION",  # another port's
        "name=SESSION",
        "NAME=SESSIONx",
    ],
)
def test_a_wrong_cookie_is_a_stranger(panel, cookie) -> None:
    with panel.client() as client:
        session = client.cookies[panel.cookie]
    text = cookie.replace("NAME", panel.cookie).replace("SESSION", session)
    headers = [("Host", "127.0.0.1"), ("Cookie", text)]
    assert panel.raw("GET", "/api/session", headers)[0] == 401
    assert socket_status(panel, {"Cookie": text}) == 401


def test_who_is_signed_in_comes_in(panel) -> None:
    with panel.client() as client:
        answer = client.get("/api/session")
        assert answer.status_code == 200
        assert answer.json()["auth"] is True
        assert (
            socket_status(panel, {"Cookie": f"{panel.cookie}={client.cookies[panel.cookie]}"})
            == 101
        )


HOSTS = [
    ("127.0.0.1", True),
    ("127.0.0.1:{port}", True),
    ("localhost:{port}", True),
    ("192.168.77.5:{port}", True),
    ("[::1]:{port}", True),
    ("evil.example", False),
    ("evil.example:{port}", False),
    ("localhost.evil.example:{port}", False),
    ("127.0.0.1.nip.io:{port}", False),
]


@pytest.mark.parametrize(("host", "answered"), HOSTS)
@pytest.mark.parametrize("auth", [True, False])
def test_names_of_other_machines_are_refused(start_panel, host, answered, auth) -> None:
    panel = start_panel(auth=auth)
    host = host.format(port=panel.server.port)
    with panel.client() as client:
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    headers = [("Host", host), ("Cookie", cookies)]
    for method, path in [("GET", "/"), ("GET", "/api/session"), ("GET", "/sign-in")]:
        status, _, body = panel.raw(method, path, headers)
        if answered:
            assert status in (200, 303)
        else:
            assert status == 403
            assert "--allow-host" in json.loads(body)["detail"]
    assert socket_status(panel, {"Host": host, "Cookie": cookies}) == (101 if answered else 403)


@pytest.mark.parametrize("headers", [[], [("Host", "")], [("Host", "127.0.0.1, evil.example")]])
def test_a_request_without_one_clear_host_is_refused(panel, headers) -> None:
    assert panel.raw("GET", "/", headers)[0] in (400, 403)


def test_two_hosts_are_refused(panel) -> None:
    headers = [("Host", "127.0.0.1"), ("Host", "evil.example")]
    assert panel.raw("GET", "/", headers)[0] in (400, 403)


def test_an_absolute_target_does_not_replace_the_host(panel) -> None:
    headers = [("Host", "127.0.0.1")]
    status, _, body = panel.raw("GET", "http://evil.example/", headers)
    assert status in (400, 401)
    assert b"The panel</title>" not in body


def test_a_name_that_the_user_allows(start_panel) -> None:
    panel = start_panel(allowed_hosts=("robot.lan",))
    assert panel.raw("GET", "/", [("Host", "robot.lan:8080")])[0] == 200
    assert panel.raw("GET", "/", [("Host", "other.lan:8080")])[0] == 403


ORIGINS = [
    (None, True),
    ("http://127.0.0.1:{port}", True),
    ("https://127.0.0.1:{port}", True),
    ("http://localhost:{port}", False),
    ("http://127.0.0.1", False),
    ("http://127.0.0.1:1", False),
    ("http://evil.example", False),
    ("https://evil.example:{port}", False),
    ("null", False),
    ("", False),
]


@pytest.mark.parametrize(("origin", "answered"), ORIGINS)
@pytest.mark.parametrize("auth", [True, False])
def test_other_sites_are_refused(start_panel, origin, answered, auth) -> None:
    panel = start_panel(auth=auth)
    with panel.client() as client:
        headers = {"Origin": origin.format(port=panel.server.port)} if origin is not None else {}
        for method, path in [
            ("GET", "/"),
            ("GET", "/api/session"),
            ("POST", "/sign-in"),
            ("POST", "/sign-out"),
        ]:
            status = client.request(method, path, headers=headers).status_code
            assert (status != 403) is answered, (method, path, status)
    with panel.client() as client:
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        status = socket_status(panel, {**headers, "Cookie": cookies})
        assert status == (101 if answered else 403)


def test_another_site_can_neither_sign_in_nor_out(panel) -> None:
    with panel.client() as client:
        evil = {"Origin": "http://evil.example"}
        assert client.post("/sign-out", headers=evil).status_code == 403
        assert client.get("/api/session").status_code == 200
    with panel.stranger() as client:
        answer = client.post("/sign-in", data={"token": panel.token}, headers=evil)
        assert answer.status_code == 403
        assert not client.cookies


def test_no_answer_lets_other_sites_read(panel) -> None:
    with panel.client() as client:
        for method in ("GET", "OPTIONS"):
            answer = client.request(method, "/api/session", headers={"Origin": panel.url})
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/sign-in", "/api/session", "/nowhere", "/assets/x.js"])
@pytest.mark.parametrize("signed_in", [True, False])
def test_headers_of_every_answer(panel, path, signed_in) -> None:
    with panel.client() if signed_in else panel.stranger() as client:
        headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers


def test_without_auth_everybody_comes_in_and_the_log_warns(
    start_panel, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "training_manager"):
        panel = start_panel(auth=False)
    assert "--no-auth" in caplog.text
    with panel.stranger() as client:
        assert client.get("/api/session").json()["auth"] is False
        assert "The panel" in client.get("/").text
        assert client.get("/sign-in").status_code == 303


def test_token_and_cookie_reach_no_log(panel, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        with panel.client() as client:
            cookie = client.cookies[panel.cookie]
            client.get("/", params={"token": panel.token})
            client.post("/sign-in", data={"token": panel.token})
            client.get(f"/nowhere?token={panel.token}")
            client.get("/api/media/no/0/no/info", params={"token": panel.token})
        with panel.stranger() as client:
            client.get("/", params={"token": panel.token + "x"})
            client.put("/?token=" + panel.token)
    ours = [record for record in caplog.records if record.name.startswith(("training", "tornado"))]
    assert any("GET /" in record.getMessage() for record in ours)
    for record in ours:
        text = record.getMessage() + (record.exc_text or "")
        assert panel.token not in text
        assert cookie not in text


@pytest.mark.parametrize(
    ("method", "headers", "body"),
    [
        ("GET", [("X-Long", "a" * 40_000)], b""),
        (
            "POST",
            [("Content-Type", "application/x-www-form-urlencoded")],
            b"token=" + b"a" * 90_000,
        ),
    ],
)
def test_an_oversized_request_is_hung_up_on(panel, method, headers, body) -> None:
    try:
        status = panel.raw(method, "/sign-in", [("Host", "127.0.0.1"), *headers], body)[0]
    except (ConnectionError, http.client.HTTPException):
        status = 400  # hung up without an answer
    assert status >= 400
    assert panel.raw("GET", "/")[0] == 200
