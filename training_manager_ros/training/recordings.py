"""What a skill's index says about its episodes, as far as an upload must know."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training_manager_ros.datasets import summarise
from training_manager_ros.errors import InvalidInput, Unreadable
from training_manager_ros.training.manifest import Stamp
from training_manager_ros.training.reading import text

__all__ = ["INDEX", "Recordings", "read_recordings"]

INDEX = "data/dataset_metadata.json"
TRIES = 4  # the recorder does not write it atomically
PAUSE = 0.25


@dataclass(frozen=True)
class Recordings:
    """The episodes at one moment."""

    episodes: int
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
            return Recordings(len(episodes), tuple(_files(episodes)), index, before)
        if remaining:
            time.sleep(PAUSE)
    raise Unreadable(f"{folder.name}: {INDEX} is not a list of episodes; mend it by hand.")


def _episodes(index: bytes) -> list[object] | None:
    try:
        value = json.loads(index)
    except ValueError:
        return None
    episodes = value.get("episodes") if isinstance(value, Mapping) else None
    return episodes if isinstance(episodes, list) else None


def _files(episodes: list[object]) -> list[str]:
    names = []
    for episode in episodes:
        if isinstance(episode, Mapping):
            videos = episode.get("video_files")
            several = videos if isinstance(videos, list) else []
            names += [text(name) for name in (episode.get("file_name"), *several)]
    return [f"data/{name}" for name in names if name]


def _others(folder: Path) -> Recordings:
    summary = summarise(folder)
    if summary is None or summary.episode_count == 0:
        raise InvalidInput(f"{folder.name} has no recordings; record or add episodes first.")
    return Recordings(summary.episode_count)
