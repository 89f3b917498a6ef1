"""Writing LeRobot datasets: v2.0 and v2.1 (a file an episode) and v3.0 (shared files)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from training_manager_ros.samples.encoding import encode
from training_manager_ros.samples.recording import Recording
from training_manager_ros.samples.stats import PictureTally, Stats, combined, of_rows

__all__ = ["write_lerobot_v2", "write_lerobot_v3"]

_JOINTS = [f"joint_{i}" for i in range(1, 7)]
_SCALARS = ("timestamp", "frame_index", "episode_index", "index", "task_index")
_V2_PATHS = {
    "data_path": "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
    "video_path": "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4",
}
_V3_PATHS = {
    "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
    "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
}

Columns = Mapping[str, npt.NDArray[Any]]


def write_lerobot_v2(
    data: Path,
    recordings: Sequence[Recording],
    rate: float,
    cameras: Sequence[str],
    task: str,
    codec: str,
    version: str = "v2.1",
) -> None:
    """Write a v2.1 (or v2.0) dataset into the folder `data`, all of one task."""
    index, stats, used = 0, [], codec
    for number, recording in enumerate(recordings):
        columns = _columns(recording, rate, number, index)
        index += recording.frames
        path = data / _V2_PATHS["data_path"].format(episode_chunk=0, episode_index=number)
        _write_rows(path, [columns])
        found = _row_stats(columns)
        for camera in cameras:
            key = f"observation.images.{camera}"
            video = data / _V2_PATHS["video_path"].format(
                episode_chunk=0, episode_index=number, video_key=key
            )
            video.parent.mkdir(parents=True, exist_ok=True)
            tally = PictureTally()
            used = encode(video, [tally.watch(recording.pictures(camera))], rate, codec, 2)
            found[key] = tally.stats()
        stats.append(found)
    meta = data / "meta"
    info = _info(version, recordings, rate, cameras, used, _V2_PATHS)
    info |= {"total_videos": len(cameras) * len(recordings), "total_chunks": 1}
    _write_json(meta / "info.json", info)
    _write_lines(meta / "tasks.jsonl", [{"task_index": 0, "task": task}])
    _write_lines(
        meta / "episodes.jsonl",
        [
            {"episode_index": number, "tasks": [task], "length": recording.frames}
            for number, recording in enumerate(recordings)
        ],
    )
    if version == "v2.0":
        _write_json(meta / "stats.json", _plain(_all_stats(stats)))
    else:
        _write_lines(
            meta / "episodes_stats.jsonl",
            [{"episode_index": i, "stats": _plain(found)} for i, found in enumerate(stats)],
        )


def write_lerobot_v3(
    data: Path,
    recordings: Sequence[Recording],
    rate: float,
    cameras: Sequence[str],
    task: str,
    codec: str,
) -> None:
    """Write a v3.0 dataset into the folder `data`, all of one task, all in one file a camera."""
    starts = np.cumsum([0, *(recording.frames for recording in recordings)]).tolist()
    numbers = {"chunk_index": 0, "file_index": 0}
    columns = [
        _columns(recording, rate, number, starts[number])
        for number, recording in enumerate(recordings)
    ]
    _write_rows(data / _V3_PATHS["data_path"].format(**numbers), columns)
    stats = [_row_stats(one) for one in columns]
    used = codec
    for camera in cameras:
        key = f"observation.images.{camera}"
        video = data / _V3_PATHS["video_path"].format(**numbers, video_key=key)
        video.parent.mkdir(parents=True, exist_ok=True)
        tallies = [PictureTally() for _ in recordings]
        clips = [
            tally.watch(recording.pictures(camera))
            for tally, recording in zip(tallies, recordings, strict=True)
        ]
        used = encode(video, clips, rate, codec, 2)
        for found, tally in zip(stats, tallies, strict=True):
            found[key] = tally.stats()
    meta = data / "meta"
    _write_json(meta / "info.json", _info("v3.0", recordings, rate, cameras, used, _V3_PATHS))
    _write_json(meta / "stats.json", _plain(_all_stats(stats)))
    _write_tasks(meta / "tasks.parquet", [task])
    rows = [
        _episode_row(number, starts, rate, cameras, task) | _flat(stats[number])
        for number in range(len(recordings))
    ]
    path = meta / "episodes/chunk-000/file-000.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path, compression="snappy")


def _columns(recording: Recording, rate: float, number: int, index: int) -> Columns:
    rows = np.arange(recording.frames)
    return {
        "observation.state": recording.qpos.astype(np.float32),
        "action": recording.action.astype(np.float32),
        "timestamp": (rows / rate).astype(np.float32),
        "frame_index": rows,
        "episode_index": np.full_like(rows, number),
        "index": rows + index,
        "task_index": np.zeros_like(rows),
    }


def _write_rows(path: Path, episodes: Sequence[Columns]) -> None:
    """One row group an episode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tables = [pa.table({name: _column(values) for name, values in one.items()}) for one in episodes]
    features = {
        name: {"dtype": str(values.dtype), "_type": "Value"}
        if values.ndim == 1
        else {
            "feature": {"dtype": str(values.dtype), "_type": "Value"},
            "length": values.shape[1],
            "_type": "List",
        }
        for name, values in episodes[0].items()
    }
    known = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = tables[0].schema.with_metadata(known)
    with pq.ParquetWriter(path, schema, compression="snappy") as writer:
        for table in tables:
            writer.write_table(table.replace_schema_metadata(known))


