"""What a check has found, and what it reports to on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["Finding", "Severity", "Watch"]

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or odd.

    error: a training or a reader fails on it, or learns from wrong pairs of picture and action;
    warning: it harms, or very likely does; note: worth knowing, no harm by itself.
    """

    severity: Severity
    code: str  # stable, for programs: "frames-differ", "black", …
    episode: int | None  # None: the whole dataset
    camera: str | None  # None: no camera in particular
    message: str  # what it is and what it means
    remedy: str  # what to do

    @property
    def order(self) -> tuple[int, int, int, str, str]:
        """The worst first, then by episode; the dataset's own before those of episodes."""
        rank = ("error", "warning", "note").index(self.severity)
        episode = -1 if self.episode is None else self.episode
        return rank, episode >= 0, episode, self.code, self.camera or ""


class Watch(Protocol):
    """Who watches a check: a job's control is one."""

    def check(self) -> None:
        """Raise `Cancelled` if the check is to end."""

    def stage(self, name: str, *, items: int = 0, size: int = 0) -> None:
        """A stage with so many items begins."""

    def advance(self, *, items: int = 0, size: int = 0) -> None:
        """So many more items are done."""
