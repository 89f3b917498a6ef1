"""What the parts of a LeRobot dataset have in common, whatever their version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from training_manager_ros.datasets.edit.lerobot_rows import RowRun
from training_manager_ros.datasets.edit.movies import Clip
from training_manager_ros.datasets.edit.parts import JoinRules, Part
from training_manager_ros.datasets.edit.plan import PlanProblem
from training_manager_ros.datasets.jsonfile import read_json, read_json_lines, to_int, to_text
from training_manager_ros.datasets.lerobot import LeRobotDataset, Rows
from training_manager_ros.datasets.lerobot_info import fill_template
from training_manager_ros.datasets.listing import FileEntry, ranges, scan
from training_manager_ros.datasets.model import VideoFrames
from training_manager_ros.errors import InvalidInput, NotFound, Unreadable

__all__ = [
    "Taken",
    "data_path",
    "episode_lines",
    "joined_info",
    "joined_rate",
    "new_splits",
    "other_files",
    "run_of",
    "slower",
    "source_of",
    "take",
    "template_of",
]

_META = frozenset(
    f"meta/{name}"
    for name in ("info.json", "stats.json", "tasks.parquet", "tasks.jsonl", "episodes.jsonl",
                 "episodes_stats.jsonl")
)  # fmt: skip
_LEAVE_OUT = "Leave the episode out, or mend it first."


@dataclass(frozen=True)
class Taken:
    """An episode on its way into the result."""

    part: int  # number of its part
    old_id: int
    new_id: int
    index: int  # new index of its first row
    rows: Rows
    clips: tuple[tuple[str, Clip], ...]  # by the camera's new name
    size: int  # bytes of its rows, as a share of their file


def source_of(part: Part) -> LeRobotDataset:
    """The part's dataset. Raises `InvalidInput` where it is no LeRobot dataset."""
    if not isinstance(part.dataset, LeRobotDataset):
        raise InvalidInput(f"{part.skill} is no LeRobot dataset.")
    return part.dataset


def take(parts: Sequence[Part], counted: bool) -> tuple[list[Taken], list[PlanProblem]]:
    """The episodes in order, and what is wrong with them.

    `counted`: a video must have as many frames as the episode has rows, or it blocks.
    """
    taken: list[Taken] = []
    problems: list[PlanProblem] = []
    odd: dict[tuple[str, str], set[int]] = {}  # by source and what is odd, the episodes
    index, new_id = 0, 0
    totals: dict[str, int] = {}
    for number, part in enumerate(parts):
        dataset = source_of(part)
        for old_id in part.episodes:
            where = f"{part.skill}, episode {old_id}"
            try:
                rows = dataset.rows(old_id)
                clips = tuple(_clips(part, dataset, old_id))
            except (NotFound, Unreadable) as error:
                problems.append(PlanProblem(f"{where}: {error}", _LEAVE_OUT, blocks=True))
                continue
            episode = dataset.episode(old_id)
            for problem in episode.problems:
                odd.setdefault((part.skill, problem), set()).add(old_id)
            for camera, clip in clips:
                if clip.count != rows.count and counted:
                    text = f"{where}: {camera} has {clip.count} frames for {rows.count} rows."
                    problems.append(PlanProblem(text, _LEAVE_OUT, blocks=True))
            if not rows.count:
                problems.append(PlanProblem(f"{where} has no rows.", _LEAVE_OUT, blocks=True))
            size = rows.file.size * rows.count // max(1, _rows_in(rows, totals))
            taken.append(Taken(number, old_id, new_id, index, rows, clips, size))
            index += rows.count
            new_id += 1
    for (skill, text), episodes in odd.items():
        which = f"episode{'s' if len(episodes) > 1 else ''} {ranges(sorted(episodes))}"
        problems.append(PlanProblem(f"{skill}, {which}: {text}"))
    return taken, problems


def _rows_in(rows: Rows, totals: dict[str, int]) -> int:
    path = rows.file.path
    if path not in totals:
        totals[path] = pq.read_metadata(path).num_rows
    return totals[path]


