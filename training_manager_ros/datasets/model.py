"""What a dataset is, whatever its format: episodes, cameras, signals and where each frame is.

Every format is one `Dataset` subclass that answers these questions. Nothing here opens a file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from training_manager_ros.datasets.problem import Problem

if TYPE_CHECKING:  # a list of skills is made without numpy
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "Camera",
    "Dataset",
    "DatasetFormat",
    "DatasetSummary",
    "Episode",
    "FrameSource",
    "Hdf5Frames",
    "ImageFrames",
    "Signal",
    "VideoFrames",
]


class DatasetFormat(str, Enum):
    """The formats that can be read; the value is what users see and type."""

    H5 = "h5"  # Innate, images inside HDF5
    H264 = "h264"  # Innate, one MP4 an episode and camera
    MIXED = "mixed"  # Innate, some episodes converted and some not
    LEROBOT_V20 = "lerobot-v2.0"
    LEROBOT_V21 = "lerobot-v2.1"
    LEROBOT_V30 = "lerobot-v3.0"


@dataclass(frozen=True)
class Camera:
    """A camera of the dataset, as declared; 0 or "" where the files do not say."""

    name: str
    width: int = 0
    height: int = 0
    codec: str = ""  # "h264", "av1", "mpeg4", "png", … or "raw" for images in HDF5
    pix_fmt: str = ""  # FFmpeg's name: "yuv420p", "yuv444p", "bgr24"


@dataclass(frozen=True)
class Episode:
    """One recorded demonstration."""

    id: int
    file: str  # relative to the skill's folder, "/" between parts: where its rows are
    frames: int  # timesteps; 0 where the file can't be read
    duration: float  # seconds = frames / rate; from start and end where the rate is unknown
    size_bytes: int  # of the episode's own files, its share where several episodes share one
    start: str = ""  # ISO 8601 as recorded, local time without zone; "" if not recorded
    end: str = ""
    cameras: tuple[str, ...] = ()
    converted: bool = True  # False: raw images, a browser can't play them as they are
    task: str = ""  # LeRobot's task text
    problems: tuple[Problem, ...] = ()  # sentences; empty if sound as far as reading it shows


@dataclass(frozen=True)
class DatasetSummary:
    """What a list of skills shows, read without opening any episode."""

    format: DatasetFormat
    rate: float  # frames per second as declared; 0 = unknown
    episode_count: int
    size_bytes: int
    cameras: tuple[str, ...] = ()  # names as far as known without opening an episode
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Signal:
    """One group of measured or commanded values over an episode."""

    name: str  # "action", "qpos", "qvel", "observation.state", …
    values: npt.NDArray[np.float64]  # (T, D)
    names: tuple[str, ...]  # D names; "action[0]" … where nothing better is known
    units: tuple[str, ...]  # D units: "rad", "rad/s", "m/s", "" = unknown


@dataclass(frozen=True)
class VideoFrames:
    """Frame k of the episode is frame `first_frame + k` of the file, in presentation order."""

    path: Path
    first_frame: int
    count: int  # frames of this episode in the file
    rate: float


@dataclass(frozen=True)
class Hdf5Frames:
    """Frame k is row k of a uint8 (T, H, W, 3) BGR dataset in an HDF5 file."""

    path: Path
    dataset: str
    count: int
    rate: float


@dataclass(frozen=True)
class ImageFrames:
    """Frame k is the encoded image (PNG, JPEG) in row `first_row + k` of a parquet column."""

    path: Path
    column: str
    first_row: int
    count: int
    rate: float


FrameSource = VideoFrames | Hdf5Frames | ImageFrames


class Dataset(ABC):
    """A dataset on disk, read lazily; a format is one subclass. Made by `open_dataset`.

    Methods raise `NotFound` for an episode or camera that is not there and `Unreadable` for files
    that are broken. A problem of one episode never hides another.
    """

    root: Path  # the skill's folder

    @property
    @abstractmethod
    def summary(self) -> DatasetSummary:
        """What a list shows, with every problem that opening it has shown."""

    @property
    @abstractmethod
    def episode_ids(self) -> Sequence[int]:
        """Ids in order; known without opening an episode."""

    @abstractmethod
    def cameras(self) -> tuple[Camera, ...]:
        """All cameras; may look into the first readable episode."""

    @abstractmethod
    def episode(self, episode_id: int) -> Episode:
        """One episode; looks into its files, or remembers what was found in them."""

    @abstractmethod
    def signals(self, episode_id: int) -> tuple[Signal, ...]:
        """All values over the episode; the action first."""

    @abstractmethod
    def timestamps(self, episode_id: int) -> npt.NDArray[np.float64]:
        """Seconds since the episode's first timestep as recorded (T,); empty if not recorded."""

    @abstractmethod
    def frames(self, episode_id: int, camera: str) -> FrameSource:
        """Where the frames of a camera are."""

    def episodes(self, offset: int = 0, limit: int | None = None) -> list[Episode]:
        """A page of episodes in order of `episode_ids`; opens only those files."""
        stop = None if limit is None else offset + limit
        return [self.episode(i) for i in self.episode_ids[offset:stop]]
