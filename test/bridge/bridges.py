"""Starting a bridge as a process, ours or the real rosbridge_server."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

OWN = (sys.executable, "-m", "training_manager_ros.bridge", "--port", "{port}")
NAMES = "[/training_manager/*]"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class BridgeProcess:
    own: bool
    url: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def rss(self) -> float:
        """Resident memory in MB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    @property
    def cpu(self) -> float:
        """Seconds of processor time used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rosbridge_server() -> tuple[str, ...] | None:
    """The command for the real bridge, None where it is not installed."""
    try:
        from ament_index_python.packages import PackageNotFoundError, get_package_prefix
    except ImportError:
        return None
    try:
        prefix = get_package_prefix("rosbridge_server")
    except (PackageNotFoundError, OSError):  # OSError: no AMENT_PREFIX_PATH
        return None
    return (
        f"{prefix}/lib/rosbridge_server/rosbridge_websocket",
        # As command line options: as ROS parameters the lists would not be strings.
        *("--topics_glob", NAMES, "--services_glob", NAMES),
        *("--ros-args", "-p", "address:=127.0.0.1", "-p", "port:={port}"),
        *("-p", "call_services_in_new_thread:=true"),
        *("-p", "send_action_goals_in_new_thread:=true"),
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(domain: int) -> dict[str, str]:
    """What a process needs to be in the domain, on this machine only, and to find this checkout."""
    here = {"ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    if os.environ.get("ROS_DISTRO") == "humble":
        here["ROS_LOCALHOST_ONLY"] = "1"
    paths = [str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return {**here, "PYTHONPATH": os.pathsep.join(path for path in paths if path)}


@contextlib.contextmanager
def start(command: Sequence[str], domain: int, *extra: str) -> Iterator[BridgeProcess]:
    """Run a bridge until the block ends."""
    port = free_port()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [*(part.format(port=port) for part in command), *extra],
            env=os.environ | environment(domain),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_for_port(process, port, output)
            yield BridgeProcess(
                own=command is OWN, url=f"ws://127.0.0.1:{port}", port=port, process=process
            )
        finally:
            process.terminate()
            try:
                # rosbridge_server does not end on SIGTERM.
                process.wait(timeout=5 if command is OWN else 0.5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for_port(process: subprocess.Popen[bytes], port: int, output: object) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    output.seek(0)  # type: ignore[attr-defined]
    raise AssertionError(f"The bridge did not start: {output.read().decode()}")  # type: ignore[attr-defined]
