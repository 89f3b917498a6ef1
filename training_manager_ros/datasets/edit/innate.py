"""Joining Innate's datasets: files stay as they are where they can, the list is written anew."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.edit.convert_film import Shot, WriteFilm, video_name
from training_manager_ros.datasets.edit.convert_strip import Stripped
from training_manager_ros.datasets.edit.hdf5_names import PlaceRenamed
from training_manager_ros.datasets.edit.movies import Clip, timed_anew
from training_manager_ros.datasets.edit.parts import Joined, JoinRules, Part, same_rate
from training_manager_ros.datasets.edit.plan import Origin, PlanProblem, Step
from training_manager_ros.datasets.edit.steps import Place, Write
from training_manager_ros.datasets.innate import InnateDataset
from training_manager_ros.datasets.jsonfile import read_json
from training_manager_ros.datasets.listing import FileEntry
from training_manager_ros.datasets.model import DatasetFormat
from training_manager_ros.datasets.video.index import read_index
from training_manager_ros.errors import InvalidInput, Unreadable

__all__ = ["join_innate"]

_LIST = "dataset_metadata.json"


def join_innate(parts: Sequence[Part], rules: JoinRules) -> Joined:
    """See `join`."""
    rates = [part.dataset.summary.rate for part in parts]
    rate = rules.rate or next((one for one in rates if one), 0.0)
    result = _Result(rate, converts=bool(notes := tuple(_unlike(parts))))
    for part in parts:
        for episode_id in part.episodes:
            result.add(part, episode_id)
    first = read_json(parts[0].dataset.root / "data" / _LIST)
    # the recorder's own way to write a rate is kept where nobody asked for another
    listed_rate = first.get("data_frequency") if rate == rates[0] else _number(rate)
    converted = [bool(entry.get("video_files")) for entry in result.entries]
    metadata = {
        **first,
        "data_frequency": listed_rate,
        "dataset_type": "h264" if any(converted) else "h5",
        "number_of_episodes": len(result.entries),
        "episodes": result.entries,
    }
    content = json.dumps(metadata, indent=4) + "\n"
    return Joined(
        _format(converted),
        rate,
        tuple(sorted(result.cameras)),
        tuple(result.origins),
        result.frames,
        (*notes, *result.problems),
        (*result.steps, Write(f"data/{_LIST}", content.encode())),
    )


@dataclass
class _Result:
    """What grows with each episode that is added."""

    rate: float
    converts: bool  # raw episodes become videos
    entries: list[dict[str, Any]] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    problems: list[PlanProblem] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    cameras: set[str] = field(default_factory=set)
    frames: int = 0

    def add(self, part: Part, episode_id: int) -> None:
        dataset = _innate(part)
        listed, episode = dataset.entry(episode_id), dataset.episode(episode_id)
        new_id = len(self.entries)
        name = f"episode_{new_id}.h5"
        rows = dataset.file(listed.file)
        videos = [
            (f"episode_{new_id}_{part.renamed(camera)}.mp4", dataset.file(file))
            for camera, file in listed.videos
        ]
        # a camera is named by the episode only where its video was found and could be read
        broken = rows is None or not episode.frames or len(episode.cameras) < len(videos)
        broken |= len({target for target, _ in videos}) < len(videos)
        for problem in episode.problems or (("It can't be read.",) if broken else ()):
            self.problems.append(_problem(part, episode_id, problem, broken))
        entry = {**listed.item, "episode_id": new_id, "file_name": name}
        if self.converts and rows is not None and not (videos or broken):
            entry["video_files"] = self._convert(part, episode_id, name)
        elif rows is not None:
            self.steps.append(_place_rows(part, rows, f"data/{name}", episode.cameras))
        for target, video in videos:
            if video is not None and not broken:
                self.steps += self._video(part, episode_id, video, f"data/{target}")
        if videos:
            entry["video_files"] = sorted(target for target, _ in videos)
        self.entries.append(entry)
        self.origins.append(Origin(part.skill, episode_id, new_id))
        self.cameras.update(map(part.renamed, episode.cameras))
        self.frames += episode.frames

    def _video(self, part: Part, episode_id: int, file: FileEntry, target: str) -> Iterator[Step]:
        """A video as it is or, where another rate is declared than its own, timed anew."""
        if same_rate(self.rate, part.dataset.summary.rate):
            yield _place(file, target)
            return
        path = Path(file.path)
        try:
            yield timed_anew(Clip(path, 0, read_index(path).frames), target, self.rate)
        except (InvalidInput, Unreadable) as error:
            self.problems.append(_problem(part, episode_id, str(error), broken=True))

    def _convert(self, part: Part, episode_id: int, name: str) -> list[str]:
        """Have videos made of an episode's raw images; their names."""
        file, content = _innate(part).content(episode_id)
        made = []
        for images, frames in _innate(part).raw_frames(episode_id):
            if images.rows != content.rows:
                text = f"{images.camera} has {images.rows} images, not {content.rows}."
                self.problems.append(_problem(part, episode_id, text, broken=True))
            shot = Shot(
                images.camera,
                replace(frames, rate=self.rate or frames.rate),
                images.width * images.height,
            )
            target = f"data/{video_name(name, part.renamed(images.camera))}"
            made.append(WriteFilm(shot, target))
        cameras = tuple((one.camera, part.renamed(one.camera)) for one in content.images)
        raw = sum(film.shot.raw for film in made)
        rows = Stripped(Path(file.path), f"data/{name}", file.size, raw, cameras)
        self.steps += [*made, rows]
        return sorted(Path(film.target).name for film in made)


def _innate(part: Part) -> InnateDataset:
    assert isinstance(part.dataset, InnateDataset)
    return part.dataset


def _unlike(parts: Sequence[Part]) -> Iterator[PlanProblem]:
    """Raw and converted recordings may lie in one dataset, but are not brought together."""
    if len(parts) == 1:
        return
    raw = [part.skill for part in parts if not all(_converted(part))]
    if raw and any(one for part in parts for one in _converted(part)):
        names = ", ".join(dict.fromkeys(raw))
        yield PlanProblem(
            f"The raw recordings of {names} are converted to h264, as the other ones are.",
            "This takes time; the sources stay as they are.",
        )


def _converted(part: Part) -> Iterator[bool]:
    dataset = _innate(part)
    return (bool(dataset.entry(episode).videos) for episode in part.episodes)


def _format(converted: Sequence[bool]) -> DatasetFormat:
    if all(converted):
        return DatasetFormat.H264
    return DatasetFormat.MIXED if any(converted) else DatasetFormat.H5


def _place(file: FileEntry, target: str) -> Place:
    return Place(Path(file.path), target, file.size, linkable=True)


def _place_rows(part: Part, file: FileEntry, target: str, cameras: Sequence[str]) -> Step:
    names: Mapping[str, str] = {
        camera: part.renamed(camera) for camera in cameras if part.renamed(camera) != camera
    }
    if not names:
        return _place(file, target)
    return PlaceRenamed(Path(file.path), target, file.size, tuple(sorted(names.items())))


def _problem(part: Part, episode_id: int, problem: str, broken: bool) -> PlanProblem:
    remedy = "Leave the episode out, or mend it first." if broken else ""
    return PlanProblem(f"{part.skill}, episode {episode_id}: {problem}", remedy, blocks=broken)


def _number(rate: float) -> float | int:
    return int(rate) if float(rate).is_integer() else rate
