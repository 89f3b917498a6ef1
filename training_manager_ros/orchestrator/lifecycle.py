"""A run's states and what leads from one to the next, as data.

waiting_for_approval ─approve→ approved ─boot→ booting ─start→ running ─finish→ done ─download→
        │ └─reject→ rejected      │               │                               │   downloaded
        └─────────────────────────┴───────────────┴──── finish, with an error ────┘

There is no failed state: a failure is `done` with an `error_message`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from training_manager_ros.errors import Conflict

__all__ = ["ACTIVE", "RULES", "Event", "Rule", "Status", "after"]


class Status(str, Enum):
    """Where a run is; the values are the contract's."""

    WAITING = "waiting_for_approval"
    APPROVED = "approved"
    BOOTING = "booting"
    RUNNING = "running"
    DONE = "done"
    DOWNLOADED = "downloaded"
    REJECTED = "rejected"


class Event(str, Enum):
    """What happens to a run."""

    APPROVE = "approve"
    REJECT = "reject"
    BOOT = "boot"  # staging begins, or begins again after a restart of the server
    START = "start"  # the engine has it
    FINISH = "finish"  # ended and collected, well or with an error
    DOWNLOAD = "download"  # the client has the results


@dataclass(frozen=True)
class Rule:
    """An event's effect; `stamp` is the run's field that keeps the time it happened."""

    sources: frozenset[Status]
    target: Status
    stamp: str = ""


ACTIVE = frozenset({Status.WAITING, Status.APPROVED, Status.BOOTING, Status.RUNNING})
"""States that a run leaves by itself or by a decision; all others are final for the server."""

RULES: Mapping[Event, Rule] = {
    Event.APPROVE: Rule(frozenset({Status.WAITING}), Status.APPROVED, "approved_at"),
    Event.REJECT: Rule(frozenset({Status.WAITING}), Status.REJECTED, "finished_at"),
    Event.BOOT: Rule(frozenset({Status.APPROVED, Status.BOOTING}), Status.BOOTING),
    Event.START: Rule(frozenset({Status.BOOTING}), Status.RUNNING, "started_at"),
    Event.FINISH: Rule(ACTIVE, Status.DONE, "finished_at"),
    Event.DOWNLOAD: Rule(frozenset({Status.DONE, Status.DOWNLOADED}), Status.DOWNLOADED),
}


def after(status: Status, event: Event) -> Status:
    """The state that `event` leads to. Raises `Conflict` where it can't happen in `status`."""
    rule = RULES[event]
    if status not in rule.sources:
        raise Conflict(f"A run that is {status.value} can't {event.value}.")
    return rule.target
