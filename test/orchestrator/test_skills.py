from __future__ import annotations

import socket
import uuid
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest


def test_the_root_tells_who_it_is_without_sign_in(server):
    answer = httpx.get(server.base)
    assert answer.json()["name"] == "training-manager-orchestrator"
    assert set(answer.json()["features"]) >= {"cancel", "log", "metrics", "delete_skill", "presets"}
    assert "approve" not in answer.json()["features"]  # automatic on this server
    assert "Server" not in answer.headers


def test_a_skill_from_making_to_deleting(owner):
    made = owner.http.post("/skills", json={"name": "Pick up cup"})
    assert made.status_code == 201
    skill = made.json()
    assert uuid.UUID(skill["skill_id"])
    assert skill["name"] == "Pick up cup"
    assert datetime.fromisoformat(skill["created_at"].replace("Z", "+00:00")).utcoffset() == (
        timedelta()
    )
    address = f"/skills/{skill['skill_id']}"
    assert owner.http.get(address).json() == skill
    assert owner.http.get("/skills").json() == [skill]
    renamed = owner.http.patch(address, json={"name": "Pick"}).json()
    assert (renamed["name"], renamed["created_at"]) == ("Pick", skill["created_at"])
    assert owner.http.delete(address).status_code == 204
    assert owner.http.get(address).status_code == 404
    assert owner.http.get("/skills").json() == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"no json", b'{"name": ""}', b'{"name": 5}',
                                  b'{"name": "' + b"a" * 201 + b'"}', b'{"name": "\\ud800"}',
                                  b'{"name": "a\\nb"}', b'{"name": "\\u001b[2J"}',
                                  b"\xff"])  # fmt: skip
def test_a_skill_needs_a_name(owner, body):
    answer = owner.http.post("/skills", content=body)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_more_than_a_call_can_be_is_refused(owner):
    place = urlsplit(owner.server.base)
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(b"POST /skills HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("skill", ["x", str(uuid.uuid4()), "%2e%2e", "a%00b", "' OR 1=1 --"])
def test_a_skill_that_is_not_there(owner, skill):
    for method, path in [
        ("GET", f"/skills/{skill}"),
        ("PATCH", f"/skills/{skill}"),
        ("DELETE", f"/skills/{skill}"),
        ("POST", f"/skills/{skill}/files"),
        ("GET", f"/skills/{skill}/runs"),
        ("POST", f"/skills/{skill}/runs"),
        ("GET", f"/skills/{skill}/runs/1"),
        ("GET", f"/storage/list/{skill}"),
        ("GET", f"/storage/list/{skill}/1"),
    ]:
        content = b'{"name": "x", "filenames": []}' if method in ("POST", "PATCH") else None
        answer = owner.http.request(method, path, content=content)
        assert answer.status_code == 404, (method, path, answer.text)
        assert answer.json()["detail"]


def test_an_address_that_is_none_and_a_method_that_is_none(owner):
    assert owner.http.get("/nothing").json()["detail"]
    assert owner.http.get("/nothing").status_code == 404
    assert owner.http.put("/skills").status_code == 405
    assert owner.http.put("/skills").json()["detail"]


def test_at_most_25_names_a_call(owner):
    skill = owner.skill()
    names = [f"data/{i}" for i in range(26)]
    answer = owner.http.post(f"/skills/{skill}/files", json={"filenames": names})
    assert answer.status_code == 400
    urls = owner.urls(skill, *names[:25])
    assert list(urls["upload_urls"]) == list(urls["download_urls"]) == names[:25]


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "", "a\0b", "a\\..\\b"])
def test_names_that_climb_out_get_no_url(owner, name):
    skill = owner.skill()
    answer = owner.http.post(f"/skills/{skill}/files", json={"filenames": ["good", name]})
    assert answer.status_code == 400
    assert "name" in answer.json()["detail"]


def test_deleting_a_skill_removes_its_files_from_the_disk(server, owner):
    skill = owner.skill({"data/a": b"a" * 1000, "data/b": b"b"})
    url = owner.files(skill)["data/a"]
    blobs = {p for p in (server.folder / "objects").rglob("*") if p.is_file()}
    other = owner.skill({"data/a": b"kept"})
    assert owner.http.delete(f"/skills/{skill}").status_code == 204
    after = {p for p in (server.folder / "objects").rglob("*") if p.is_file()}
    assert len(blobs - after) == 2
    assert httpx.get(url).status_code == 404
    assert httpx.get(owner.files(other)["data/a"]).content == b"kept"


def test_an_upload_for_a_skill_that_was_deleted_meanwhile(owner):
    skill = owner.skill()
    url = owner.urls(skill, "data/x")["upload_urls"]["data/x"]
    owner.http.delete(f"/skills/{skill}")
    assert httpx.put(url, content=b"x").status_code == 404
