"""Notices another Training Manager in the ROS domain: another robot's, or a second one here.

ROS lets two nodes have one name. Both do what is asked then, and the panel shows the skills of the
one that spoke last.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

__all__ = ["PATIENCE", "Namesakes"]

_log = logging.getLogger("training_manager.node")

PATIENCE = 30.0  # seconds; ROS sees a node that was killed for up to 20 of them
_PROBLEM = (
    "Another Training Manager runs in this ROS domain: what is shown may be its, and what is asked "
    "is done by both. End it, or give one of them another ROS_DOMAIN_ID."
)


class Namesakes:
    """`count` tells how many such nodes there are, this one included; `changed` is called when
    `problem` has changed.
    """

    def __init__(
        self,
        count: Callable[[], int],
        changed: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._changed = changed
        self._clock = clock
        self._since: float | None = None
        self.problem = ""  # what is wrong and what to do

    def look(self) -> None:
        """Count again; to be called every few seconds."""
        now = self._clock()
        if self._count() < 2:
            self._since = None
        elif self._since is None:
            self._since = now
        seen_for = now - self._since if self._since is not None else 0.0
        problem = _PROBLEM if seen_for >= PATIENCE else ""
        if problem == self.problem:
            return
        self.problem = problem
        if problem:
            _log.warning(problem)
        self._changed()
