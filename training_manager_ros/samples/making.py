"""The sample skills: which there are, and how a folder of them comes to be."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training_manager_ros.samples.motion import signals
from training_manager_ros.samples.recording import Picture, Recording
from training_manager_ros.samples.scenes import (
    CAMERAS,
    FoldTowel,
    PickUpCup,
    Scene,
    SortFruit,
    StackBlocks,
    WipeTable,
)
from training_manager_ros.samples.write_innate import write_innate, write_innate_episode
from training_manager_ros.samples.write_lerobot import write_lerobot_v2, write_lerobot_v3

__all__ = ["make_samples"]

_RATE = 20.0
_REST = [1.577, -0.6, 1.477, -0.738, 0.0, 0.0]


@dataclass(frozen=True)
class _Sample:
    name: str
    guidelines: str
    type: str
    execution: dict[str, Any]
    write: Callable[[Path], None]  # the skill's content, into its folder

    @property
    def folder(self) -> str:
        return self.name.lower().replace(" ", "-")


def make_samples(root: Path, names: Collection[str] | None = None) -> tuple[str, ...]:
    """Make the sample skills below `root`, one in each format; returns the folders that are new.

    `names` are the folders wanted, None means all. A folder that exists is left as it is, each new
    one appears whole, by one rename. Raises `OSError` where the disk does not let it.
    """
    root.mkdir(parents=True, exist_ok=True)
    missing = [
        sample
        for sample in _samples()
        if (names is None or sample.folder in names) and not os.path.lexists(root / sample.folder)
    ]
    with (
        tempfile.TemporaryDirectory(prefix=".samples-", dir=root) as staging,
        ThreadPoolExecutor(max_workers=2) as workers,
    ):
        made = workers.map(lambda sample: _make(sample, root, Path(staging)), missing)
        return tuple(sorted(folder for folder in made if folder))


def _make(sample: _Sample, root: Path, staging: Path) -> str:
    skill = staging / sample.folder
    skill.mkdir()
    sample.write(skill)
    metadata = {
        "name": sample.name,
        "type": sample.type,
        "guidelines": sample.guidelines,
        "guidelines_when_running": "",
        "inputs": {},
        "execution": sample.execution,
    }
    (skill / "metadata.json").write_text(json.dumps(metadata, indent=4) + "\n")
    target = root / sample.folder
    if os.path.lexists(target):
        return ""
    try:
        skill.rename(target)
    except OSError:
        if not os.path.lexists(target):
            raise
        return ""  # somebody else was faster
    return sample.folder


def _samples() -> list[_Sample]:
    learned = {
        "model_type": "act_policy",
        "action_dim": 10,
        "duration": None,
        "start_pose": None,
        "end_pose": None,
    }

    def cup(skill: Path) -> None:
        write_innate(skill / "data", _episodes(PickUpCup, 2, 64), _RATE, _RECORDER, ())

    def towel(skill: Path) -> None:
        write_innate(skill / "data", _episodes(FoldTowel, 3, 70), _RATE, _RECORDER, (0, 1, 2))

    def blocks(skill: Path) -> None:
        write_innate(skill / "data", _episodes(StackBlocks, 3, 64), _RATE, _RECORDER, (0, 1))

    def fruit(skill: Path) -> None:
        task = "Put the apple into the bowl"
        episodes = _episodes(SortFruit, 2, 64, commanded_only=True)
        write_lerobot_v2(skill / "data", episodes, _RATE, CAMERAS, task, "av1")

    def table(skill: Path) -> None:
        task = "Wipe the spills off the table"
        episodes = _episodes(WipeTable, 3, 70, commanded_only=True)
        write_lerobot_v3(skill / "data", episodes, _RATE, CAMERAS, task, "h264")

    def wave(skill: Path) -> None:
        recording = _episodes(PickUpCup, 1, 70)[0]
        write_innate_episode(skill / "episode_0.h5", recording, _RATE, ())

    replay = {
        "model_type": "replay",
        "replay_file": "episode_0.h5",
        "replay_frequency": _RATE,
        "start_pose": _REST,
        "end_pose": _REST,
    }
    poses = {"poses": [_REST, [0.4, -0.2, 1.1, -0.5, 0.3, 0.0], _REST], "steps": 2.0}
    say = "Use when the user asks to "
    return [
        _Sample("Pick up cup", f"{say}put the cup onto the plate.", "learned", learned, cup),
        _Sample("Fold towel", f"{say}fold the towel.", "learned", learned, towel),
        _Sample("Stack blocks", f"{say}stack the blocks.", "learned", learned, blocks),
        _Sample("Sort fruit", f"{say}put fruit into the bowl.", "learned", learned, fruit),
        _Sample("Wipe table", f"{say}clean the table.", "learned", learned, table),
        _Sample("Wave hello", "Use to greet somebody.", "replay", replay, wave),
        _Sample("Look around", "Use to look around.", "poses", poses, lambda skill: None),
    ]


_RECORDER = ("camera_1", "camera_2")  # what the recorder calls its main and its wrist camera


def _episodes(
    scene: type[Scene], count: int, frames: int, commanded_only: bool = False
) -> list[Recording]:
    return [_recording(scene(i), i, frames - 6 * i, commanded_only) for i in range(count)]


def _recording(scene: Scene, episode: int, frames: int, commanded_only: bool) -> Recording:
    moved = signals(scene.path, frames, _RATE, seed=episode)
    names = dict(zip(_RECORDER, CAMERAS, strict=True))

    def pictures(camera: str) -> Iterator[Picture]:
        for frame in range(frames):
            yield scene.render(names.get(camera, camera), frame, frames, episode)

    action = moved.action[:, :8] if commanded_only else moved.action
    return Recording(action, moved.qpos, moved.qvel, pictures)
