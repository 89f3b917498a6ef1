"""One transfer, tried until it is whole: what can go wrong with a file, and what to do then."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import anyio
import httpx

from training_manager_ros.errors import TrainingManagerError, Unavailable
from training_manager_ros.training.gate import Gate
from training_manager_ros.training.lanes import Lanes, Pace
from training_manager_ros.training.pauses import TRANSFER_PAUSES, Pauses, is_transient
from training_manager_ros.training.progress import Meter
from training_manager_ros.training.wording import why

__all__ = [
    "Damaged",
    "Expired",
    "FileFailed",
    "Means",
    "Passing",
    "Permanent",
    "TransferFailed",
    "TransferOptions",
    "check_status",
    "persist",
    "reached",
    "several",
    "undamaged",
]

log = logging.getLogger("training_manager.training")

_T = TypeVar("_T")

RENEWALS = 5  # fresh addresses in a row that may be refused
CONNECT_TIMEOUT = 30.0  # seconds
DAMAGES = 4  # times that a file may arrive damaged


class FileFailed(TrainingManagerError):
    """Raised when one file can't be transferred, whatever becomes of the others."""


@dataclass(frozen=True)
class TransferOptions:
    """How to upload or download."""

    bytes_per_second: float | None = None  # None: as fast as it goes
    pauses: Pauses = TRANSFER_PAUSES
    timeout: float = 600.0  # seconds without progress


@dataclass(frozen=True)
class Means:
    """What all transfers of one piece of work share."""

    http: httpx.AsyncClient
    meter: Meter
    lanes: Lanes
    pace: Pace
    pauses: Pauses
    timeout: httpx.Timeout

    @classmethod
    def made(
        cls, http: httpx.AsyncClient, meter: Meter, gate: Gate, options: TransferOptions
    ) -> Means:
        """As the options say."""
        pace = Pace(gate, options.bytes_per_second)
        timeout = httpx.Timeout(options.timeout, connect=min(options.timeout, CONNECT_TIMEOUT))
        return cls(http, meter, Lanes(), pace, options.pauses, timeout)


class TransferFailed(Exception):
    """Base of the ways in which one attempt can fail; the text says what happened."""


class Passing(TransferFailed):
    """The attempt may work later."""

    def __init__(self, message: str, asked: float | None = None, *, moved: bool = False) -> None:
        super().__init__(message)
        self.asked = asked  # seconds that the server wants between attempts
        self.moved = moved  # the file is further than before this attempt


class Expired(TransferFailed):
    """The signed address was refused; a fresh one will do."""


class Damaged(TransferFailed):
    """What arrived is not what was sent."""


class Permanent(TransferFailed):
    """No attempt will work; the text says what to do."""


async def persist(attempt: Callable[[bool], Awaitable[_T]], name: str, means: Means) -> _T:
    """The result of the first attempt that works; `attempt(fresh)` wants a fresh address or not.

    Raises `Unavailable` or `FileFailed` if none will, with a text that names the file.
    """
    pauses, lanes, meter = means.pauses, means.lanes, means.meter
    failures = renewals = 0
    fresh = False
    while True:
        try:
            async with lanes.lane():
                result = await attempt(fresh)
            lanes.widen()
            meter.message("")
            return result
        except Expired as error:
            renewals += 1
            if renewals > RENEWALS:
                raise Unavailable(
                    f"{name}: {error}, and fresh ones too. Start again later; if that does not "
                    "help, ask those who run the server."
                ) from None
            pause = 0.0 if renewals == 1 else pauses.after(min(renewals, pauses.attempts - 1))
            log.info("%s: %s; asking for a fresh address.", name, error)
        except Passing as error:
            lanes.narrow()
            renewals = 0
            failures = 1 if error.moved else failures + 1
            pause = pauses.after(failures, error.asked)
            if pause is None:
                raise Unavailable(
                    f"{name}: {error} ({failures} times in a row). "
                    "Start again later: what is done is not done again."
                ) from None
            log.warning("%s: %s. Trying again in %.1f s.", name, error, pause)
            meter.message(f"{name}: {error}; trying again")
        except Permanent as error:
            raise FileFailed(f"{name}: {error}") from None
        fresh = True
        await anyio.sleep(pause or 0.0)


async def undamaged(transfer: Callable[[], Awaitable[_T]], name: str) -> _T:
    """The result of the first transfer that is not `Damaged`.

    Raises `Unavailable` after `DAMAGES` of them, with a text that names the file.
    """
    for times in range(1, DAMAGES + 1):
        try:
            return await transfer()
        except Damaged as error:
            log.warning("%s: %s (%d of %d times).", name, error, times, DAMAGES)
            failure = Unavailable(
                f"{name}: {error} ({times} times). The store or the way to it damages data; start "
                "again, from another network if it happens again."
            )
    raise failure


def reached(error: Exception, *, moved: bool = False) -> TransferFailed:
    """What a failed connection means."""
    if isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol):
        return Passing(f"the store {why(error)}", moved=moved)
    return Permanent("the server gave an address that is none; ask those who run it.")


def check_status(status: int, headers: httpx.Headers) -> None:
    """Raise what an answer's status means, unless it is a success."""
    if status < 300:
        return
    if status in (400, 403):
        raise Expired(f"the store refused the address ({status})")
    if is_transient(status):
        asked = headers.get("retry-after", "")
        raise Passing(f"the store answered {status}", float(asked) if asked.isdecimal() else None)
    if status == 413:
        raise Permanent("the file is too large for the store (413); ask those who run it.")
    raise Permanent(f"the store refused it ({status}); ask those who run it.")


def several(failed: Mapping[str, FileFailed], done: str) -> TrainingManagerError:
    """One error for files that failed each for a reason of its own."""
    errors = list(failed.values())
    if len(errors) == 1:
        return errors[0]
    shown = " ".join(str(error) for error in errors[:3])
    more = f" And {len(errors) - 3} more." if len(errors) > 3 else ""
    return TrainingManagerError(f"{len(errors)} files could not be {done}. {shown}{more}")
