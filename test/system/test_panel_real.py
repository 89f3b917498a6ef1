"""Real recordings in the panel: every camera of every episode, against the decoded source."""

from __future__ import annotations

import random

import av
import h5py
import numpy as np
import pytest
from driver import Picture, Player
from playwright.sync_api import expect

from training_manager_ros.datasets import (
    FactCache,
    FrameSource,
    Hdf5Frames,
    VideoFrames,
    open_dataset,
)

EPISODES = {"cr5-reach-v21": 6, "insertion-raw": 2, "pick-place": 5, "pick-place-v30": 5}
RANDOM_FRAMES = 20
NEIGHBOURS = range(-3, 4)
# Levels of 255 by which a picture may differ from its source: raw ones are encoded for browsers.
CLOSE = 4.0


def decoded(source: FrameSource) -> list[Picture]:
    """An episode's pictures, RGB, read without the package's own reader."""
    if isinstance(source, VideoFrames):
        with av.open(str(source.path)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        return frames[source.first_frame : source.first_frame + source.count]
    assert isinstance(source, Hdf5Frames)
    with h5py.File(source.path, "r") as file:
        return [row[:, :, ::-1] for row in file[source.dataset][: source.count]]


def edges(picture: Picture) -> np.ndarray:
    """Steps of brightness between pixels: decoders round brightness itself differently."""
    luma = picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.diff(luma, axis=1)


@pytest.fixture(scope="module")
def real_robot(start_real_robot, real_skills):
    return start_real_robot(real_skills)


def test_lists_all_real_skills(real_robot, browsing) -> None:
    page = browsing.open(real_robot)
    cards = page.get_by_role("list", name="Skills").get_by_role("link")
    expect(cards).to_have_count(5)
    for folder, count in EPISODES.items():
        expect(cards.filter(has=page.get_by_text(folder, exact=True))).to_contain_text(
            f"{count} episodes"
        )


@pytest.mark.parametrize(
    ("skill", "episode"), [(skill, e) for skill, count in EPISODES.items() for e in range(count)]
)
def test_the_frame_shown_is_the_frame_asked_for(real_robot, browsing, skill, episode) -> None:
    dataset = open_dataset(real_robot.skills / skill, FactCache(None))
    known = dataset.episode(episode)
    sources = {
        camera: [edges(picture) for picture in decoded(dataset.frames(episode, camera))]
        for camera in known.cameras
    }
    rate = dataset.summary.rate
    asked = random.Random(f"{skill} {episode}").sample(range(known.frames), RANDOM_FRAMES)
    page = browsing.open(real_robot, f"#/datasets/{skill}/{episode}")
    player = Player(page)
    player.wait_for_video()
    assert sorted(player.cameras) == sorted(known.cameras)
    for frame in [0, known.frames - 1, *asked]:
        player.go(f"#/datasets/{skill}/{episode}?t={frame / rate:.3f}")
        player.wait_for_frame(frame)
        for camera, source in sources.items():
            shown = edges(player.picture(camera))
            assert shown.shape == source[frame].shape
            apart = {
                step: float(np.abs(shown - source[frame + step]).mean())
                for step in NEIGHBOURS
                if 0 <= frame + step < len(source)
            }
            assert apart[0] <= CLOSE, (camera, frame, apart)
            # Where nothing moves neighbours look alike.
            assert apart[0] <= min(apart.values()) + 0.02, (camera, frame, apart)
