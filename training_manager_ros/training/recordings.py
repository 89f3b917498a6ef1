"""What a skill's index says about its episodes, as far as an upload must know."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from training_manager_ros.datasets import Episode, summarise
from training_manager_ros.errors import InvalidInput, Unreadable
from training_manager_ros.training.manifest import Stamp
from training_manager_ros.training.reading import parse_json

__all__ = ["INDEX", "Recordings", "read_recordings", "require_files", "require_sound"]

INDEX = "data/dataset_metadata.json"
TRIES = 4  # the recorder does not write it atomically
PAUSE = 0.25
_UNUSABLE = ("file-damaged", "file-missing", "file-unreadable", "lfs-pointer")  # of an episode
_INCOMPLETE = ("camera-missing", "file-missing", "leads-elsewhere", "list-broken")


@dataclass(frozen=True)
class Recordings:
    """The episodes at one moment."""

    episodes: int
    problems: tuple[str, ...] = ()  # what is odd about them, sentences
    listed: tuple[str, ...] = ()  # names of the files that the index names
    index: bytes | None = None  # the index itself; None where it is more than one file
    stamp: Stamp | None = None  # of the index


def read_recordings(folder: Path) -> Recordings:
    """Read the index; `InvalidInput` if the skill has no recordings, `Unreadable` if it is broken.

    An index that is being written this moment is read again.
    """
    for remaining in reversed(range(TRIES)):
        try:
            with (folder / INDEX).open("rb") as file:
                before = Stamp.of(os.fstat(file.fileno()))
                index = file.read()
                after = Stamp.of(os.fstat(file.fileno()))
        except FileNotFoundError:
            return _others(folder)
        except OSError as error:
            raise Unreadable(f"{folder.name}: {INDEX} can't be read: {error.strerror}.") from None
        episodes = _episodes(index)
        if episodes is not None and before == after and len(index) == before.size:
            listed = tuple(_files(folder, episodes))
            summary = summarise(folder)
            problems = summary.problems if summary is not None else ()
            return Recordings(len(episodes), problems, listed, index, before)
        if remaining:
            time.sleep(PAUSE)
    raise Unreadable(f"{folder.name}: {INDEX} is not a list of episodes; correct it by hand.")


def require_files(
    skill: str, recordings: Recordings, there: Collection[str], *, but: Collection[str] = ()
) -> None:
    """Raise `InvalidInput` that names the listed files that are not `there`, `but` some.

    Nobody can train with a list of episodes on the server that names what is not there.
    """
    lost = [name for name in recordings.listed if name not in there and name not in but]
    if lost:
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        raise InvalidInput(
            f"{skill} lists episodes of which files are missing: {', '.join(lost[:3])}{more}. "
            "Bring them back, or delete those episodes and upload the copy without them."
        )


def require_sound(skill: str, episodes: Iterable[Episode]) -> None:
    """Raise `InvalidInput` that names the first episode of which a file is missing or broken.

    Nobody can train on it, and it would take the place of a good one on the server.
    """
    for episode in episodes:
        for problem in episode.problems:
            if problem.code in _UNUSABLE:
                raise InvalidInput(
                    f"{skill} can't be uploaded whole: episode {episode.id}: {problem} Bring the "
                    "file back, or delete the episode and upload the copy without it."
                )


def _episodes(index: bytes) -> list[object] | None:
    try:
        value = parse_json(index)
    except ValueError:
        return None
    episodes = value.get("episodes") if isinstance(value, Mapping) else None
    return episodes if isinstance(episodes, list) else None


def _files(folder: Path, episodes: list[object]) -> Iterator[str]:
    """The names of all files of the episodes."""
    for position, episode in enumerate(episodes):
        values = episode if isinstance(episode, Mapping) else {}
        videos = values.get("video_files") or []
        names = [values.get("file_name"), *(videos if isinstance(videos, list) else [None])]
        for name in names:
            if not isinstance(name, str) or not name:
                raise Unreadable(
                    f"{folder.name}: entry {position} of {INDEX} is no episode with its files; "
                    "correct it by hand."
                )
            yield f"data/{name}"


def _others(folder: Path) -> Recordings:
    summary = summarise(folder)
    if summary is None or summary.episode_count == 0:
        raise InvalidInput(f"{folder.name} has no recordings; record or add episodes first.")
    for problem in summary.problems:
        if problem.code in _INCOMPLETE:
            raise InvalidInput(f"{folder.name} can't be uploaded whole: {problem} Mend that first.")
    return Recordings(summary.episode_count, summary.problems)
