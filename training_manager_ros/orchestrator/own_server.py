"""A server that belongs to a panel: set up before it starts, so that the node knows of it."""

from __future__ import annotations

import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from training_manager_ros.orchestrator.accounts import Accounts
from training_manager_ros.orchestrator.local_client import (
    kept_port,
    read_local_client,
    write_local_client,
)
from training_manager_ros.orchestrator.services import DataFolder
from training_manager_ros.training.settings import Settings

__all__ = ["CLIENT_FILE", "OwnServer", "prepare_own_server"]

CLIENT_FILE = "client.env"
FIRST_SETTINGS = """\
# Of the training server that `training-manager ui --own-server` starts; see docs/orchestrator.md.
default_preset = "smoke"
stop_runs = true
stop_grace = 0.5
"""


@dataclass(frozen=True)
class OwnServer:
    """How to start it, and how a client on this machine signs in."""

    command: tuple[str, ...]
    client_file: Path
    client: Settings


def prepare_own_server(data_dir: Path) -> OwnServer:
    """Make the folder, its first settings, a key and the choice of a port; starts nothing.

    Raises `Conflict` if a server runs in that folder, and `InvalidInput` for wrong settings.
    """
    folder = DataFolder(data_dir)
    folder.lock()
    try:
        settings_file = folder.path / "server.toml"
        if not settings_file.exists():
            settings_file.write_text(FIRST_SETTINGS)
        folder.settings()
        client_file = folder.path / CLIENT_FILE
        port = kept_port(client_file) or _free_port()
        database = folder.database()
        try:
            address = f"http://127.0.0.1:{port}"
            write_local_client(Accounts(database, time.time), client_file, address)
        finally:
            database.close()
    finally:
        folder.release()
    command = (sys.executable, "-m", "training_manager_ros.orchestrator")
    options = ("--data-dir", str(folder.path), "--port", str(port))
    return OwnServer((*command, *options), client_file, read_local_client(client_file))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
