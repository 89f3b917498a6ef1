"""The server's secret: one random file in the data folder, from which the signing keys are made."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from training_manager_ros.errors import Unreadable

__all__ = ["derive", "load_secret"]


def load_secret(path: Path) -> bytes:
    """The 32 bytes in `path`, made (mode 0600) at the first call.

    Raises `Unreadable` where the file is not what was once written.
    """
    if not path.exists():
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)  # unlike a rename, never replaces what another process made
        except FileExistsError:
            pass
        finally:
            os.unlink(beside)
    secret = path.read_bytes()
    if len(secret) != 32:
        raise Unreadable(f"{path} is damaged: delete it, and clients sign in anew.")
    return secret


def derive(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose alone."""
    return hmac.new(secret, purpose.encode(), hashlib.sha256).digest()
