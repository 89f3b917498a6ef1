"""Where uploads and results are kept, behind one interface.

An object is named by a skill, a run (0: the skill's uploaded data) and a checked name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DATA", "ObjectInfo", "ObjectKey", "ObjectStore", "Place"]

DATA = 0
"""The run number that stands for a skill's uploaded data."""


@dataclass(frozen=True)
class Place:
    """A skill's data, or a run's results."""

    skill_id: str
    run_id: int = DATA


@dataclass(frozen=True)
class ObjectKey:
    """One object; `name` has passed `check_name`."""

    place: Place
    name: str

    @property
    def path(self) -> str:
        """As one relative path: skill/run/name."""
        return f"{self.place.skill_id}/{self.place.run_id}/{self.name}"


@dataclass(frozen=True)
class ObjectInfo:
    """What is known of an object without reading it."""

    size: int
    md5: str | None  # hex; None where the store can't tell


class ObjectStore(ABC):
    """Methods may block, but for the two that make URLs; call the others from a thread."""

    @abstractmethod
    def upload_url(self, base: str, key: ObjectKey) -> str:
        """A URL to PUT the object to; `base` is the server's own address."""

    @abstractmethod
    def download_url(self, base: str, key: ObjectKey) -> str:
        """A URL to GET or HEAD the object, whether it exists yet or not."""

    @abstractmethod
    def list(self, place: Place) -> dict[str, ObjectInfo]:
        """What is there, by name, in order of names."""

    @abstractmethod
    def fetch(self, key: ObjectKey, target: Path) -> None:
        """Copy an object to `target`, which the caller may change freely.

        Raises `NotFound`, or `Unreadable` where what arrives is not what was put.
        """

    @abstractmethod
    def store(self, key: ObjectKey, source: Path) -> ObjectInfo:
        """Keep a copy of a file as an object."""

    @abstractmethod
    def delete(self, place: Place) -> None:
        """Remove everything of a place."""
