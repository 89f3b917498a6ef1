"""Everything that can go wrong for a reason that a person can act on.

TrainingManagerError
├── InvalidInput       the request is wrong; `fields` names the wrong fields where known
├── NotFound           the skill, episode, camera or frame does not exist
├── Conflict           somebody else changed it first, or the name is taken
└── Unreadable         what is on disk is broken; the message names the file

The inner packages raise these and nothing else on purpose; the edges (node, panel, CLI) turn
them into an answer in one place each. Messages are sentences for the user and say what to do.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Conflict", "InvalidInput", "NotFound", "TrainingManagerError", "Unreadable"]


class TrainingManagerError(Exception):
    """Base of all errors that are meant for the user; `str(error)` is the sentence shown."""


class InvalidInput(TrainingManagerError):
    """Raised when a request cannot be carried out as it is asked.

    `fields` maps a field's dotted path (`execution.action_dim`) to what is wrong with it.
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields: dict[str, str] = dict(fields or {})


class NotFound(TrainingManagerError):
    """Raised when a named skill, episode, camera or frame does not exist."""


class Conflict(TrainingManagerError):
    """Raised when the thing changed since the caller read it, or its name is already taken."""


class Unreadable(TrainingManagerError):
    """Raised when a file or folder exists but can't be read as what it should be."""
