"""Plans of conversions: raw recordings to video, in place, and LeRobot v2 to v3.0, as a copy."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from training_manager_ros.datasets import Dataset, DatasetFormat, FactCache
from training_manager_ros.datasets.edit.convert_film import Shot, video_name
from training_manager_ros.datasets.edit.join import JoinRules, Part, join
from training_manager_ros.datasets.edit.plan import EditPlan, Origin, PlanProblem, Step
from training_manager_ros.datasets.hdf5 import Hdf5Facts
from training_manager_ros.datasets.innate import InnateDataset
from training_manager_ros.datasets.videofacts import video_facts
from training_manager_ros.editing.assemble import (
    free_folder,
    open_patiently,
    plan_of,
    utc_now,
)
from training_manager_ros.editing.convert_episode import (
    ROOMS,
    ConvertEpisode,
    NameVideos,
    is_source,
    read_order,
)
from training_manager_ros.editing.metadata import copied_metadata
from training_manager_ros.editing.provenance import Provenance
from training_manager_ros.errors import InvalidInput, Unreadable
from training_manager_ros.skills import skill_folder

__all__ = ["TARGETS", "plan_convert"]

TARGETS = (DatasetFormat.H264.value, DatasetFormat.LEROBOT_V30.value)
_V2 = (DatasetFormat.LEROBOT_V20, DatasetFormat.LEROBOT_V21)


def plan_convert(
    root: Path,
    skill: str,
    target: str,
    name: str,
    keep_raw: bool,
    facts: FactCache,
    *,
    now: Callable[[], datetime] = utc_now,
    request: Mapping[str, object] | None = None,
) -> EditPlan:
    """What converting the dataset of `skill` to `target`, one of `TARGETS`, would do.

    "h264" is done in place, `keep_raw` keeps the originals in raw_data/; what is converted already
    has no steps. "lerobot-v3.0" makes the new skill `name` (a display name). Writes nothing.
    Raises `InvalidInput` where the dataset is of another kind, otherwise as `plan_delete`.
    """
    if target not in TARGETS:
        message = f"must be {' or '.join(TARGETS)}"
        raise InvalidInput(f"The target {message}.", {"target": message})
    in_place = target == DatasetFormat.H264.value
    if in_place and name:
        message = 'must be empty with "h264", which converts the skill itself'
        raise InvalidInput(f"The name {message}.", {"name": message})
    folder = "" if in_place else free_folder(root, name)
    source = skill_folder(root, skill)
    dataset = open_patiently(source, facts)
    if isinstance(dataset, InnateDataset) is not in_place:
        other = TARGETS[in_place]
        message = f"can't be {target} for a dataset of the format {dataset.summary.format.value}"
        raise InvalidInput(f"The target {message}; it can be {other}.", {"target": message})
    if isinstance(dataset, InnateDataset):
        return _to_video(dataset, keep_raw, facts)
    return _to_v3(folder, dataset, name, now, dict(request or {}))


def _to_v3(
    folder: str,
    dataset: Dataset,
    name: str,
    now: Callable[[], datetime],
    request: Mapping[str, object],
) -> EditPlan:
    if dataset.summary.format not in _V2:
        raise InvalidInput(f"{dataset.root.name} is LeRobot v3.0 already.")
    part = Part(dataset, tuple(dataset.episode_ids))
    joined = join([part], JoinRules(), DatasetFormat.LEROBOT_V30)
    made_by = Provenance("convert", joined.origins, now(), dict(request))
    return plan_of(folder, [part], joined, copied_metadata(dataset.root, name), made_by, ())


def _to_video(dataset: InnateDataset, keep_raw: bool, facts: FactCache) -> EditPlan:
    steps: list[Step] = []
    problems: list[PlanProblem] = []
    cameras: set[str] = set(dataset.summary.cameras)
    raw_left = frames = 0
    for number in dataset.episode_ids:
        try:
            step, rows = _episode_step(dataset, number, keep_raw, facts)
        except Unreadable as error:
            stays = f"Episode {number} stays as it is: {error}"
            problems.append(PlanProblem(stays, "Mend it or delete it."))
            raw_left += not dataset.entry(number).videos
            continue
        frames += rows
        if step is None:
            continue
        steps.append(step)
        if isinstance(step, ConvertEpisode):
            cameras.update(shot.camera for shot in step.shots)
            problems += _in_the_way(dataset.root, step)
    if not steps:
        problems.append(PlanProblem("There are no raw recordings left to convert."))
    return EditPlan(
        name=dataset.root.name,
        sources=(dataset.root.name,),
        format=DatasetFormat.MIXED if raw_left else DatasetFormat.H264,
        rate=dataset.summary.rate,
        cameras=tuple(sorted(cameras)),
        episodes=tuple(Origin(dataset.root.name, i, i) for i in dataset.episode_ids),
        frames=frames,
        problems=tuple(problems),
        steps=tuple(steps),
    )


def _episode_step(
    dataset: InnateDataset, number: int, keep_raw: bool, facts: FactCache
) -> tuple[ConvertEpisode | NameVideos | None, int]:
    """What is left to do for an episode, and its timesteps. Raises `Unreadable`."""
    file, content = dataset.content(number)
    name = dataset.entry(number).file
    for room in _rooms(dataset.root, name):
        order = read_order(room, number, name, keep_raw, raw=bool(content.images))
        if order is not None:
            return order, content.rows
    if not content.images:
        return _forgotten(dataset, number, content, facts), content.rows
    short = [one.camera for one in content.images if one.rows != content.rows]
    if short or not content.rows:
        which = ", ".join(short) or "every camera"
        raise Unreadable(f"{which} has not one image a timestep.")
    shots = tuple(
        Shot(images.camera, frames, images.width * images.height)
        for images, frames in dataset.raw_frames(number)
    )
    videos = tuple(sorted(video_name(name, shot.camera) for shot in shots))
    path = Path(file.path)
    source = f"{path.parent.name}/{name}"
    step = ConvertEpisode(number, name, source, file.size, file.mtime_ns, shots, videos, keep_raw)
    return step, content.rows


def _rooms(root: Path, file: str) -> Sequence[Path]:
    try:
        names = os.listdir(root / ROOMS)
    except OSError:
        return ()
    prefix = f"{file}."
    return [root / ROOMS / name for name in sorted(names) if name.startswith(prefix)]


def _forgotten(
    dataset: InnateDataset, number: int, content: Hdf5Facts, facts: FactCache
) -> NameVideos | None:
    """Videos of an episode without images that lie there, but are not listed."""
    entry = dataset.entry(number)
    if entry.videos:
        return None
    prefix = video_name(entry.file, "").removesuffix(".mp4")
    found = [name for name in dataset.files() if name.startswith(prefix) and name.endswith(".mp4")]
    for name in found:
        file = dataset.file(name)
        if file is not None and video_facts(facts, file).frames != content.rows:
            raise Unreadable(f"It has no images, and {name} has not one frame a timestep.")
    return NameVideos(number, entry.file, tuple(sorted(found))) if found else None


def _in_the_way(root: Path, step: ConvertEpisode) -> list[PlanProblem]:
    kept = root / "raw_data" / step.file
    if not step.linked or not os.path.lexists(kept) or is_source(step, kept):
        return []
    return [
        PlanProblem(
            f"raw_data/{step.file} exists already and is another recording.",
            "Move it away, or convert without keeping the raw images.",
            blocks=True,
        )
    ]
