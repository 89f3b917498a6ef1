"""Delete and merge for Innate's datasets: whole files stay as they are, only the list is written anew."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.edit.plan import Origin, PlanProblem, Step
from training_manager_ros.datasets.edit.steps import Place, Write
from training_manager_ros.datasets.innate import InnateDataset
from training_manager_ros.datasets.jsonfile import read_json, to_int
from training_manager_ros.datasets.model import DatasetFormat

__all__ = ["InnatePart", "InnateResult", "join_innate"]

_LIST = "dataset_metadata.json"


@dataclass(frozen=True)
class InnatePart:
    """Some episodes of one source, in order."""

    dataset: InnateDataset
    episodes: tuple[int, ...]
    cameras: Mapping[str, str] = field(default_factory=dict)  # new names for cameras, if any


@dataclass(frozen=True)
class InnateResult:
    """What becomes of the parts."""

    format: DatasetFormat
    rate: float
    cameras: tuple[str, ...]
    origins: tuple[Origin, ...]
    frames: int
    problems: tuple[PlanProblem, ...]
    steps: tuple[Step, ...]


def join_innate(parts: Sequence[InnatePart], rate: float) -> InnateResult:
    """The parts' episodes as one dataset, numbered from 0 in order, with `rate` as declared rate."""
    origins: list[Origin] = []
    problems: list[PlanProblem] = []
    steps: list[Step] = []
    entries: list[dict[str, Any]] = []
    cameras: dict[str, None] = {}
    frames = 0
    for part in parts:
        listed = _listed(part.dataset.root)
        for episode_id in part.episodes:
            new_id = len(entries)
            episode = part.dataset.episode(episode_id)
            skill = part.dataset.root.name
            problems += _broken(skill, episode_id, episode.problems)
            old = listed.get(episode_id, {})
            entry = {**old, "episode_id": new_id, "file_name": f"episode_{new_id}.h5"}
            steps.append(_place(part.dataset.root / episode.file, f"data/{entry['file_name']}"))
            if "video_files" in old:
                videos = dict(_videos(part, episode_id, new_id))
                entry["video_files"] = sorted(videos)
                steps += [_place(source, f"data/{name}") for name, source in videos.items()]
            entries.append(entry)
            origins.append(Origin(skill, episode_id, new_id))
            cameras |= dict.fromkeys(part.cameras.get(name, name) for name in episode.cameras)
            frames += episode.frames
    converted = sum("video_files" in entry for entry in entries)
    kind = DatasetFormat.MIXED if converted else DatasetFormat.H5
    if converted == len(entries):
        kind = DatasetFormat.H264
    first = read_json(parts[0].dataset.root / "data" / _LIST)
    metadata = {
        **first,
        "data_frequency": int(rate) if float(rate).is_integer() else rate,
        "dataset_type": "h264" if converted else "h5",
        "number_of_episodes": len(entries),
        "episodes": entries,
    }
    steps.append(Write(f"data/{_LIST}", (json.dumps(metadata, indent=4) + "\n").encode()))
    return InnateResult(
        kind, rate, tuple(sorted(cameras)), tuple(origins), frames, tuple(problems), tuple(steps)
    )


def _listed(root: Path) -> dict[int, dict[str, Any]]:
    """The entries of the source's list by id, with whatever keys they have."""
    episodes = read_json(root / "data" / _LIST).get("episodes", [])
    entries: dict[int, dict[str, Any]] = {}
    for position, entry in enumerate(episodes):
        if isinstance(entry, dict):
            entries.setdefault(to_int(entry.get("episode_id"), position) or 0, entry)
    return entries


def _videos(part: InnatePart, episode_id: int, new_id: int) -> Iterator[tuple[str, Path]]:
    for camera, source in part.dataset.video_files(episode_id):
        yield f"episode_{new_id}_{part.cameras.get(camera, camera)}.mp4", source


def _place(source: Path, target: str) -> Place:
    size = source.stat().st_size if source.exists() else 0
    return Place(source, target, size, linkable=True)


def _broken(skill: str, episode_id: int, problems: Sequence[str]) -> Iterator[PlanProblem]:
    for problem in problems:
        yield PlanProblem(
            f"{skill}, episode {episode_id}: {problem}",
            "Leave the episode out, or mend it first.",
            blocks=True,
        )
