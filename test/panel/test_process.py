"""`python -m training_manager_ros.panel` as the launch file runs it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest


class Process:
    def __init__(self, folder: Path, *options: str, prefix: tuple[str, ...] = ()) -> None:
        self.output = folder / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [
                    *prefix,
                    *(sys.executable, "-m", "training_manager_ros.panel"),
                    *("--host", "127.0.0.1", "--port", "0", "--bridge-port", "9"),
                    *("--skills-dir", str(folder)),
                    *options,
                ],
                env={
                    **os.environ,
                    "XDG_STATE_HOME": str(folder / "state"),
                    "XDG_CACHE_HOME": str(folder / "cache"),
                },
                stdout=output,
                stderr=output,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    @property
    def address(self) -> str:
        deadline = time.monotonic() + 20
        while not (found := re.search(r"(http://127\.0\.0\.1:\d+/\S*)\n", self.text)):
            assert time.monotonic() < deadline, self.text
            assert self.process.poll() is None, self.text
            time.sleep(0.02)
        return found[1]

    def megabytes(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1024


@pytest.fixture
def start(tmp_path: Path) -> Iterator[type[Process]]:
    started: list[Process] = []

    def run(*options: str, **more: tuple[str, ...]) -> Process:
        started.append(Process(tmp_path, *options, **more))
        return started[-1]

    yield run  # type: ignore[misc]
    for one in started:
        one.process.kill()
        one.process.wait()


def test_it_serves_and_stays_small_and_ends_when_told(start) -> None:
    panel = start()
    assert httpx.get(panel.address, trust_env=False).status_code == 303
    assert panel.megabytes() < 70
    for number in (signal.SIGINT, signal.SIGTERM):
        started = time.monotonic()
        panel.process.send_signal(number)
        assert panel.process.wait(10) == 0, panel.text
        assert time.monotonic() - started < 5
        assert "Traceback" not in panel.text
        panel = start()
        assert panel.address


def test_it_ends_in_time_with_a_connection_in_the_middle_of_a_request(start) -> None:
    panel = start()
    port = int(panel.address.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")  # and no end
        started = time.monotonic()
        panel.process.send_signal(signal.SIGINT)
        assert panel.process.wait(10) == 0, panel.text
        assert time.monotonic() - started < 5


def test_an_idle_server_uses_no_processor(start) -> None:
    panel = start()
    assert panel.address
    time.sleep(1.0)  # what is measured is that nothing happens

    def ticks() -> int:
        stat = Path(f"/proc/{panel.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(stat[11]) + int(stat[12])

    before = ticks()
    time.sleep(2.0)
    assert (ticks() - before) / os.sysconf("SC_CLK_TCK") < 0.05


def test_without_sign_in_it_warns(start) -> None:
    panel = start("--no-auth")
    assert panel.address.endswith("/")
    assert "!! No sign-in" in panel.text
    assert "WARNING training_manager.panel: --no-auth" in panel.text
    assert httpx.get(panel.address + "api/session", trust_env=False).json()["auth"] is False


def test_nohup_outlives_the_terminal(start) -> None:
    panel = start(prefix=("nohup",))
    assert panel.address
    panel.process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert httpx.get(panel.address.split("?")[0], trust_env=False).status_code == 200


def test_a_wrong_option_is_wrong_usage(start) -> None:
    assert start("--log-level", "loud").process.wait(20) == 2


def test_the_server_alone_needs_neither_ros_nor_what_reads_recordings() -> None:
    code = (
        "import sys, training_manager_ros.panel.ui, training_manager_ros.panel.__main__; "
        "print(*(m for m in ('rclpy', 'numpy', 'h5py', 'av', 'pyarrow', 'segno') "
        "if m in sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""
