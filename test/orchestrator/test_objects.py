from __future__ import annotations

import base64
import hashlib
import os
import re
import socket
import threading
from urllib.parse import urlsplit

import httpx
import pytest

NAMES = ["data/episode_0.h5", "a b+c%41.txt", "ü/ß ☃.bin", "x?y#z&w=1", "data/.hidden", "a..b"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_put_is_got(owner, name):
    data = os.urandom(300_000)
    skill = owner.skill()
    put = owner.upload(skill, name, data)
    digest = hashlib.md5(data)
    assert put.headers["ETag"] == f'"{digest.hexdigest()}"'
    assert base64.b64decode(put.headers["Content-MD5"]) == digest.digest()
    listed = owner.http.get(f"/storage/list/{skill}").json()
    assert listed["objects"] == {name: {"size": len(data), "md5": digest.hexdigest()}}
    for url in (listed["files"][name], owner.urls(skill, name)["download_urls"][name]):
        got = httpx.get(url)
        assert got.content == data
        assert got.headers["ETag"] == put.headers["ETag"]
        head = httpx.head(url)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Length"] == str(len(data))
        assert head.headers["Content-MD5"] == put.headers["Content-MD5"]


def test_empty_and_large_files(owner):
    skill = owner.skill()
    for name, data in {"empty": b"", "large": os.urandom(12_000_001)}.items():
        owner.upload(skill, name, data)
        assert httpx.get(owner.files(skill)[name]).content == data


def test_what_was_not_uploaded_is_404(owner):
    url = owner.urls(owner.skill(), "data/x")["download_urls"]["data/x"]
    assert httpx.get(url).status_code == httpx.head(url).status_code == 404


def test_a_second_upload_replaces_the_first(server, owner):
    skill = owner.skill({"data/x": b"old"})
    owner.upload(skill, "data/x", b"new!")
    assert httpx.get(owner.files(skill)["data/x"]).content == b"new!"
    assert not list((server.folder / "objects" / "incoming").iterdir())


RANGES = [
    ("bytes=0-3", 206, slice(0, 4)),
    ("bytes=5-", 206, slice(5, None)),
    ("bytes=-3", 206, slice(-3, None)),
    ("bytes=-99", 206, slice(0, None)),
    ("bytes=3-99", 206, slice(3, None)),
    ("bytes=9-9", 206, slice(9, 10)),
    ("bytes=10-", 416, None),
    ("bytes=4-2", 416, None),
    ("bytes=-0", 416, None),
    ("bytes=0-1,3-4", 200, slice(None)),
    ("bytes=-", 200, slice(None)),
    ("lines=0-1", 200, slice(None)),
    ("bytes=a-b", 200, slice(None)),
]


@pytest.mark.parametrize(("text", "status", "part"), RANGES)
def test_ranges(owner, text, status, part):
    data = b"0123456789"
    url = owner.files(owner.skill({"x": data}))["x"]
    answer = httpx.get(url, headers={"Range": text})
    assert answer.status_code == status
    if part is None:
        assert answer.headers["Content-Range"] == "bytes */10"
        return
    assert answer.content == data[part]
    if status == 206:
        start, stop, _ = part.indices(10)
        assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/10"
        assert "Content-MD5" not in answer.headers


def test_a_range_of_what_changed_meanwhile_is_the_whole(owner):
    skill = owner.skill({"x": b"0123456789"})
    url = owner.files(skill)["x"]
    tag = httpx.head(url).headers["ETag"]
    ask = {"Range": "bytes=5-", "If-Range": tag}
    assert httpx.get(url, headers=ask).content == b"56789"
    assert httpx.get(url, headers={"If-None-Match": tag}).status_code == 304
    owner.upload(skill, "x", b"abcdefghij")
    answer = httpx.get(url, headers=ask)
    assert (answer.status_code, answer.content) == (200, b"abcdefghij")


def test_a_hash_that_does_not_fit_keeps_what_was_there(server, owner):
    skill = owner.skill({"x": b"good"})
    url = owner.urls(skill, "x")["upload_urls"]["x"]
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert httpx.put(url, content=b"evil", headers={"Content-MD5": wrong}).status_code == 400
    assert httpx.put(url, content=b"evil", headers={"Content-MD5": "no"}).status_code == 400
    assert httpx.get(owner.files(skill)["x"]).content == b"good"
    right = base64.b64encode(hashlib.md5(b"fine").digest()).decode()
    assert httpx.put(url, content=b"fine", headers={"Content-MD5": right}).status_code == 201


def raw(server, text: bytes) -> bytes:
    place = urlsplit(server.base)
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(text)
        answer = b""
        while b"\r\n\r\n" not in answer and (more := connection.recv(4096)):
            answer += more
        return answer


def test_an_upload_that_breaks_off_leaves_nothing(server, owner, wait_for):
    skill = owner.skill({"x": b"good"})
    path = urlsplit(owner.urls(skill, "x")["upload_urls"]["x"])
    place = urlsplit(server.base)
    head = f"PUT {path.path}?{path.query} HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"
    incoming = server.folder / "objects" / "incoming"
    with socket.create_connection((place.hostname, place.port)) as connection:
        connection.sendall(head.encode() + b"e" * 500_000)
        wait_for(lambda: list(incoming.iterdir()), what="the upload to begin")
    wait_for(lambda: not list(incoming.iterdir()), what="the upload to be dropped")
    assert httpx.get(owner.files(skill)["x"]).content == b"good"


def test_an_upload_without_a_length_is_refused(server, owner):
    skill = owner.skill()
    url = owner.urls(skill, "x")["upload_urls"]["x"]
    assert httpx.put(url, content=iter([b"a", b"b"])).status_code == 411
    path = urlsplit(url)
    line = f"PUT {path.path}?{path.query} HTTP/1.1\r\nHost: h\r\n"
    for length in ("-5", "x", "99999999999999999"):
        answer = raw(server, f"{line}Content-Length: {length}\r\n\r\n".encode())
        assert not answer.startswith(b"HTTP/1.1 2"), length
    assert owner.files(skill) == {}


def test_a_file_larger_than_the_disk_is_refused_at_once(server, owner):
    skill = owner.skill()
    path = urlsplit(owner.urls(skill, "x")["upload_urls"]["x"])
    line = f"PUT {path.path}?{path.query} HTTP/1.1\r\nHost: h\r\nContent-Length: {1 << 39}\r\n\r\n"
    answer = raw(server, line.encode())
    assert answer.startswith(b"HTTP/1.1 507 ")


def altered(url: str, other: str) -> dict[str, str]:
    """URLs that somebody might try who has one that is good."""
    signature = re.search(r"signature=(\w+)", url)[1]
    expires = re.search(r"expires=(\d+)", url)[1]
    flipped = ("0" if signature[0] != "0" else "1") + signature[1:]
    theirs = urlsplit(other).path
    mine = urlsplit(url).path
    return {
        "no signature": url.split("?")[0],
        "empty signature": url.replace(signature, ""),
        "one digit of the signature": url.replace(signature, flipped),
        "a shorter signature": url.replace(signature, signature[:-1]),
        "a signature in capitals": url.replace(signature, signature.upper()),
        "a signature that is no text": url.replace(signature, "%ff%fe"),
        "a longer life": url.replace(expires, str(int(expires) + 1)),
        "a life without end": url.replace(expires, "9" * 15),
        "a life that is no number": url.replace(expires, "x"),
        "a life in other digits": url.replace(expires, "%D9%A1%D9%A2"),
        "another name": url.replace("/x?", "/y?"),
        "a name below": url.replace("/x?", "/x/y?"),
        "a name above": url.replace("/x?", "/../x?"),
        "an encoded name above": url.replace("/x?", "/%2e%2e/x?"),
        "another run": url.replace("/0/", "/1/"),
        "a file of another skill": url.replace(mine, theirs),
    }


@pytest.mark.parametrize("kind", ["upload_urls", "download_urls"])
def test_altered_urls_are_refused(owner, kind):
    skill = owner.skill({"x": b"secret"})
    other = owner.skill({"x": b"other"})
    url = owner.urls(skill, "x")[kind]["x"]
    theirs = owner.urls(other, "x")[kind]["x"]
    for what, bad in altered(url, theirs).items():
        answers = [httpx.get(bad), httpx.head(bad), httpx.put(bad, content=b"evil")]
        assert {a.status_code for a in answers} <= {403, 400}, what
    assert httpx.get(owner.files(skill)["x"]).content == b"secret"
    assert httpx.get(owner.files(other)["x"]).content == b"other"


def test_a_download_url_is_no_upload_url_and_the_other_way_round(owner):
    skill = owner.skill({"x": b"secret"})
    urls = owner.urls(skill, "x")
    assert httpx.put(urls["download_urls"]["x"], content=b"evil").status_code == 403
    assert httpx.get(urls["upload_urls"]["x"]).status_code == 403
    assert httpx.post(urls["upload_urls"]["x"], content=b"evil").status_code in (403, 405)
    assert httpx.delete(urls["upload_urls"]["x"]).status_code in (403, 405)
    assert httpx.get(owner.files(skill)["x"]).content == b"secret"


def test_urls_expire(make_server, wait_for):
    server = make_server()
    server.write_settings("url_lifetime = 4.0")
    owner = server.start().owner("me")
    skill = owner.skill({"x": b"1"})
    urls = owner.urls(skill, "x")
    wait_for(lambda: httpx.get(urls["download_urls"]["x"]).status_code == 403, what="it expires")
    answer = httpx.put(urls["upload_urls"]["x"], content=b"late")
    assert (answer.status_code, "expired" in answer.json()["detail"]) == (403, True)
    assert httpx.get(owner.files(skill)["x"]).content == b"1"


def test_another_server_does_not_take_our_urls(make_server):
    one, two = make_server("one").start(), make_server("two").start()
    url = (owner := one.owner("me")).urls(owner.skill(), "x")["upload_urls"]["x"]
    assert httpx.put(url.replace(one.base, two.base), content=b"x").status_code == 403


def test_urls_have_the_address_that_the_client_asked(server, owner):
    skill = owner.skill()
    port = urlsplit(server.base).port
    name = f"http://robot.local:{port}"
    answer = owner.http.post(
        f"/skills/{skill}/files", json={"filenames": ["x"]}, headers={"Host": f"robot.local:{port}"}
    )
    assert answer.json()["upload_urls"]["x"].startswith(name)


def test_sixteen_at_once_to_one_name_end_with_one_of_them(owner):
    skill = owner.skill()
    url = owner.urls(skill, "x")["upload_urls"]["x"]
    bodies = [bytes([65 + i]) * 1_000_000 for i in range(16)]
    codes = []
    threads = [
        threading.Thread(target=lambda b=b: codes.append(httpx.put(url, content=b).status_code))
        for b in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [201] * 16
    assert httpx.get(owner.files(skill)["x"]).content in bodies


def test_who_reads_while_it_is_replaced_reads_the_old_one(owner):
    old, new = b"o" * 20_000_000, b"n" * 20_000_000
    skill = owner.skill({"x": old})
    with httpx.stream("GET", owner.files(skill)["x"]) as answer:
        pieces = answer.iter_bytes()
        first = next(pieces)
        owner.upload(skill, "x", new)
        assert set(first + b"".join(pieces)) == {ord("o")}


def test_an_object_that_was_damaged_on_disk_is_said_to_be(server, owner):
    skill = owner.skill({"data/unique": b"0123456789" * 77})
    damaged = [p for p in (server.folder / "objects").rglob("*") if p.is_file()]
    for path in damaged:
        if path.stat().st_size == 770:
            path.write_bytes(b"012")
    answer = httpx.get(owner.files(skill)["data/unique"])
    assert answer.status_code == 500
    assert "upload it again" in answer.json()["detail"]
