"""ROS domains for tests: each is one part's own, so that no two of a run hear each other."""

from __future__ import annotations

import fcntl
import itertools
import os
import random
import tempfile

# Above 101 the ports of Fast DDS meet Linux's ephemeral ones.
_NUMBERS = random.SystemRandom().sample(range(1, 101), 100)
_DOMAINS = itertools.cycle(_NUMBERS)
_HELD: dict[int, int] = {}  # lock files of domains, open as long as this process lives


def take_domain() -> int:
    """A ROS domain that no other run here uses, and this run has not used, or not for long."""
    for number in itertools.islice(_DOMAINS, len(_NUMBERS)):
        if number in _HELD or _lock(number):
            return number
    raise RuntimeError("every ROS domain is in use by other tests")


def _lock(number: int) -> bool:
    path = os.path.join(tempfile.gettempdir(), f"training_manager_domain_{number}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    _HELD[number] = descriptor
    return True
