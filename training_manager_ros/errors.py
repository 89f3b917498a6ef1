"""Everything that can go wrong for a reason that a person can act on.

TrainingManagerError
├── InvalidInput       the request is wrong; `fields` names the wrong fields where known
├── NotFound           the skill, episode, camera or frame does not exist
├── Conflict           somebody else changed it first, or the name is taken
├── Unreadable         what is on disk is broken; the message names the file
├── Unavailable        the training server or the network does not answer now; later it may
├── Refused            the training server said no, and will say no again to the same request
│   └── NotSignedIn    there is no service key, or it is not accepted
└── Cancelled          somebody asked for the work to stop

The inner packages raise these and nothing else on purpose; the edges (node, panel, CLI) turn
them into an answer in one place each. Messages are sentences for the user and say what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

__all__ = [
    "Cancelled",
    "Conflict",
    "InvalidInput",
    "NotFound",
    "NotSignedIn",
    "ProblemCode",
    "Refused",
    "TrainingManagerError",
    "Unavailable",
    "Unreadable",
]


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


ProblemCode = Literal[
    "camera-missing",
    "column-missing",
    "column-twice",
    "conversion-unfinished",
    "count-differs",
    "features-broken",
    "file-damaged",
    "file-missing",
    "file-unlisted",
    "file-unreadable",
    "frames-differ",
    "leads-elsewhere",
    "length-differs",
    "lfs-pointer",
    "list-broken",
    "metadata-broken",
    "name-odd",
    "no-timesteps",
    "rate-differs",
    "rate-unknown",
    "signal-missing",
    "type-differs",
    "version-differs",
    "version-old",
    "video-offset",
    "wrong-type",
]


class Unreadable(TrainingManagerError):
    """Raised when a file or folder exists but can't be read as what it should be.

    `code` says in which way, for those who gather such problems.
    """

    def __init__(self, message: str, code: ProblemCode = "file-damaged") -> None:
        super().__init__(message)
        self.code: ProblemCode = code


class Unavailable(TrainingManagerError):
    """Raised when a server or the network does not answer now; the same request may work later."""


class Refused(TrainingManagerError):
    """Raised when the training server refuses a request for good; repeating it will not help.

    `status` is the HTTP status of the answer, 0 where there was none.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class NotSignedIn(Refused):
    """Raised when there is no service key, or the server does not accept it."""


class Cancelled(TrainingManagerError):
    """Raised out of long work after somebody cancelled it."""
