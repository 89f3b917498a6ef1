"""Ties a command to the process that started it: it is told to end even if that one is killed.

Run as a script, before the command takes its place: tether.py PARENT COMMAND …
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Ask the kernel for a signal at the parent's end, and become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before it could be asked for
        return 1
    os.execvp(command[0], command)


if __name__ == "__main__":
    sys.exit(main())
