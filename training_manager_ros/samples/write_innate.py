"""Writing episodes as the robot's recorder and converter do."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from training_manager_ros.samples.encoding import encode
from training_manager_ros.samples.recording import Recording

__all__ = ["write_innate", "write_innate_episode"]

_FIRST_START = datetime(2026, 3, 2, 9, 0, 0)
_CLOCK = 1_772_438_400.0  # seconds: when the first timestep was


def write_innate(
    data: Path,
    recordings: Sequence[Recording],
    rate: float,
    cameras: Sequence[str],
    converted: Collection[int],
) -> None:
    """Write a dataset into the folder `data`; the episodes `converted` get videos."""
    data.mkdir(parents=True, exist_ok=True)
    start = _FIRST_START
    episodes = []
    for number, recording in enumerate(recordings):
        stem, end = f"episode_{number}", start + timedelta(seconds=recording.frames / rate)
        entry: dict[str, Any] = {
            "episode_id": number,
            "file_name": f"{stem}.h5",
            "start_timestamp": start.isoformat(),
            "end_timestamp": end.isoformat(),
        }
        raw = () if number in converted else cameras
        write_innate_episode(data / f"{stem}.h5", recording, rate, raw)
        if number in converted:
            videos = {f"{stem}_{camera}.mp4": camera for camera in cameras}
            entry["video_files"] = sorted(videos)
            for name, camera in videos.items():
                encode(data / name, [recording.pictures(camera)], rate, "h264", 10)
        episodes.append(entry)
        start = end + timedelta(seconds=12)
    listing = {
        "data_frequency": rate,
        "dataset_type": "h264" if converted else "h5",
        "number_of_episodes": len(episodes),
        "episodes": episodes,
    }
    (data / "dataset_metadata.json").write_text(json.dumps(listing, indent=4) + "\n")


def write_innate_episode(
    path: Path, recording: Recording, rate: float, cameras: Sequence[str]
) -> None:
    """Write an episode's HDF5 file, with the images of the cameras."""
    with h5py.File(path, "w") as file:

        def put(name: str, values: Any, chunk: int) -> None:
            shape = (min(chunk, len(values)), *values.shape[1:])
            limits = (None, *values.shape[1:])
            file.create_dataset(name, data=values, chunks=shape, maxshape=limits, track_times=False)

        put("/action", recording.action, 30)
        put("/observations/qpos", recording.qpos, 30)
        if recording.qvel is not None:
            put("/observations/qvel", recording.qvel, 30)
        times = _CLOCK + np.arange(recording.frames) / rate
        put("/timestamps/arm", times, 30)
        for camera in cameras:
            bgr = np.stack([picture[:, :, ::-1] for picture in recording.pictures(camera)])
            put(f"/observations/images/{camera}", bgr, 1)
            put(f"/timestamps/images/{camera}", times, 30)
