from __future__ import annotations

import gzip
import os

import pytest

from training_manager_ros.panel.static_files import accepted_encodings


@pytest.mark.parametrize(
    ("header", "encodings"),
    [
        ("", []),
        ("gzip", ["gzip"]),
        ("gzip, deflate, br, zstd", ["br", "gzip"]),
        ("br;q=0, gzip", ["gzip"]),
        ("GZIP;q=0.5", ["gzip"]),
        ("*", ["br", "gzip"]),
        ("*;q=0", []),
        ("identity", []),
        ("gzip;q=0", []),
        ("gzip;q=nonsense", []),
        (",,;;=", []),
    ],
)
def test_accept_encoding(header, encodings) -> None:
    assert list(accepted_encodings(header)) == encodings


def test_the_index_is_asked_about_every_time(panel) -> None:
    with panel.client() as client:
        answer = client.get("/")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "private, no-cache"
        again = client.get("/", headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
        assert again.content == b""


def test_who_has_signed_out_gets_no_304(panel) -> None:
    with panel.client() as client:
        etag = client.get("/").headers["etag"]
    with panel.stranger() as client:
        answer = client.get("/", headers={"If-None-Match": etag})
        assert answer.status_code == 200
        assert "Sign in" in answer.text


def test_a_new_build_is_seen_at_once(panel, static_dir) -> None:
    with panel.client() as client:
        etag = client.get("/").headers["etag"]
        new = static_dir / "index.new"
        new.write_text("<!doctype html><title>The newer</title>")
        os.replace(new, static_dir / "index.html")
        assert "The newer" in client.get("/", headers={"If-None-Match": etag}).text


def test_hashed_files_are_kept_for_good(panel) -> None:
    with panel.client() as client:
        answer = client.get("/assets/index-0123abcd.js")
    assert answer.text == "console.log('the panel')"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("accept", "encoding"), [("gzip, br", "br"), ("gzip", "gzip"), ("identity", None)]
)
def test_the_best_built_form_is_sent(panel, static_dir, accept, encoding) -> None:
    script = b"console.log('a long one')" * 99
    path = static_dir / "assets" / "long-1.js"
    path.write_bytes(script)
    path.with_name("long-1.js.gz").write_bytes(gzip.compress(script))
    path.with_name("long-1.js.br").write_bytes(b"as if")
    with (
        panel.client() as client,
        client.stream("GET", "/assets/long-1.js", headers={"Accept-Encoding": accept}) as answer,
    ):
        content = b"".join(answer.iter_raw())
        headers = answer.headers
    assert headers.get("content-encoding") == encoding
    assert "Accept-Encoding" in headers["vary"]
    assert headers["content-type"].startswith("text/javascript")
    expected = {"br": b"as if", "gzip": gzip.compress(script), None: script}[encoding]
    if encoding == "gzip":
        assert gzip.decompress(content) == script
    else:
        assert content == expected


def test_forms_have_etags_of_their_own(panel, static_dir) -> None:
    path = static_dir / "assets" / "index-0123abcd.js.gz"
    path.write_bytes(gzip.compress(b"console.log('the panel')"))
    with panel.client() as client:
        etags = {
            client.get("/assets/index-0123abcd.js", headers={"Accept-Encoding": form}).headers[
                "etag"
            ]
            for form in ("gzip", "identity")
        }
    assert len(etags) == 2


def test_an_error_is_not_kept(panel) -> None:
    with panel.client() as client:
        answer = client.get("/assets/gone-1.js")
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"
    assert "detail" in answer.json()


def test_a_panel_that_is_not_built_is_said_so(start_panel, tmp_path) -> None:
    panel = start_panel(static_dir=tmp_path / "nothing")
    with panel.client() as client:
        answer = client.get("/")
        assert answer.status_code == 503
        assert "not built" in answer.text
        assert client.get("/api/session").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e/secret.txt",
        "/assets/..",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/.built-from",
        "/assets/.hidden.js",
        "/assets/link.js",
        "/assets/%00.js",
        "/assets",
        "/assets/",
        "/assets//etc/passwd",
        "/folder.d",
    ],
)
def test_nothing_else_is_served(panel, static_dir, path) -> None:
    (static_dir.parent / "secret.txt").write_text("secret")
    (static_dir / ".built-from").write_text("secret")
    (static_dir / "assets" / ".hidden.js").write_text("secret")
    (static_dir / "assets" / "link.js").symlink_to(static_dir.parent / "secret.txt")
    (static_dir / "folder.d").mkdir()
    status, _, body = panel.raw("GET", path, panel.session_headers())
    assert status in (404, 422)
    assert b"secret" not in body.replace(b"secret.txt", b"")
