"""Whether timesteps and pictures were recorded at the declared rate, without gaps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training_manager_ros.datasets.check.finding import Finding
from training_manager_ros.datasets.hdf5 import read_table
from training_manager_ros.datasets.innate import InnateDataset
from training_manager_ros.datasets.model import Dataset, Episode
from training_manager_ros.errors import Unreadable

__all__ = ["check_camera_clock", "check_timestamps"]

_LEROBOT_TOLERANCE = 2e-4  # seconds; LeRobot's own is 1e-4, and float32 rounds
_RATE_OFF = 0.05  # of the declared rate, by the recorder's clock
_GAP = 2.5  # steps from one timestep to the next from which on some are missing
_REPEATED = 0.05  # of a camera's pictures that may bear the time of the one before


def check_timestamps(
    dataset: Dataset, episode: Episode, synthetic: bool, times: npt.NDArray[np.float64]
) -> Iterator[Finding]:
    """Times of an episode's timesteps. `synthetic`: they must be k / rate, as LeRobot has it."""
    rate = dataset.summary.rate
    known = np.isfinite(times)
    if len(times) < 2 or known.sum() < 2:
        return
    places = np.flatnonzero(known)
    steps = np.diff(times[known]) / np.diff(places)
    back = np.flatnonzero(steps <= 0)
    if len(back):
        yield Finding(
            "error" if synthetic else "warning", "time-backwards", episode.id, None,
            f"Its clock stands still or goes back {len(back)} times, first after timestep "
            f"{places[back[0]]}. What happened when can't be told there.",
            "Delete the episode into a cleaned copy, unless its order is known to be right.",
        )  # fmt: skip
        return
    if not rate:
        return
    if synthetic:
        off = np.abs(times - np.arange(len(times)) / rate)
        late = np.flatnonzero(off[known] > np.maximum(_LEROBOT_TOLERANCE, 1e-6 * times[known]))
        if len(late):
            yield Finding(
                "error", "time-irregular", episode.id, None,
                f"{len(late)} of its {len(times)} timestamps are not frame_index / fps, first at "
                f"timestep {places[late[0]]}; they are off by up to {np.nanmax(off):.4g} s. "
                "LeRobot looks pictures up by them: it takes others, or refuses the episode.",
                "Write timestamp anew as frame_index / fps if no timestep is missing.",
            )  # fmt: skip
        return
    typical = float(np.median(steps))
    if abs(typical * rate - 1) > _RATE_OFF:
        yield Finding(
            "warning", "rate-differs", episode.id, None,
            f"By its clock it was recorded at {1 / typical:.4g} timesteps a second, but the "
            f"dataset says {rate:.4g}. It is replayed too fast or too slowly.",
            "Correct data_frequency if it holds for all episodes; otherwise delete this one.",
        )  # fmt: skip
    gaps = np.flatnonzero(steps > _GAP * typical)
    if len(gaps):
        first = int(gaps[0])
        yield Finding(
            "warning", "time-gap", episode.id, None,
            f"Timesteps are missing in {len(gaps)} places, first after timestep {places[first]}, "
            f"where {steps[first]:.3g} s pass instead of {typical:.3g} s. The robot jumps there.",
            "Look at these places; delete the episode if the movement jumps.",
        )  # fmt: skip


def check_camera_clock(dataset: Dataset, episode: Episode, camera: str) -> Iterator[Finding]:
    """Times of a camera's pictures, which repeat where the recorder got no new picture."""
    if not isinstance(dataset, InnateDataset):
        return
    try:
        file, _ = dataset.content(episode.id)
        times = read_table(Path(file.path), f"/timestamps/images/{camera}")[:, 0]
    except Unreadable:
        return  # older recorders kept none
    known = times[np.isfinite(times) & (times != 0)]
    if len(known) != len(times) and len(times):
        yield Finding(
            "warning", "picture-missing", episode.id, camera,
            f"{len(times) - len(known)} of {len(times)} timesteps have no time of a picture of "
            f"{camera}: the camera gave none then.", "Look at the pictures of these timesteps.",
        )  # fmt: skip
    repeated = int((np.diff(known) == 0).sum())
    if repeated > _REPEATED * len(known):
        yield Finding(
            "warning", "frames-repeated", episode.id, camera,
            f"{repeated} of {len(times)} pictures of {camera} are the ones before, once more (by "
            "their time): the camera was slower than the recorder.",
            "Let the camera run at the rate of the recording, and record again if it matters.",
        )  # fmt: skip
