"""How fast the training server takes uploads, next to nginx and to a plain copy through a socket.

    python bench/orchestrator.py [--rounds 3]

20 robots with 5 skills each; 16 connections at a time send 100 files of 1 MB each, of random bytes.
The same client, which does nothing but send, talks in turn to our server, to nginx (WebDAV PUT,
where nginx is installed), to a thread that copies a socket into files, and to one that also syncs
each file, as our server does before it acknowledges. Then every object's hash is checked, and 1,000
runs are listed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx

ROBOTS, SKILLS, CONNECTIONS, FILES, SIZE = 20, 5, 16, 100, 1 << 20
BODIES = [os.urandom(SIZE) for _ in range(8)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        ours = stack.enter_context(our_server(folder / "ours"))
        others: dict[str, Callable[[], float]] = {
            "plain copy": stack.enter_context(plain_copy(folder / "plain", False)),
            "plain copy, synced": stack.enter_context(plain_copy(folder / "synced", True)),
        }
        if shutil.which("nginx"):
            others["nginx"] = stack.enter_context(nginx(folder / "nginx"))
        speeds: dict[str, list[float]] = {"ours": [], **{name: [] for name in others}}
        for _ in range(rounds):  # in turn, so that other work on the machine hits all alike
            speeds["ours"].append(ours.upload())
            for kind, upload in others.items():
                speeds[kind].append(upload())
        medians = {kind: statistics.median(values) for kind, values in speeds.items()}
        for kind, speed in medians.items():
            ratio = f"{medians['ours'] / speed:6.0%} is our part of it" if kind != "ours" else ""
            print(f"{kind:20} {speed:7.0f} MB/s  {ratio}")
        print(f"objects with the right hash: {ours.check()}")
        print(f"peak memory of the server:   {ours.peak_memory() / 1e6:.0f} MB")
        print(f"1,000 runs listed in:        {ours.list_runs(1000) * 1000:.0f} ms")


class Ours:
    """Our server, and what was sent to it."""

    def __init__(self, folder: Path, process: subprocess.Popen[str], base: str) -> None:
        self._folder, self._process, self._base = folder, process, base
        self._owners = [self._owner(f"robot {i}") for i in range(ROBOTS)]
        self._skills = [
            (owner, owner.post("/skills", json={"name": f"skill {i}"}).json()["skill_id"])
            for owner in self._owners
            for i in range(SKILLS)
        ]
        self._sent: dict[tuple[int, str], bytes] = {}

    def upload(self) -> float:
        """One round; MB/s from the first byte to the last acknowledgement."""
        plans: list[list[tuple[str, bytes]]] = []
        for connection in range(CONNECTIONS):
            plan: list[tuple[str, bytes]] = []
            for first in range(0, FILES, 25):
                number = (connection * 4 + first // 25) % len(self._skills)
                owner, skill = self._skills[number]
                names = [f"data/{connection}/{i}" for i in range(first, first + 25)]
                answer = owner.post(f"/skills/{skill}/files", json={"filenames": names}).json()
                for i, (name, url) in enumerate(answer["upload_urls"].items()):
                    body = BODIES[(i + len(self._sent)) % len(BODIES)]
                    self._sent[number, name] = body
                    parts = urlsplit(url)
                    plan.append((f"{parts.path}?{parts.query}", body))
            plans.append(plan)
        return send_all(urlsplit(self._base).port or 0, plans)

    def check(self) -> str:
        """Every object, read back and by its announced hash."""
        right = 0
        for number, (owner, skill) in enumerate(self._skills):
            listed = owner.get(f"/storage/list/{skill}").json()
            for name, url in listed["files"].items():
                digest = hashlib.md5(self._sent[number, name]).hexdigest()
                body = owner.get(url, headers={"Authorization": ""}).content
                same = hashlib.md5(body).hexdigest() == digest
                right += same and listed["objects"][name]["md5"] == digest
        return f"{right} of {len(self._sent)}"

    def peak_memory(self) -> float:
        """Bytes of the server's largest resident set."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return float(status.partition("VmHWM:")[2].split()[0]) * 1024

    def list_runs(self, count: int) -> float:
        """Seconds of one call that lists that many runs, median of 5."""
        owner, skill = self._skills[0]
        with contextlib.closing(sqlite3.connect(self._folder / "server.sqlite")) as database:
            database.executemany(
                "INSERT INTO runs (skill_id, status, training_params, created_at, updated_at)"
                " VALUES (?, 'done', ?, '2026-01-01T00:00:00.000000Z',"
                " '2026-01-01T00:00:00.000000Z')",
                [(skill, '{"preset": "act-default", "env": {"MAX_STEPS": "1000"}}')] * count,
            )
            database.commit()
        times = []
        for _ in range(5):
            began = time.perf_counter()
            assert len(owner.get("/runs").json()) == count
            times.append(time.perf_counter() - began)
        return statistics.median(times)

    def _owner(self, name: str) -> httpx.Client:
        key = keys(self._folder, name)
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self._base, headers=headers, timeout=60)


