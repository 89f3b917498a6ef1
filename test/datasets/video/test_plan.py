"""How a video gets to a browser: as it is where that will do, copied where it can, else encoded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from training_manager_ros.datasets.video import read_index
from training_manager_ros.datasets.video.plan import AsIs, Cut, Encode, plan_video

from .films import B_FRAMES, write_film

COUNT = 24
PLANS: dict[str, tuple[dict[str, Any], tuple[int, int, float], type]] = {
    "H.264 with B-frames, index last": ({"options": B_FRAMES}, (0, COUNT, 30), AsIs),
    "index first": ({"muxer": {"movflags": "+faststart"}}, (0, COUNT, 30), AsIs),
    "with sound": ({"sound": True}, (0, COUNT, 30), AsIs),
    "full range": ({"pix_fmt": "yuvj420p"}, (0, COUNT, 30), AsIs),
    "another rate than declared": ({"options": B_FRAMES}, (0, COUNT, 25), Cut),
    "uneven times": (
        {"ticks": [k + (k > 9) * 3 for k in range(COUNT)], "options": {"bf": "0"}},
        (0, COUNT, 30),
        Cut,
    ),
    "the first episode of a longer file": ({"options": B_FRAMES}, (0, 12, 30), Cut),
    "a later episode": ({"options": B_FRAMES}, (12, 12, 30), Cut),
    "an episode that starts on no keyframe": ({"options": B_FRAMES}, (3, 9, 30), Encode),
    "a hidden start": ({"options": B_FRAMES, "hidden": 5}, (0, COUNT - 5, 30), Encode),
    "yuv444p": ({"pix_fmt": "yuv444p"}, (0, COUNT, 30), Encode),
    "ten bits": ({"pix_fmt": "yuv420p10le"}, (0, COUNT, 30), Encode),
    "gray": ({"pix_fmt": "gray"}, (0, COUNT, 30), Encode),
    "MPEG-4 Part 2": ({"codec": "mpeg4"}, (0, COUNT, 30), Encode),
    "HEVC": (
        {"codec": "libx265", "options": {"x265-params": "log-level=none"}},
        (0, COUNT, 30),
        Encode,
    ),
    "AV1": ({"codec": "libsvtav1", "options": {"g": "2", "preset": "10"}}, (0, COUNT, 30), AsIs),
    "an episode of AV1": (
        {"codec": "libsvtav1", "options": {"g": "2", "preset": "10"}},
        (4, 9, 30),
        Cut,
    ),
    "VP9": ({"codec": "libvpx-vp9"}, (0, COUNT, 30), Encode),
}


@pytest.mark.parametrize("kind", PLANS)
def test_plan(tmp_path: Path, kind: str) -> None:
    film, (first, count, rate), expected = PLANS[kind]
    if film.get("codec", "libx264") not in av.codecs_available:
        pytest.skip(f"this FFmpeg has no {film['codec']}")
    index = read_index(write_film(tmp_path / "film.mp4", COUNT, **film))
    assert isinstance(plan_video(index, first, count, rate), expected)


def test_large_pictures_far_from_a_keyframe_are_encoded(tmp_path: Path) -> None:
    index = read_index(
        write_film(tmp_path / "film.mp4", 250, options={"g": "250", "sc_threshold": "0"})
    )
    assert index.longest_gap == 250
    for size, expected in (((640, 480), AsIs), ((1280, 720), AsIs), ((1920, 1080), Encode)):
        large = replace(index, width=size[0], height=size[1])
        assert isinstance(plan_video(large, 0, 250, 30), expected)
