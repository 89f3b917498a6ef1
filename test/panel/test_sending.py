"""Large files and slow, leaving or unlucky clients."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from training_manager_ros.panel.sending import open_file, revision_of, revision_of_made

GIB = 1024**3


def memory() -> int:
    """Resident bytes of this process, the server included."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError


def open_descriptors(path: Path) -> int:
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            count += os.readlink(link) == str(path)
        except FileNotFoundError:
            continue
    return count


def wait_until(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


@contextmanager
def asking(panel, path: str, headers=()):
    """A socket on which a request was sent and nothing was read."""
    with socket.create_connection(("127.0.0.1", panel.server.port)) as connection:
        lines = [f"GET {path} HTTP/1.1", *(f"{n}: {v}" for n, v in panel.session_headers())]
        lines += [f"{name}: {value}" for name, value in headers]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        connection.settimeout(10)
        yield connection


def read_to_the_end(connection: socket.socket) -> bytes:
    data = b""
    try:
        while chunk := connection.recv(1 << 20):
            data += chunk
    except ConnectionResetError:
        pass
    return data


@pytest.fixture
def big(static_dir) -> Path:
    """3 GiB that take no space, with something at the end."""
    path = static_dir / "assets" / "big-1.bin"
    with path.open("wb") as file:
        file.truncate(3 * GIB - 5)
        file.seek(0, os.SEEK_END)
        file.write(b"there")
    return path


def test_slow_clients_of_a_big_file_cost_no_memory(panel, big) -> None:
    before = memory()
    connections = []
    managers = [asking(panel, "/assets/big-1.bin") for _ in range(10)]
    try:
        connections = [manager.__enter__() for manager in managers]
        for connection in connections:
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        wait_until(lambda: open_descriptors(big) == 10)
        with panel.client() as client:
            for _ in range(20):  # they read a little now and then; others are answered
                for connection in connections:
                    assert connection.recv(1000)
                assert client.get("/api/session").status_code == 200
        assert memory() - before < 40 * 1024**2
    finally:
        for manager in managers[: len(connections)]:
            manager.__exit__(None, None, None)
    wait_until(lambda: open_descriptors(big) == 0)  # they left half-way


def test_the_end_of_a_big_file_comes_at_once(panel, big) -> None:
    with panel.client() as client:
        answer = client.get("/assets/big-1.bin", headers={"Range": "bytes=-5"})
        assert answer.content == b"there"
        assert answer.headers["content-range"] == f"bytes {3 * GIB - 5}-{3 * GIB - 1}/{3 * GIB}"
        answer = client.get("/assets/big-1.bin", headers={"Range": f"bytes={3 * GIB - 9}-"})
        assert answer.content == b"\0\0\0\0there"


def test_a_file_that_is_replaced_meanwhile_is_sent_as_it_was(panel, static_dir) -> None:
    path = static_dir / "assets" / "video-1.bin"
    size = 30_000_000
    path.write_bytes(b"a" * size)
    with asking(panel, "/assets/video-1.bin", [("Connection", "close")]) as connection:
        assert connection.recv(10_000).startswith(b"HTTP/1.1 200")
        new = path.with_name("new")
        new.write_bytes(b"b" * size)
        os.replace(new, path)
        rest = read_to_the_end(connection)
    assert b"b" * 100 not in rest
    assert rest.count(b"a") >= size - 10_000


@pytest.mark.parametrize("change", ["shorter", "other"])
def test_a_file_that_is_changed_in_place_breaks_the_connection(panel, static_dir, change) -> None:
    """The client must not take what it got for the whole file."""
    path = static_dir / "assets" / "video-1.bin"
    size = 30_000_000
    path.write_bytes(b"a" * size)
    with asking(panel, "/assets/video-1.bin") as connection:
        head = connection.recv(10_000)
        assert f"Content-Length: {size}".encode() in head
        if change == "shorter":
            os.truncate(path, 20_000_000)
        else:
            with path.open("r+b") as file:
                file.seek(size - 100)
                file.write(b"b" * 100)
        rest = read_to_the_end(connection)
    assert len(rest) < size - 10_000
    assert b"b" * 100 not in rest
    wait_until(lambda: open_descriptors(path) == 0)
    with panel.client() as client:
        assert client.get("/assets/video-1.bin", headers={"Range": "bytes=-1"}).status_code == 206


def test_use_does_not_change_a_file_of_the_cache(tmp_path) -> None:
    path = tmp_path / "made.mp4"
    path.write_bytes(b"a" * 100)
    recorded, made = open_file(path, revision_of), open_file(path, revision_of_made)
    os.utime(path, (1, 1))  # as the cache notes that it was used
    assert recorded.read(0, 10) == b""
    assert made.read(0, 10) == b"a" * 10
    os.truncate(path, 50)
    assert made.read(0, 10) == b""
    recorded.close()
    made.close()


def test_an_empty_file(panel, static_dir) -> None:
    (static_dir / "assets" / "empty-1.css").write_bytes(b"")
    with panel.client() as client:
        assert client.get("/assets/empty-1.css").content == b""
        answer = client.get("/assets/empty-1.css", headers={"Range": "bytes=0-"})
        assert answer.status_code == 416
        assert answer.headers["content-range"] == "bytes */0"


def test_what_is_no_regular_file_is_not_waited_for(panel, static_dir) -> None:
    os.mkfifo(static_dir / "assets" / "pipe-1.js")
    with panel.client() as client:
        assert client.get("/assets/pipe-1.js").status_code == 422


def test_a_file_without_rights_is_said_so(panel, static_dir) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path = static_dir / "assets" / "index-0123abcd.js"
    path.chmod(0)
    with panel.client() as client:
        answer = client.get("/assets/index-0123abcd.js")
    assert answer.status_code == 422
    assert "Permission denied" in answer.json()["detail"]


def test_two_at_once_get_their_own(panel, static_dir) -> None:
    for name in "ab":
        (static_dir / "assets" / f"{name}-1.bin").write_bytes(name.encode() * 5_000_000)
    got: dict[str, bytes] = {}

    def fetch(name: str) -> None:
        with panel.client() as client:
            got[name] = client.get(f"/assets/{name}-1.bin").content

    threads = [threading.Thread(target=fetch, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert got == {name: name.encode() * 5_000_000 for name in "ab"}