def keys(folder: Path, owner: str) -> str:
    command = [sys.executable, "-m", "training_manager_ros.orchestrator", "--data-dir", str(folder)]
    line = [*command, "keys", "create", owner]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()


@contextlib.contextmanager
def our_server(folder: Path) -> Iterator[Ours]:
    line = [sys.executable, "-m", "training_manager_ros.orchestrator", "--port", "0"]
    process = subprocess.Popen(
        [*line, "--data-dir", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    base = process.stdout.readline().split()[3].rstrip(",")
    try:
        yield Ours(folder, process, base)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[Callable[[], float]]:
    """nginx with one worker, which takes PUTs as WebDAV."""
    (folder / "files").mkdir(parents=True)
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"""
        daemon off; user root; worker_processes 1; pid {folder}/pid; error_log {folder}/log;
        events {{}}
        http {{
            access_log off; client_max_body_size 0; client_body_temp_path {folder}/temp;
            server {{ listen 127.0.0.1:{port}; location / {{
                root {folder}/files; dav_methods PUT; create_full_put_path on;
            }} }}
        }}"""
    )
    process = subprocess.Popen(
        ["nginx", "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
    )
    wait_for_port(port)

    def upload() -> float:
        plans = [
            [(f"/{c}/{i}", BODIES[i % len(BODIES)]) for i in range(FILES)]
            for c in range(CONNECTIONS)
        ]
        return send_all(port, plans)

    try:
        yield upload
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def plain_copy(folder: Path, synced: bool) -> Iterator[Callable[[], float]]:
    """A process that copies each connection's bytes into files, and does nothing else."""
    folder.mkdir()
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, str(folder), str(port), str(int(synced))])
    wait_for_port(port)

    def upload() -> float:
        plans = [[("", body) for body in (BODIES * FILES)[:FILES]] for _ in range(CONNECTIONS)]
        return send_all(port, plans, plain=True)

    try:
        yield upload
    finally:
        process.kill()
        process.wait()


def copy_forever(folder: Path, port: int, synced: bool) -> None:
    def serve(connection: socket.socket, number: int) -> None:
        buffer = memoryview(bytearray(1 << 18))
        for count in range(1 << 30):
            left = SIZE
            first = connection.recv_into(buffer[: min(left, len(buffer))])
            if not first:
                return
            with (folder / f"{number}-{count}").open("wb", buffering=0) as file:
                file.write(buffer[:first])
                left -= first
                while left:
                    got = connection.recv_into(buffer[: min(left, len(buffer))])
                    file.write(buffer[:got])
                    left -= got
                if synced:
                    os.fsync(file.fileno())
            connection.sendall(b"\r\n\r\n")

    with socket.create_server(("127.0.0.1", port), backlog=64) as listener:
        for number in range(1 << 30):
            threading.Thread(target=serve, args=(listener.accept()[0], number), daemon=True).start()


def send_all(port: int, plans: list[list[tuple[str, bytes]]], plain: bool = False) -> float:
    """Send each plan over a connection of its own; MB/s of all together."""
    failed: list[BaseException] = []

    def send(plan: list[tuple[str, bytes]]) -> None:
        try:
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for path, body in plan:
                    head = f"PUT {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n\r\n"
                    connection.sendall(b"" if plain else head.encode())
                    connection.sendall(body)
                    answer = b""
                    while b"\r\n\r\n" not in answer:
                        answer += connection.recv(65536)
                    assert plain or answer.startswith((b"HTTP/1.1 201", b"HTTP/1.1 204")), answer
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=send, args=(plan,)) for plan in plans]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if failed:
        raise failed[0]
    return sum(len(body) for plan in plans for _, body in plan) / took / 1e6


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[2].isdigit():
        copy_forever(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "1")
    else:
        main()
