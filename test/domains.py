"""ROS domains for tests: each is one part's own, so that no two of a run hear each other."""

from __future__ import annotations

import itertools
import random

# Above 101 the ports of Fast DDS meet Linux's ephemeral ones.
_DOMAINS = itertools.cycle(random.SystemRandom().sample(range(1, 101), 100))


def take_domain() -> int:
    """A ROS domain that this run has not used, or not for long."""
    return next(_DOMAINS)
