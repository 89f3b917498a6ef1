"""Finds out which process has a TCP port, as far as this user may know."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["port_holder"]

_LISTENING = "0A"


def port_holder(port: int, proc: Path = Path("/proc")) -> str:
    """The process that listens on a port, as "name (process 123)"; "" if it can't be known."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
    if not sockets:
        return ""
    for folder in proc.glob("[0-9]*"):
        try:
            if any(_target(link) in sockets for link in (folder / "fd").iterdir()):
                return f"{_name(folder)} (process {folder.name})"
        except OSError:  # another user's, or gone
            continue
    return ""


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except FileNotFoundError:  # closed meanwhile
        return ""


def _listening_inodes(port: int, proc: Path) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes


def _name(folder: Path) -> str:
    command = (folder / "cmdline").read_bytes().split(b"\0")
    words = [word.decode(errors="replace") for word in command if word]
    if len(words) > 2 and words[1] == "-m":  # python -m something
        return words[2]
    return Path(words[0]).name if words else (folder / "comm").read_text().strip()
