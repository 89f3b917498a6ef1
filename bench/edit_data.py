"""Datasets for bench/edit.py, made in seconds: one episode is encoded and used many times."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from training_manager_ros.datasets import FactCache
from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.edit.plan import apply_plan
from training_manager_ros.editing import MergeRules, MergeSource, plan_merge
from training_manager_ros.samples.recording import Picture, Recording
from training_manager_ros.samples.write_innate import write_innate
from training_manager_ros.samples.write_lerobot import write_lerobot_v3

__all__ = ["make_h264", "make_lerobot"]

CAMERAS = ("camera_1", "camera_2")
WIDTH, HEIGHT, RATE = 640, 480, 30
ENCODERS = {
    "h264": ("libx264", {"preset": "veryfast", "crf": "23", "bf": "2", "g": "30"}),
    "av1": ("libsvtav1", {"preset": "12", "crf": "30", "g": "2"}),  # as LeRobot encodes
}


def make_h264(skill: Path, episodes: int, size: int) -> None:
    """A skill of `episodes` converted episodes with `size` bytes of video, none of them sparse."""
    data = skill / "data"
    write_innate(data, [recording(20, 64, 48)], float(RATE), CAMERAS, (0,))
    for camera in CAMERAS:
        pad(data / f"episode_0_{camera}.mp4", size // episodes // len(CAMERAS))
    index = json.loads((data / "dataset_metadata.json").read_text())
    text = json.dumps(index["episodes"][0])
    index["episodes"] = [
        {**json.loads(text.replace("episode_0", f"episode_{i}")), "episode_id": i}
        for i in range(episodes)
    ]
    index["number_of_episodes"] = episodes
    (data / "dataset_metadata.json").write_text(json.dumps(index))
    for path in list(data.glob("episode_0*")):
        for number in range(1, episodes):
            shutil.copyfile(path, path.with_name(path.name.replace("_0", f"_{number}", 1)))
    describe(skill)


def make_lerobot(root: Path, skill: str, codec: str, episodes: int) -> None:
    """A v3.0 skill of `episodes` times the same 300 frames, 640 x 480, in shared videos."""
    one = root / "one"
    frames = 300
    write_lerobot_v3(one / "data", [recording(frames, 16, 16)], RATE, CAMERAS, "Do it", "h264")
    describe(one)
    videos = sorted(one.rglob("*.mp4"))
    encode(videos[0], frames, codec)
    for other in videos[1:]:
        shutil.copyfile(videos[0], other)
    info = one / "data/meta/info.json"
    text = info.read_text().replace('"h264"', f'"{codec}"')
    text = text.replace('"video.height": 16', f'"video.height": {HEIGHT}')
    info.write_text(text.replace('"video.width": 16', f'"video.width": {WIDTH}').replace(
        "16,\n                16,", f"{HEIGHT},\n                {WIDTH},"))  # fmt: skip
    sources = [MergeSource("one")] * episodes
    plan = plan_merge(root, sources, skill, MergeRules(), FactCache(None))
    apply_plan(root, plan, Files())
    shutil.rmtree(one)


def recording(frames: int, width: int, height: int) -> Recording:
    values = np.random.default_rng(1).normal(size=(frames, 10))

    def pictures(camera: str) -> Iterator[Picture]:
        for frame in range(frames):
            yield np.full((height, width, 3), frame % 256, np.uint8)

    return Recording(values, values[:, :6], values[:, :6], pictures)


def describe(skill: Path) -> None:
    metadata = {"name": skill.name, "type": "learned", "execution": {}}
    (skill / "metadata.json").write_text(json.dumps(metadata))


def pad(video: Path, size: int) -> None:
    """Put a box of free space behind the frames, so that the file has `size` bytes."""
    free = size - video.stat().st_size
    if free < 8:
        return
    with video.open("ab") as file:
        file.write(struct.pack(">I4s", free, b"free"))
        file.write(os.urandom(free - 8))


def encode(path: Path, frames: int, codec: str) -> None:
    """A texture that moves under noise: about as many bytes as a robot's camera gives."""
    random = np.random.default_rng(2)
    coarse = random.integers(0, 256, (HEIGHT // 16 + 1, WIDTH // 16 + 40, 3), np.uint8)
    texture = coarse.repeat(16, axis=0).repeat(16, axis=1)
    noise = random.integers(-6, 7, (HEIGHT, WIDTH, 3), np.int16)
    name, options = ENCODERS[codec]
    os.environ.setdefault("SVT_LOG", "1")
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(name, rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = options
        for number in range(frames):
            view = texture[:HEIGHT, number : number + WIDTH].astype(np.int16)
            picture = np.clip(view + np.roll(noise, number * 7, axis=1), 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