def joined_info(
    parts: Sequence[Part], values: Mapping[str, Any]
) -> tuple[dict[str, Any], list[PlanProblem]]:
    """info.json of the result: the first part's with the cameras' new names and `values`.

    Cameras that are declared but have no files are left out. What the parts' features disagree
    about blocks: a LeRobot dataset has one shape for all its episodes.
    """
    problems: list[PlanProblem] = []
    all_features = []
    for part in parts:
        found, absent = _features(part)
        all_features.append(found)
        # what is not declared would be left behind, and nobody would notice
        problems += [
            PlanProblem(f"{part.skill}: {problem}", "Repair the file first.", blocks=True)
            for problem in source_of(part).info.problems
            if problem.code == "features-broken"
        ]
        problems += [
            PlanProblem(f"{part.skill} declares the camera {name} without files: it is left out.")
            for name in absent
        ]
    first = all_features[0]
    for part, features in zip(parts[1:], all_features[1:], strict=True):
        for name in [*first, *(name for name in features if name not in first)]:
            mine, theirs = first.get(name), features.get(name)
            if mine is None or theirs is None:
                lacking = part.skill if theirs is None else parts[0].skill
                text = f"{lacking} has no {name}, which a LeRobot dataset needs in every episode."
            elif _kind(mine) != _kind(theirs):
                text = (
                    f"{name} is {_kind(mine)} in {parts[0].skill}, {_kind(theirs)} in {part.skill}."
                )
            else:
                continue
            remedy = "Give cameras the same names, or merge only datasets of the same robot."
            problems.append(PlanProblem(text, remedy, blocks=True))
    problems += _differing_columns(parts)
    info = dict(read_json(source_of(parts[0]).root / "data/meta/info.json"))
    return {**info, "features": first, **values}, problems


def _clips(part: Part, dataset: LeRobotDataset, old_id: int) -> Iterator[tuple[str, Clip]]:
    videos = {one.name for one in dataset.info.cameras if one.dtype == "video"}
    for camera in dataset.summary.cameras:
        if camera not in videos:
            continue
        frames = dataset.frames(old_id, camera)
        if isinstance(frames, VideoFrames):
            yield part.renamed(camera), Clip(frames.path, frames.first_frame, frames.count)


def _features(part: Part) -> tuple[dict[str, Any], list[str]]:
    """A part's features by their new names, and the cameras that have no files.

    Raises `InvalidInput` where a camera would be called like another feature.
    """
    dataset = source_of(part)
    declared = read_json(dataset.root / "data/meta/info.json").get("features")
    declared = declared if isinstance(declared, dict) else {}
    for camera in part.cameras:
        if (name := part.renamed(camera)) in declared.keys() - part.cameras.keys():
            raise InvalidInput(f"{part.skill} has {name} already; call {camera} otherwise.")
    present = dataset.summary.cameras
    absent = [one.name for one in dataset.info.cameras if one.name not in present]
    kept = {
        part.renamed(name): one
        for name, one in declared.items()
        if name not in absent and isinstance(one, dict)
    }
    return kept, absent


def _kind(feature: object) -> str:
    if not isinstance(feature, dict):
        return "no feature"
    return f"{feature.get('dtype')} {feature.get('shape')}"


def _differing_columns(parts: Sequence[Part]) -> Iterator[PlanProblem]:
    """Columns beyond the bookkeeping that not every part has: no reader takes such files."""
    seen: list[tuple[Part, set[str]]] = []
    for part in parts:
        try:
            path = source_of(part).rows(part.episodes[0]).file.path
            names = pq.read_schema(path).names
        except (Unreadable, OSError, ValueError):
            continue  # its episode says so
        seen.append((part, {part.renamed(name) for name in names}))
    for part, names in seen[1:]:
        first, mine = seen[0]
        for name in sorted(names ^ mine):
            lacking = first.skill if name in names else part.skill
            yield PlanProblem(
                f"The rows of {lacking} have no column {name}, but those of other sources have.",
                "Merge only datasets with the same columns.",
                blocks=True,
            )


