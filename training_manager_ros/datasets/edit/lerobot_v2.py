"""Delete and merge for LeRobot v2.0 and v2.1: a parquet file an episode, and an MP4 a camera.

Videos stay as they are; rows are written anew with their new numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

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
    rough_cameras,
    stats_step,
    with_numbers,
)
from training_manager_ros.datasets.edit.lerobot_tasks import (
    annotation_notes,
    merge_tasks,
    read_tasks,
)
from training_manager_ros.datasets.edit.movies import timed_anew
from training_manager_ros.datasets.edit.parts import Joined, JoinRules, Part
from training_manager_ros.datasets.edit.plan import Origin, PlanProblem, Step
from training_manager_ros.datasets.edit.steps import Place, Write
from training_manager_ros.datasets.jsonfile import read_json, to_int
from training_manager_ros.datasets.lerobot_info import fill_template
from training_manager_ros.datasets.model import DatasetFormat
from training_manager_ros.errors import InvalidInput

__all__ = ["join_v2"]

_DATA_PATH = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
_VIDEO_PATH = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"


def join_v2(parts: Sequence[Part], rules: JoinRules) -> Joined:
    """The parts' episodes as one v2.1 dataset, or v2.0 where a part is that; see `Joined`.

    Raises `InvalidInput` for parts that can't be joined at all and `Unreadable` where meta/ can't
    be read; what is wrong with an episode is a problem of the result.
    """
    rate = joined_rate(parts, rules)
    formats = {part.dataset.summary.format for part in parts}
    # v2.0 does not know its episodes' statistics, so v2.1 can't be made of it
    old = DatasetFormat.LEROBOT_V20 in formats
    kind = DatasetFormat.LEROBOT_V20 if old else DatasetFormat.LEROBOT_V21
    taken, problems = take(parts, counted=False)
    tasks, changes = merge_tasks([read_tasks(part) for part in parts], dense=False)
    problems += annotation_notes(parts, changes)
    frames = sum(one.rows.count for one in taken)
    first = read_json(data_path(parts[0]) / "meta/info.json")
    chunk = to_int(first.get("chunks_size")) or 1000
    data = template_of(first, "data_path", _DATA_PATH)
    video = template_of(first, "video_path", _VIDEO_PATH)
    values = {
        "codebase_version": kind.value.removeprefix("lerobot-"),
        "total_episodes": len(taken),
        "total_frames": frames,
        "total_tasks": len(tasks),
        "total_videos": sum(len(one.clips) for one in taken),
        "total_chunks": -(-len(taken) // chunk),
        "chunks_size": chunk,
        "fps": int(rate) if float(rate).is_integer() else rate,
        "splits": new_splits(first, parts),
        "data_path": data,
        "video_path": first.get("video_path") and video,
    }
    info, found = joined_info(parts, values)
    problems += found
    cameras = _cameras(info["features"])

    steps: list[Step] = []
    rows: list[str] = []
    for one in taken:
        part = parts[one.part]
        where: dict[str, int | str] = {
            "episode_chunk": one.new_id // chunk,
            "episode_index": one.new_id,
        }
        rows.append("data/" + fill_template(data, where))
        run = run_of(one, part, changes[one.part], rate)
        steps.append(WriteRows(rows[-1], (run,)))
        for camera, clip in one.clips:
            target = "data/" + fill_template(video, {**where, "video_key": camera})
            if slower(part, rate) == 1:
                steps.append(Place(clip.path, target, clip.path.stat().st_size, linkable=True))
                continue
            try:
                steps.append(timed_anew(clip, target, rate))
            except InvalidInput as error:
                text = f"{part.skill}, episode {one.old_id}, {camera}: {error}"
                problems.append(PlanProblem(text, "Leave the episode out.", blocks=True))
    described, found = _describe(parts, taken, changes, rate, info["features"], rows, old)
    steps += described
    problems += found
    steps += [
        _lines("episodes.jsonl", _episodes(parts, taken)),
        _lines("tasks.jsonl", ({"task_index": i, "task": text} for i, text in tasks.items())),
        Write("data/meta/info.json", (json.dumps(info, indent=4) + "\n").encode()),
    ]
    steps += [
        Place(Path(file.path), f"data/{name}", file.size, linkable=False)
        for name, file in other_files(parts[0])
    ]
    origins = tuple(Origin(parts[one.part].skill, one.old_id, one.new_id) for one in taken)
    return Joined(
        kind,
        rate,
        tuple(cameras),
        origins,
        frames,
        tuple(dict.fromkeys(problems)),
        tuple(steps),
    )


def _cameras(features: Mapping[str, Any]) -> list[str]:
    return [name for name, one in features.items() if one.get("dtype") in ("video", "image")]


def _describe(
    parts: Sequence[Part],
    taken: Sequence[Taken],
    changes: Sequence[tuple[tuple[int, int], ...]],
    rate: float,
    features: Mapping[str, Any],
    rows: Sequence[str],
    old: bool,
) -> tuple[list[Step], list[PlanProblem]]:
    """The statistics: of each episode (v2.1), and of all together where a source has them."""
    cameras = _cameras(features)
    listed = [listed_stats(part) for part in parts]
    together = [dataset_stats(part) for part in parts]
    stats: list[EpisodeStats] = []
    problems: list[PlanProblem] = []
    for one in taken:
        known = listed[one.part].get(one.old_id)
        if known is None:
            # a camera's statistics of all the source's episodes stand for each of them
            known = {
                name: {**found, "count": [one.rows.count]}
                for name, found in together[one.part].items()
                if name in cameras
            }
            problems += rough_cameras(parts[one.part], known, cameras)
        stats.append(episode_stats(known, one, changes[one.part], slower(parts[one.part], rate)))
    steps: list[Step] = []
    if not old:
        lines = [
            {"episode_index": one.new_id, "stats": found}
            for one, found in zip(taken, stats, strict=True)
        ]
        steps.append(_lines("episodes_stats.jsonl", lines))
    base = next((one for one in together if one), None)
    if base is not None or old:
        base = with_numbers(base or (stats[0] if stats else {}), features)
        step, found = stats_step(base, cameras, stats, rows)
        steps.append(step)
        problems += found
    return steps, problems


def _episodes(parts: Sequence[Part], taken: Sequence[Taken]) -> Iterable[Mapping[str, Any]]:
    sources = [episode_lines(part) for part in parts]
    for one in taken:
        known = sources[one.part].get(one.old_id, {"tasks": []})
        yield {**known, "episode_index": one.new_id, "length": one.rows.count}


def _lines(name: str, values: Iterable[Mapping[str, Any]]) -> Write:
    text = "".join(json.dumps(value) + "\n" for value in values)
    return Write(f"data/meta/{name}", text.encode())
