"""Small files that only their owner may read: the pairing token, the sessions."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

__all__ = ["create_private", "read_private", "write_private"]


def _beside(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def write_private(path: Path, text: str) -> None:
    """Write a file with mode 0600 at once: whoever reads it sees the old or the new text whole."""
    temporary = _beside(path, text)
    try:
        temporary.replace(path)
    except OSError:
        temporary.unlink()
        raise


def create_private(path: Path, text: str) -> bool:
    """Write a file with mode 0600 unless it exists; False if another process was faster."""
    temporary = _beside(path, text)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


def read_private(path: Path) -> str:
    """Read such a file and take away rights that others have on it. Never follows a link.

    Raises `FileNotFoundError` if it is not there, `OSError` or `UnicodeDecodeError` if it can't be
    read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, encoding="utf-8") as file:
        if os.fstat(descriptor).st_mode & 0o077:
            with contextlib.suppress(PermissionError):  # another user's file: it is as it is
                os.fchmod(descriptor, 0o600)
        return file.read()
