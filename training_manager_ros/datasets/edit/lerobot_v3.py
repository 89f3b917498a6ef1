"""Delete and merge for LeRobot v3.0, and v2.x repacked into it.

Packets of kept frames are copied, rows are written anew with their new numbers, and what is known
about each episode goes with it. Videos of which every frame is kept stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from training_manager_ros.datasets.edit.lerobot_parts import (
    Taken,
    data_path,
    episode_lines,
    joined_info,
    joined_rate,
    new_splits,
    other_files,
    run_of,
    slower,
    take,
    template_of,
)
from training_manager_ros.datasets.edit.lerobot_rows import WriteRows
from training_manager_ros.datasets.edit.lerobot_summary import (
    EpisodeStats,
    dataset_stats,
    episode_stats,
    listed_stats,
    measured_stats,
    rough_cameras,
    stats_step,
    with_numbers,
)
from training_manager_ros.datasets.edit.lerobot_tables import (
    Row,
    episode_rows,
    episodes_file,
    tasks_file,
)
from training_manager_ros.datasets.edit.lerobot_tasks import (
    annotation_notes,
    merge_tasks,
    read_tasks,
)
from training_manager_ros.datasets.edit.movies import WriteMovie, films
from training_manager_ros.datasets.edit.parts import Joined, JoinRules, Part
from training_manager_ros.datasets.edit.plan import Origin, PlanProblem, Step
from training_manager_ros.datasets.edit.steps import Place, Write
from training_manager_ros.datasets.jsonfile import read_json, to_int
from training_manager_ros.datasets.lerobot_info import fill_template
from training_manager_ros.datasets.model import DatasetFormat

__all__ = ["join_v3"]

_DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
_VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
_EPISODES = "data/meta/episodes/chunk-000/file-000.parquet"
_TASKS = "data/meta/tasks.parquet"
_MB = 2**20
_OF_V2 = ("total_chunks", "total_videos")


def join_v3(parts: Sequence[Part], rules: JoinRules) -> Joined:
    """The parts' episodes as one v3.0 dataset; see `Joined`.

    Raises `InvalidInput` for parts that can't be joined at all and `Unreadable` where meta/ can't
    be read; what is wrong with an episode is a problem of the result.
    """
    rate = joined_rate(parts, rules)
    taken, problems = take(parts, counted=True)
    tasks, changes = merge_tasks([read_tasks(part) for part in parts], dense=True)
    problems += annotation_notes(parts, changes)
    frames = sum(one.rows.count for one in taken)
    first = read_json(data_path(parts[0]) / "meta/info.json")
    places = _Places(first)
    info, found = joined_info(
        parts,
        {
            "codebase_version": "v3.0",
            "total_episodes": len(taken),
            "total_frames": frames,
            "total_tasks": len(tasks),
            "chunks_size": places.chunk,
            "data_files_size_in_mb": places.data_mb,
            "video_files_size_in_mb": places.video_mb,
            "fps": int(rate) if float(rate).is_integer() else rate,
            "splits": new_splits(first, parts),
            "data_path": places.data,
            "video_path": first.get("video_path") and places.video,
        },
    )
    problems += found
    for key in _OF_V2:
        info.pop(key, None)

    rows = [Row() for _ in taken]
    steps: list[Step] = []
    videos = [name for name, one in info["features"].items() if one.get("dtype") == "video"]
    for camera in videos:
        made, found = _video_steps(parts, taken, camera, places, rate, rows)
        steps += made
        problems += found
    data = list(_data_steps(parts, taken, changes, places, rate, rows))
    steps += data
    stats, types, found = _describe(parts, taken, changes, rate, videos, rows)
    problems += found
    base = next((one for one in map(dataset_stats, parts) if one), stats[0] if stats else {})
    names = [
        name for name, one in info["features"].items() if one.get("dtype") in ("video", "image")
    ]
    base = {name: one for name, one in base.items() if name in names or not _is_camera(name)}
    base = with_numbers(base, info["features"])
    summary, found = stats_step(base, names, stats, [step.target for step in data])
    problems += found
    steps += [
        summary,
        Write(_EPISODES, episodes_file(rows, types)),
        _tasks_step(parts, tasks),
        Write("data/meta/info.json", (json.dumps(info, indent=4) + "\n").encode()),
    ]
    steps += [
        Place(Path(file.path), f"data/{name}", file.size, linkable=False)
        for name, file in other_files(parts[0])
    ]
    origins = tuple(Origin(parts[one.part].skill, one.old_id, one.new_id) for one in taken)
    return Joined(
        DatasetFormat.LEROBOT_V30,
        rate,
        tuple(names),
        origins,
        frames,
        tuple(dict.fromkeys(problems)),
        tuple(steps),
    )


class _Places:
    """Where files of the result go, as the first source's info.json has it."""

    def __init__(self, info: Mapping[str, Any]) -> None:
        self.chunk = to_int(info.get("chunks_size")) or 1000
        self.data_mb = to_int(info.get("data_files_size_in_mb")) or 100
        self.video_mb = to_int(info.get("video_files_size_in_mb")) or 200
        self.data = template_of(info, "data_path", _DATA_PATH)
        self.video = template_of(info, "video_path", _VIDEO_PATH)

    def numbers(self, file: int) -> dict[str, int | str]:
        """Chunk and number of the file that is the `file`-th of its kind."""
        return {"chunk_index": file // self.chunk, "file_index": file % self.chunk}


def _video_steps(
    parts: Sequence[Part],
    taken: Sequence[Taken],
    camera: str,
    places: _Places,
    rate: float,
    rows: list[Row],
) -> tuple[list[Step], list[PlanProblem]]:
    """The files of a camera; where each episode is in them goes into `rows`."""
    clips = [(one, dict(one.clips).get(camera)) for one in taken]
    # that a video has no frames, or a source no such camera, has been said by others
    having = [(one, clip) for one, clip in clips if clip is not None and clip.count > 0]
    problems: list[PlanProblem] = []
    shared = frozenset(
        clip.path
        for one, clip in having
        if parts[one.part].dataset.summary.format is DatasetFormat.LEROBOT_V30
    )
    made, wrong = films([clip for _, clip in having], rate, places.video_mb * _MB, shared)
    for position, why in wrong.items():
        one = having[position][0]
        text = f"{parts[one.part].skill}, episode {one.old_id}, {camera}: {why}"
        problems.append(PlanProblem(text, "Leave the episode out as well.", blocks=True))
    episodes = iter([one for position, (one, _) in enumerate(having) if position not in wrong])
    steps: list[Step] = []
    for number, film in enumerate(made):
        where = places.numbers(number)
        target = "data/" + fill_template(places.video, {**where, "video_key": camera})
        if film.whole is not None:
            steps.append(Place(film.whole, target, film.size, linkable=True))
        else:
            steps.append(WriteMovie(target, film.clips, rate, film.size))
        for start in film.starts:
            one = next(episodes)
            key = f"videos/{camera}"
            rows[one.new_id] |= {
                f"{key}/chunk_index": where["chunk_index"],
                f"{key}/file_index": where["file_index"],
                f"{key}/from_timestamp": start / rate,
                f"{key}/to_timestamp": (start + dict(one.clips)[camera].count) / rate,
            }
    return steps, problems


def _data_steps(
    parts: Sequence[Part],
    taken: Sequence[Taken],
    changes: Sequence[tuple[tuple[int, int], ...]],
    places: _Places,
    rate: float,
    rows: list[Row],
) -> Iterator[WriteRows]:
    """The parquet files; where each episode is in them goes into `rows`."""
    groups: list[list[Taken]] = []
    size = 0
    for one in taken:
        if not groups or size + one.size > places.data_mb * _MB:
            groups.append([])
            size = 0
        groups[-1].append(one)
        size += one.size
    for number, group in enumerate(groups):
        where = places.numbers(number)
        for one in group:
            rows[one.new_id] |= {
                "data/chunk_index": where["chunk_index"],
                "data/file_index": where["file_index"],
                "dataset_from_index": one.index,
                "dataset_to_index": one.index + one.rows.count,
            }
        yield WriteRows(
            "data/" + fill_template(places.data, where),
            tuple(run_of(one, parts[one.part], changes[one.part], rate) for one in group),
        )


def _describe(
    parts: Sequence[Part],
    taken: Sequence[Taken],
    changes: Sequence[tuple[tuple[int, int], ...]],
    rate: float,
    videos: Sequence[str],
    rows: list[Row],
) -> tuple[list[EpisodeStats], dict[str, Any], list[PlanProblem]]:
    """Complete `rows` with what the sources know.

    Gives all episodes' statistics, the columns' types, and notes.
    """
    types: dict[str, Any] = {}
    stats: list[EpisodeStats] = []
    problems: list[PlanProblem] = []
    sources = [_source(part) for part in parts]
    for source in sources:
        types = source.types | types
    for one in taken:
        part, source = parts[one.part], sources[one.part]
        old = source.rows.get(one.old_id, {})
        kept = {
            name: value
            for name, value in old.items()
            if not name.startswith("stats/")
            and (not name.startswith("videos/") or name.split("/")[1] in videos)
        }
        known = _stats_of(old) or source.stats.get(one.old_id)
        if known is None:
            known = measured_stats(part, one, source.all)
            problems += rough_cameras(part, known, videos)
        new = episode_stats(known, one, changes[one.part], slower(part, rate))
        stats.append(new)
        rows[one.new_id] = {
            "episode_index": one.new_id,
            "tasks": [],
            "length": one.rows.count,
            **kept,
            **rows[one.new_id],
            "meta/episodes/chunk_index": 0,
            "meta/episodes/file_index": 0,
            **{f"stats/{name}/{key}": value for name, found in new.items()
               for key, value in found.items()},
        }  # fmt: skip
        rows[one.new_id] |= {"episode_index": one.new_id, "length": one.rows.count}
    return stats, types, problems


@dataclass(frozen=True)
class _Source:
    """What a source says about its episodes."""

    rows: Mapping[int, Row]  # of meta/episodes
    types: dict[str, Any]  # of their columns
    stats: Mapping[int, EpisodeStats]
    all: EpisodeStats


def _source(part: Part) -> _Source:
    if part.dataset.summary.format is DatasetFormat.LEROBOT_V30:
        rows, types = episode_rows(part)
    else:
        rows, types = {number: dict(line) for number, line in episode_lines(part).items()}, {}
    return _Source(rows, types, listed_stats(part), dataset_stats(part))


def _stats_of(row: Row) -> EpisodeStats | None:
    stats: EpisodeStats = {}
    for name, value in row.items():
        if name.startswith("stats/") and value is not None:
            feature, _, key = name.removeprefix("stats/").rpartition("/")
            stats.setdefault(feature, {})[key] = value
    return stats or None


def _is_camera(name: str) -> bool:
    return name.startswith("observation.images.")


def _tasks_step(parts: Sequence[Part], tasks: Mapping[int, str]) -> Step:
    path = data_path(parts[0]) / "meta/tasks.parquet"
    like = None
    if parts[0].dataset.summary.format is DatasetFormat.LEROBOT_V30 and path.is_file():
        if len(read_tasks(parts[0])) == len(tasks):
            return Place(path, _TASKS, path.stat().st_size, linkable=False)
        like = pq.read_table(path)
    return Write(_TASKS, tasks_file([tasks[number] for number in sorted(tasks)], like))
