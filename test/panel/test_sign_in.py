from __future__ import annotations

import re
import stat

import pytest


def test_the_pairing_link_sets_the_cookie_and_loses_the_token(panel) -> None:
    with panel.stranger() as client:
        answer = client.get("/", params={"token": panel.token})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/"
        assert answer.headers["cache-control"] == "no-store"
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{panel.cookie}=")
        for attribute in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="):
            assert attribute in cookie
        assert "Domain" not in cookie
        assert panel.token not in cookie
        assert "The panel</title>" in client.get("/").text


def test_the_rest_of_the_address_stays(panel) -> None:
    with panel.stranger() as client:
        answer = client.get(f"/?tab=datasets&token={panel.token}&skill=a%20b&skill=%C3%A9")
        assert answer.headers["location"] == "/?tab=datasets&skill=a+b&skill=%C3%A9"


def test_the_link_works_for_every_browser_and_again(panel) -> None:
    sessions = set()
    for _ in range(3):
        with panel.client() as client:
            sessions.add(client.cookies[panel.cookie])
            again = client.get("/", params={"token": panel.token})
            assert again.status_code == 303
            assert "set-cookie" not in again.headers
    assert len(sessions) == 3


def test_an_old_link_leads_to_the_form(panel) -> None:
    with panel.stranger() as client:
        answer = client.get("/", params={"token": "a" * 26})
        assert answer.status_code == 401
        assert "old or mistyped" in answer.text
        assert not client.cookies


def test_a_stranger_sees_the_form_and_no_panel(panel) -> None:
    with panel.stranger() as client:
        answer = client.get("/?tab=datasets")
    assert answer.status_code == 200
    assert 'action="/sign-in"' in answer.text
    assert "pairing-token" in answer.text
    assert "The panel</title>" not in answer.text
    assert str(panel.server.options.skills_dir) not in answer.text
    assert str(panel.server.token_file.parent.parent) not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_the_sign_in_page_asks_no_other_host(panel) -> None:
    with panel.stranger() as client:
        text = client.get("/").text
    addresses = set(re.findall(r'(?:src|href|action)="([^"]*)"', text))
    assert {address for address in addresses if not address.startswith("data:")} == {"/sign-in"}


def test_the_form(panel) -> None:
    with panel.stranger() as client:
        answer = client.post("/sign-in", data={"token": panel.token.upper(), "next": "/?tab=x#y"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/?tab=x#y"
        assert client.get("/api/session").status_code == 200
        assert client.get("/sign-in").headers["location"] == "/"


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "x", "/\t/evil", ""],
)
def test_the_form_leads_nowhere_else(panel, path) -> None:
    with panel.stranger() as client:
        answer = client.post("/sign-in", data={"token": panel.token, "next": path})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("data", [{}, {"token": ""}, {"token": "wrong"}, {"token": "\0"}])
def test_a_wrong_token_is_said_so(panel, data) -> None:
    with panel.stranger() as client:
        answer = client.post("/sign-in", data=data)
        assert answer.status_code == 401
        assert 'role="alert"' in answer.text
        assert not client.cookies


def test_a_wrong_token_is_not_shown_again_but_the_place_in_the_panel_is_kept(panel) -> None:
    with panel.stranger() as client:
        data = {"token": "<script>x", "next": '/?"><script>y'}
        text = client.post("/sign-in", data=data).text
    assert "script>x" not in text
    assert "<script>y" not in text
    assert 'name="next" value="/?&quot;&gt;&lt;script&gt;y"' in text


def test_guessing_is_slowed_down_by_link_and_by_form_together(panel) -> None:
    with panel.client() as known, panel.stranger() as guesser:
        statuses = []
        for number in range(4):
            statuses.append(guesser.get("/", params={"token": f"wrong{number}"}).status_code)
            statuses.append(guesser.post("/sign-in", data={"token": f"no{number}"}).status_code)
        assert statuses == [401] * 5 + [429] * 3
        right = guesser.post("/sign-in", data={"token": panel.token})
        assert right.status_code == 429  # not even looked at
        assert int(right.headers["retry-after"]) >= 1
        assert known.get("/api/session").status_code == 200


def test_signing_out_ends_the_session(panel) -> None:
    with panel.client() as client, panel.client() as other:
        kept = client.cookies[panel.cookie]
        answer = client.post("/sign-out")
        assert answer.status_code == 303
        assert client.get("/api/session").status_code == 401
        client.cookies.set(panel.cookie, kept)
        assert client.get("/api/session").status_code == 401
        assert other.get("/api/session").status_code == 200


def test_a_session_survives_a_restart(start_panel) -> None:
    first = start_panel()
    with first.client() as client:
        cookie = client.cookies[first.cookie]
    port = first.server.port
    start_panel.stop()
    second = start_panel(port=port)
    assert second.token == first.token
    with second.stranger() as client:
        client.cookies.set(second.cookie, cookie)
        assert client.get("/api/session").status_code == 200
    files = list(second.server.token_file.parent.iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_use_keeps_a_browser_signed_in(panel) -> None:
    with panel.client() as client:
        cookie = client.cookies[panel.cookie]
        answer = client.get("/")
        assert answer.headers["set-cookie"].startswith(f"{panel.cookie}={cookie}; ")
        assert "HttpOnly" in answer.headers["set-cookie"]


def test_two_servers_on_one_host_keep_apart(start_panel, tmp_path) -> None:
    one, two = start_panel(), start_panel(state_dir=tmp_path / "other-state")
    with one.client() as client:
        assert one.cookie != two.cookie
        client.cookies.set(two.cookie, client.cookies[one.cookie])
        assert client.get(f"{two.url}/api/session").status_code == 401
