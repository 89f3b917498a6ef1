"""Which episodes: "3,7-9" in a shell, a list of ids elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from training_manager_ros.errors import InvalidInput

__all__ = ["kept_episodes", "named_episodes", "parse_selection"]

_PART = re.compile(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?")


def parse_selection(text: str, known: Sequence[int]) -> tuple[int, ...]:
    """Episode ids that "3,7-9" names, in the order named, each once.

    A range takes in the episodes of `known` between its ends; both ends must exist. Raises
    `InvalidInput` for anything else than ids and ranges, and for unknown ids.
    """
    ids: list[int] = []
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if not match:
            raise InvalidInput(f"{part.strip()!r} is no episode or range; write 3 or 7-9.")
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last:
            raise InvalidInput(f"The range {part.strip()} runs backwards; write {last}-{first}.")
        _require_known((first, last), known)
        ids += [one for one in known if first <= one <= last]
    return tuple(dict.fromkeys(ids))


def named_episodes(ids: Iterable[int], known: Sequence[int]) -> tuple[int, ...]:
    """The ids, each once and in the order named; `InvalidInput` if there are none or unknown."""
    named = tuple(dict.fromkeys(ids))
    if not named:
        raise InvalidInput("No episode is selected; name at least one.")
    _require_known(named, known)
    return named


def kept_episodes(deleted: Iterable[int], known: Sequence[int]) -> tuple[int, ...]:
    """What stays when `deleted` goes; `InvalidInput` for nothing, everything and unknown ids."""
    gone = set(named_episodes(deleted, known))
    kept = tuple(one for one in known if one not in gone)
    if not kept:
        raise InvalidInput("That would delete every episode; keep at least one.")
    return kept


def _require_known(ids: Iterable[int], known: Sequence[int]) -> None:
    unknown = sorted(set(ids) - set(known))
    if unknown:
        listed = ", ".join(map(str, unknown[:5])) + (" …" if len(unknown) > 5 else "")
        span = f"{min(known)} to {max(known)}" if known else "none"
        raise InvalidInput(f"There is no episode {listed}; the dataset has {span}.")
