"""Small generated datasets of every format, and what must be found in them.

Every picture bears its number, so where a frame came from can be read from a decoded copy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from training_manager_ros.datasets import DatasetFormat
from training_manager_ros.samples.barcode import draw_frame_number
from training_manager_ros.samples.recording import Picture, Recording
from training_manager_ros.samples.write_innate import write_innate
from training_manager_ros.samples.write_lerobot import write_lerobot_v2, write_lerobot_v3

INNATE = (DatasetFormat.H5, DatasetFormat.H264, DatasetFormat.MIXED)
LEROBOT = (DatasetFormat.LEROBOT_V20, DatasetFormat.LEROBOT_V21, DatasetFormat.LEROBOT_V30)
_WIDTH, _HEIGHT = 120, 64
# names that a careless reader takes for another episode's number, or for nothing
_CAMERAS = ("main_camera", "camera_1", "camera_2", "wrist", "0", "10", "1_0", "front.left")


@dataclass(frozen=True)
class DatasetSpec:
    """A dataset to be written. Its episode i shows number `label + i` in its pictures."""

    format: DatasetFormat
    rate: float
    cameras: tuple[str, ...]  # as the recorder calls them
    lengths: tuple[int, ...]  # timesteps of each episode
    converted: frozenset[int] = frozenset()  # episodes with videos, of an Innate dataset
    action_width: int = 10
    state_width: int = 6
    label: int = 0
    task: str = "Do it"

    @property
    def camera_keys(self) -> tuple[str, ...]:
        """The cameras as the dataset calls them, in its order."""
        if self.format in INNATE:
            return tuple(sorted(self.cameras))
        return tuple(f"observation.images.{camera}" for camera in self.cameras)

    def action(self, episode: int) -> npt.NDArray[np.float64]:
        """The action of an episode (T, action_width), in values that a float32 holds."""
        return self._values(episode, self.action_width, 1)

    def state(self, episode: int) -> npt.NDArray[np.float64]:
        """The joint positions of an episode (T, state_width), likewise."""
        return self._values(episode, self.state_width, 2)

    def recording(self, episode: int) -> Recording:
        """An episode as the writers take it."""
        state = self.state(episode)
        return Recording(
            self.action(episode), state, state * 2, lambda camera: self._pictures(episode, camera)
        )

    def write(self, skill: Path) -> None:
        """Write a skill's folder with this dataset."""
        data = skill / "data"
        recordings = [self.recording(i) for i in range(len(self.lengths))]
        if self.format in INNATE:
            write_innate(data, recordings, self.rate, self.cameras, self.converted)
        elif self.format is DatasetFormat.LEROBOT_V30:
            write_lerobot_v3(data, recordings, self.rate, self.cameras, self.task, "h264")
        else:
            version = self.format.value.removeprefix("lerobot-")
            write_lerobot_v2(data, recordings, self.rate, self.cameras, self.task, "h264", version)
        metadata = {"name": skill.name, "type": "learned", "execution": {}}
        (skill / "metadata.json").write_text(json.dumps(metadata, indent=4) + "\n")

    def _values(self, episode: int, width: int, kind: int) -> npt.NDArray[np.float64]:
        random = np.random.default_rng([self.label + episode, kind])
        return random.normal(size=(self.lengths[episode], width)).astype(np.float32).astype(float)

    def _pictures(self, episode: int, camera: str) -> Iterator[Picture]:
        for frame in range(self.lengths[episode]):
            image = np.full((_HEIGHT, _WIDTH, 3), (170, 120, 70), np.uint8)
            image[8:40, 3 * frame % _WIDTH :][:, :20] = (200, 40, 40 * self.cameras.index(camera))
            draw_frame_number(image, self.label + episode, frame)
            yield image


@st.composite
def datasets(
    draw: st.DrawFn,
    formats: Sequence[DatasetFormat] = (*INNATE, *LEROBOT),
    min_episodes: int = 1,
    max_episodes: int = 4,
    cameras: Sequence[str] | None = None,
) -> DatasetSpec:
    """Datasets of some formats; cameras are drawn where not given. Lengths include 1."""
    kind = draw(st.sampled_from(list(formats)))
    least = max(min_episodes, 2) if kind is DatasetFormat.MIXED else min_episodes
    lengths = draw(st.lists(st.integers(1, 9), min_size=least, max_size=max(max_episodes, least)))
    if cameras is None:
        cameras = draw(st.lists(st.sampled_from(_CAMERAS), min_size=1, max_size=2, unique=True))
    converted: frozenset[int] = frozenset()
    if kind is DatasetFormat.H264:
        converted = frozenset(range(len(lengths)))
    elif kind is DatasetFormat.MIXED:
        converted = frozenset(range(draw(st.integers(1, len(lengths) - 1))))
    return DatasetSpec(
        kind,
        draw(st.sampled_from([10.0, 15.0, 29.97, 30.0, 50.0])),
        tuple(cameras),
        tuple(lengths),
        converted,
        action_width=draw(st.sampled_from([1, 8, 10, 14])),
        state_width=draw(st.sampled_from([1, 6, 7])),
        label=draw(st.integers(0, 40)),
    )
