"""Small films whose pictures bear their frame number, and datasets made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from training_manager_ros.datasets import (
    Camera,
    Dataset,
    DatasetFormat,
    DatasetSummary,
    Episode,
    FrameSource,
    Signal,
)
from training_manager_ros.errors import NotFound
from training_manager_ros.samples import read_frame_number
from training_manager_ros.samples.barcode import draw_frame_number

Picture = npt.NDArray[np.uint8]
SIZE = (160, 120)
BT601, BT709 = (0.299, 0.114), (0.2126, 0.0722)  # shares of red and blue in brightness
B_FRAMES = {"bf": "2", "g": "12", "preset": "veryfast", "x264-params": "b-adapt=0"}


def picture(number: int, size: tuple[int, int] = SIZE) -> Picture:
    """An RGB picture (H, W, 3) with its number along the lower edge and something that moves."""
    width, height = size
    image = np.full((height, width, 3), (90, 110, 130), np.uint8)
    left = number * 5 % max(1, width - 20)
    image[height // 4 : height // 2, left : left + 20] = (220, 120, 40)
    draw_frame_number(image, 1, number)
    return image


def flat(rgb: tuple[int, int, int], size: tuple[int, int], kind: str, kr: float, kb: float) -> Any:
    """A frame of one colour in pixel format `kind`, by the book: kr and kb make the matrix."""
    if not kind.startswith("yuv"):
        image = np.full((size[1], size[0], 3), rgb, np.uint8)
        return av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=kind)
    red, green, blue = (value / 255 for value in rgb)
    y = kr * red + (1 - kr - kb) * green + kb * blue
    u, v = (blue - y) / (2 - 2 * kb), (red - y) / (2 - 2 * kr)
    full = kind.startswith("yuvj")
    values = [y * 255, u * 255 + 128, v * 255 + 128] if full else [
        16 + y * 219, u * 224 + 128, v * 224 + 128]  # fmt: skip
    frame = av.VideoFrame(*size, kind)
    for plane, value in zip(frame.planes, values, strict=True):
        wide = np.uint16 if kind.endswith("10le") else np.uint8
        scale = 4 if wide is np.uint16 else 1
        plane.update(np.full(plane.buffer_size // wide().itemsize, round(value * scale), wide))
    return frame


def number_in(frame: av.VideoFrame | Picture) -> int:
    """The frame number that a picture bears."""
    if isinstance(frame, av.VideoFrame):
        frame = frame.to_ndarray(format="rgb24")
    return read_frame_number(frame)[1]


def write_film(
    path: Path,
    count: int,
    *,
    codec: str = "libx264",
    rate: Fraction | int = 30,
    pix_fmt: str = "yuv420p",
    size: tuple[int, int] = SIZE,
    options: Mapping[str, str] | None = None,
    muxer: Mapping[str, str] | None = None,
    ticks: Sequence[int] | None = None,
    hidden: int = 0,
    first: int = 0,
    sound: bool = False,
) -> Path:
    """Write frames `first`, `first + 1`, … as an MP4.

    `ticks` are times to show them at, in frames' time; the first `hidden` get times before 0, which
    the muxer turns into an edit list that leaves them out.
    """
    with av.open(str(path), "w", format="mp4", options=dict(muxer or {})) as container:
        stream = container.add_stream(codec, rate=rate, options=dict(options or {}))
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        audio = container.add_stream("aac", rate=44100) if sound else None
        if audio is not None:
            samples = av.AudioFrame.from_ndarray(
                np.zeros((1, 44100), np.float32), format="fltp", layout="mono"
            )
            samples.sample_rate = 44100
            for packet in [*audio.encode(samples), *audio.encode(None)]:
                container.mux(packet)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(first + number, size), format="rgb24")
            frame.pts = (ticks[number] if ticks else number) - hidden
            frame.time_base = 1 / Fraction(rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path) -> Path:
    """An MP4 that holds sound alone."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100)
        samples = av.AudioFrame.from_ndarray(
            np.zeros((1, 44100), np.float32), format="fltp", layout="mono"
        )
        samples.sample_rate = 44100
        container.mux(stream.encode(samples))
        container.mux(stream.encode(None))
    return path


def write_rows(
    path: Path, count: int, *, size: tuple[int, int] = SIZE, chunk: int = 1, **filters: object
) -> Path:
    """An HDF5 file with `count` BGR pictures in /observations/images/camera_1."""
    with h5py.File(path, "w") as file:
        images = file.create_dataset(
            "/observations/images/camera_1",
            (count, size[1], size[0], 3),
            "uint8",
            maxshape=(None, size[1], size[0], 3),
            chunks=(chunk, size[1], size[0], 3),
            **filters,
        )
        for number in range(count):
            images[number] = picture(number, size)[:, :, ::-1]
    return path


def encoded(number: int, codec: str = "png") -> bytes:
    """A picture as PNG or JPEG."""
    context = av.CodecContext.create(codec, "w")
    context.width, context.height = SIZE
    context.pix_fmt = "rgb24" if codec == "png" else "yuvj420p"
    context.time_base = Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
    frame = frame.reformat(format=context.pix_fmt)
    return b"".join(map(bytes, [*context.encode(frame), *context.encode(None)]))


def write_images(path: Path, values: Iterable[bytes | None], *, group: int, nested: bool) -> Path:
    """A parquet file with encoded pictures in column "cam", `group` rows a row group."""
    cells = list(values)
    column = pa.array(cells, pa.binary())
    if nested:
        paths = pa.array([None] * len(cells), pa.string())
        column = pa.StructArray.from_arrays([column, paths], names=["bytes", "path"])
    table = pa.table({"index": pa.array(range(len(cells))), "cam": column})
    pq.write_table(table, path, row_group_size=group)
    return path


class OneEpisode(Dataset):
    """A dataset of one episode, 0, whose cameras' frames are where the test says."""

    def __init__(
        self, cameras: Mapping[str, FrameSource], timestamps: Sequence[float] = ()
    ) -> None:
        self._cameras = dict(cameras)
        self._timestamps = np.asarray(timestamps, np.float64)

    @property
    def summary(self) -> DatasetSummary:
        return DatasetSummary(DatasetFormat.MIXED, 30.0, 1, 0, tuple(self._cameras))

    @property
    def episode_ids(self) -> Sequence[int]:
        return [0]

    def cameras(self) -> tuple[Camera, ...]:
        return tuple(Camera(name) for name in self._cameras)

    def episode(self, episode_id: int) -> Episode:
        if episode_id != 0:
            raise NotFound(f"There is no episode {episode_id}.")
        return Episode(0, "episode_0.h5", 0, 0.0, 0, cameras=tuple(self._cameras))

    def signals(self, episode_id: int) -> tuple[Signal, ...]:
        return ()

    def timestamps(self, episode_id: int) -> npt.NDArray[np.float64]:
        return self._timestamps

    def frames(self, episode_id: int, camera: str) -> FrameSource:
        if episode_id != 0 or camera not in self._cameras:
            raise NotFound(f"Episode {episode_id} has no camera {camera}.")
        return self._cameras[camera]