def episode_lines(part: Part) -> dict[int, Mapping[str, Any]]:
    """The lines of a v2.x source's meta/episodes.jsonl by episode."""
    path = source_of(part).root / "data/meta/episodes.jsonl"
    lines = read_json_lines(path)[0] if path.is_file() else []
    found: dict[int, Mapping[str, Any]] = {}
    for position, line in enumerate(lines):
        number = to_int(line.get("episode_index"))
        found.setdefault(position if number is None else number, line)
    return found


def template_of(info: Mapping[str, Any], key: str, usual: str) -> str:
    """The path template in info.json where it names a file of its own for each; else the usual."""
    template = to_text(info.get(key))
    fields = [word for word in ("episode_index", "chunk_index", "file_index", "video_key")
              if "{" + word in usual]  # fmt: skip
    values: dict[str, int | str] = dict.fromkeys(
        ("episode_index", "chunk_index", "file_index", "episode_chunk"), 0
    )
    filled = fill_template(template, {**values, "video_key": "camera"})
    safe = filled and not filled.startswith(("/", "meta/")) and ".." not in filled.split("/")
    return template if safe and all("{" + word in template for word in fields) else usual


def other_files(part: Part) -> Iterator[tuple[str, FileEntry]]:
    """Files of a source that no version of the format speaks of; they are kept as they are."""
    data = source_of(part).root / "data"
    info = read_json(data / "meta/info.json")
    # episodes may lie elsewhere than usual
    templates = (to_text(info.get(key)) for key in ("data_path", "video_path"))
    folders = [head for one in templates if (head := one.partition("{")[0].rpartition("/")[0])]
    known = ("data/", "videos/", "meta/episodes/", *(f"{folder}/" for folder in folders))
    for name, file in sorted(scan(str(data), str(data.parent.resolve().parent)).files.items()):
        if name not in _META and not name.startswith(known):
            yield name, file


def new_splits(info: Mapping[str, Any], parts: Sequence[Part]) -> dict[str, str]:
    """The splits with what is left of each; all episodes for training where that's not clear."""
    total = sum(len(part.episodes) for part in parts)
    everything = {"train": f"0:{total}"}
    old = info.get("splits")
    kept = parts[0].episodes
    if len(parts) > 1 or not isinstance(old, dict) or list(kept) != sorted(kept):
        return everything
    splits: dict[str, str] = {}
    for name, span in old.items():
        ends = [to_int(int(end)) if end.isdecimal() else None for end in to_text(span).split(":")]
        if len(ends) != 2 or None in ends:
            return everything
        start, stop = (sum(1 for one in kept if one < (end or 0)) for end in ends)
        splits[name] = f"{start}:{stop}"
    whole = sum(stop - start for start, stop in (_ends(one) for one in splits.values()))
    return splits if whole == total else everything


def _ends(span: str) -> tuple[int, int]:
    start, stop = span.split(":")
    return int(start), int(stop)


def joined_rate(parts: Sequence[Part], rules: JoinRules) -> float:
    """The rate that the result declares. Raises `InvalidInput` where nobody says any."""
    rate = rules.rate or parts[0].dataset.summary.rate
    if not rate:
        raise InvalidInput(
            f"The frame rate of {parts[0].skill} is unknown; give fps in its meta/info.json, or "
            "say which rate the result is to declare."
        )
    return rate


def slower(part: Part, rate: float) -> float:
    """What timestamps are multiplied by, so that frames follow each other at `rate`."""
    own = part.dataset.summary.rate
    return own / rate if own and abs(own - rate) > 1e-6 * rate else 1.0


def run_of(one: Taken, part: Part, tasks: tuple[tuple[int, int], ...], rate: float) -> RowRun:
    """How an episode's rows are written."""
    return RowRun(
        Path(one.rows.file.path),
        one.rows.first,
        one.rows.count,
        one.new_id,
        one.index,
        one.size,
        tasks,
        slower(part, rate),
        tuple(sorted(part.cameras.items())),
    )


def data_path(part: Part) -> Path:
    """Where a source's files are."""
    return source_of(part).root / "data"
