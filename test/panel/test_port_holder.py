from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from training_manager_ros.panel.port_holder import port_holder


def test_our_own_process_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        holder = port_holder(listening.getsockname()[1])
    assert f"(process {os.getpid()})" in holder


def test_ipv6_and_another_process_are_found() -> None:
    code = (
        "import socket; s = socket.create_server(('::1', 0), family=socket.AF_INET6); "
        "print(s.getsockname()[1], flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        assert port_holder(port) == f"{Path(sys.executable).name} (process {other.pid})"
        other.communicate("\n")


def test_a_free_port_has_no_holder() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        assert port_holder(probe.getsockname()[1]) == ""


def test_what_may_not_be_known_is_unknown(tmp_path: Path) -> None:
    assert port_holder(8080, tmp_path) == ""
    (tmp_path / "net").mkdir()
    line = "0: 00000000:1F90 00000000:0000 0A 0:0 0:0 0 0 0 4242 1"
    (tmp_path / "net" / "tcp").write_text(f"header\n{line}\n")
    assert port_holder(8080, tmp_path) == ""
    folder = tmp_path / "77" / "fd"
    folder.mkdir(parents=True)
    (folder / "3").symlink_to("socket:[4242]")
    (tmp_path / "77" / "cmdline").write_bytes(b"/usr/bin/python3\0-m\0http.server\x008080\0")
    assert port_holder(8080, tmp_path) == "http.server (process 77)"
