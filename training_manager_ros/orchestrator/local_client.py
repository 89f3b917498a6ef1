"""The file that signs a client on this machine in, in the form of the client's settings."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from training_manager_ros.errors import InvalidInput
from training_manager_ros.orchestrator.accounts import Accounts
from training_manager_ros.training.settings import Settings, load_settings

__all__ = ["LOCAL_OWNER", "kept_port", "read_local_client", "write_local_client"]

LOCAL_OWNER = "local"


def read_local_client(file: Path) -> Settings:
    """What the file says. Raises `InvalidInput` where others can read it, or it can't be read."""
    return load_settings(environ={}, file=file)


def write_local_client(accounts: Accounts, file: Path, address: str) -> None:
    """Make sure that `file` (mode 0600) leads to the server at `address` with a valid key.

    A key that is there and valid stays; a new one is of the owner "local".
    """
    try:
        kept = read_local_client(file)
    except InvalidInput:
        kept = Settings()
    key = kept.service_key
    if not key or accounts.by_text(key) is None:
        _, key = accounts.create(LOCAL_OWNER, f"for {file}")
    if kept == Settings(address, address, key):
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as lines:
        lines.write(
            f"TRAINING_SERVER_URL={address}\n"
            f"INNATE_AUTH_ISSUER_URL={address}\n"
            f"INNATE_SERVICE_KEY={key}\n"
        )
    beside.rename(file)


def kept_port(file: Path, host: str = "127.0.0.1") -> int:
    """The port that the file leads to, if nobody has it now, else 0.

    With it a restarted server is the same one to its clients, whose records name the port.
    """
    try:
        parts = urlsplit(read_local_client(file).server_url)
    except InvalidInput:
        return 0
    if parts.port is None or parts.hostname != host:
        return 0
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, parts.port))
        except OSError:
            return 0
    return parts.port