def _column(values: npt.NDArray[Any]) -> pa.Array:
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])


def _info(
    version: str,
    recordings: Sequence[Recording],
    rate: float,
    cameras: Sequence[str],
    codec: str,
    paths: Mapping[str, str],
) -> dict[str, Any]:
    features: dict[str, Any] = {}
    sizes = {
        "action": recordings[0].action.shape[1],
        "observation.state": recordings[0].qpos.shape[1],
    }
    for name, width in sizes.items():
        names = {6: _JOINTS, 8: [*_JOINTS, "linear_x", "angular_z"]}.get(
            width, [f"{name}_{i}" for i in range(width)]
        )
        features[name] = {"dtype": "float32", "shape": [width], "names": names}
    for camera in cameras:
        height, width = next(iter(recordings[0].pictures(camera))).shape[:2]
        features[f"observation.images.{camera}"] = {
            "dtype": "video",
            "shape": [height, width, 3],
            "names": ["height", "width", "channels"],
            "info": {
                "video.height": height,
                "video.width": width,
                "video.codec": codec,
                "video.pix_fmt": "yuv420p",
                "video.is_depth_map": False,
                "video.fps": rate,
                "video.channels": 3,
                "has_audio": False,
            },
        }
    for name in _SCALARS:
        dtype = "float32" if name == "timestamp" else "int64"
        features[name] = {"dtype": dtype, "shape": [1], "names": None}
    sizes_in_mb = {"data_files_size_in_mb": 100, "video_files_size_in_mb": 200}
    return {
        "codebase_version": version,
        "robot_type": "sample",
        "total_episodes": len(recordings),
        "total_frames": sum(recording.frames for recording in recordings),
        "total_tasks": 1,
        "chunks_size": 1000,
        **(sizes_in_mb if version == "v3.0" else {}),
        "fps": int(rate) if float(rate).is_integer() else rate,
        "splits": {"train": f"0:{len(recordings)}"},
        **paths,
        "features": features,
    }


def _episode_row(
    number: int, starts: Sequence[int], rate: float, cameras: Sequence[str], task: str
) -> dict[str, Any]:
    begin, end = starts[number], starts[number + 1]
    row: dict[str, Any] = {
        "episode_index": number,
        "tasks": [task],
        "length": end - begin,
        "data/chunk_index": 0,
        "data/file_index": 0,
        "dataset_from_index": begin,
        "dataset_to_index": end,
    }
    for camera in cameras:
        key = f"videos/observation.images.{camera}"
        row |= {
            f"{key}/chunk_index": 0,
            f"{key}/file_index": 0,
            f"{key}/from_timestamp": begin / rate,
            f"{key}/to_timestamp": end / rate,
        }
    return row | {"meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0}


def _row_stats(columns: Columns) -> dict[str, Stats]:
    return {
        name: of_rows(np.asarray(values, np.float64).reshape(len(values), -1))
        for name, values in columns.items()
    }


def _all_stats(episodes: Sequence[Mapping[str, Stats]]) -> dict[str, Stats]:
    return {name: combined([one[name] for one in episodes]) for name in episodes[0]}


def _plain(stats: Mapping[str, Stats]) -> dict[str, Any]:
    plain = {
        name: {key: values.tolist() for key, values in one.items()} for name, one in stats.items()
    }
    for one in plain.values():
        one["count"] = [int(count) for count in one["count"]]
    return plain


def _flat(stats: Mapping[str, Stats]) -> dict[str, Any]:
    return {
        f"stats/{name}/{key}": values
        for name, one in _plain(stats).items()
        for key, values in one.items()
    }


def _write_tasks(path: Path, tasks: Sequence[str]) -> None:
    """The tasks as a data frame's index: what pandas makes of it, without pandas."""
    column = {"name": None, "pandas_type": "unicode", "numpy_type": "object", "metadata": None}
    known = {
        "index_columns": ["__index_level_0__"],
        "column_indexes": [{**column, "field_name": None, "metadata": {"encoding": "UTF-8"}}],
        "columns": [
            {
                **column,
                "name": "task_index",
                "field_name": "task_index",
                "pandas_type": "int64",
                "numpy_type": "int64",
            },
            {**column, "field_name": "__index_level_0__"},
        ],
    }
    table = pa.table(
        {"task_index": pa.array(range(len(tasks)), pa.int64()), "__index_level_0__": list(tasks)}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(known)}), path)


def _write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=4) + "\n")


def _write_lines(path: Path, values: Sequence[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
