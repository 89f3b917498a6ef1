"""In a real browser: the frame shown is the frame asked for, and it plays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest

from training_manager_ros.datasets import (
    Dataset,
    FactCache,
    Hdf5Frames,
    VideoFrames,
    open_dataset,
)
from training_manager_ros.datasets.video import MediaStore, Playable
from training_manager_ros.errors import NotFound
from training_manager_ros.samples import read_frame_number

from .browser import CHROMIUM, Browser, browser
from .films import B_FRAMES, OneEpisode, number_in, write_film
from .watching import Source, compare, some_of

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium here"),
    pytest.mark.timeout(240),
]

DEADLINE = 60.0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    pytest.importorskip("playwright.sync_api")
    with browser() as page:
        yield page


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MediaStore]:
    store = MediaStore(tmp_path / "cache")
    yield store
    store.close()


def ready(store: MediaStore, dataset: Dataset, episode: int, camera: str) -> tuple[Playable, Path]:
    end = time.monotonic() + DEADLINE
    while True:
        playable = store.playable(dataset, episode, camera)
        if playable.path is not None:
            return playable, playable.path
        assert playable.state == "encoding", playable.error
        assert time.monotonic() < end
        time.sleep(0.05)


def cameras(root: Path) -> Iterator[tuple[Dataset, int, str]]:
    for skill in sorted(root.iterdir()):
        try:
            dataset = open_dataset(skill, FactCache(None))
        except NotFound:
            continue
        for episode in dataset.episode_ids:
            for camera in dataset.episode(episode).cameras:
                yield dataset, episode, camera


def test_every_camera_of_the_samples_shows_the_frame_asked_for(
    chromium: Browser, store: MediaStore, sample_skills: Path
) -> None:
    checked = 0
    for dataset, episode, camera in cameras(sample_skills):
        playable, path = ready(store, dataset, episode, camera)
        assert playable.frames == dataset.episode(episode).frames
        chromium.open(path)
        for frame in some_of(playable.frames, 3):
            shown = chromium.shown(playable.start_time + (frame + 0.5) / playable.rate)
            assert read_frame_number(shown) == (episode, frame), (path, camera)
        checked += 1
    assert checked >= 10


def test_cameras_of_real_recordings_show_the_frame_asked_for(
    chromium: Browser, store: MediaStore, real_skills: Path
) -> None:
    """First and last episode of each skill; bench/video.py looks at all of them."""
    checked = decided = 0
    for dataset, episode, camera in cameras(real_skills):
        if episode not in (dataset.episode_ids[0], dataset.episode_ids[-1]):
            continue
        source = Source(dataset.frames(episode, camera))
        playable, path = ready(store, dataset, episode, camera)
        assert playable.frames == len(source)
        chromium.open(path)
        for frame in some_of(len(source), 4):
            shown = chromium.shown(playable.start_time + (frame + 0.5) / playable.rate)
            comparison = compare(shown, source, frame)
            assert comparison.error < 4, "this is another picture"
            assert not comparison.closer, (path, frame)
            decided += comparison.decided
        checked += 1
    assert checked == 10
    assert decided > checked * 10


@pytest.mark.parametrize("rate", [30.0, 29.97, 12.5])
def test_a_cut_with_b_frames_at_any_rate(
    chromium: Browser, store: MediaStore, tmp_path: Path, rate: float
) -> None:
    film = write_film(tmp_path / "film.mp4", 60, options=B_FRAMES, size=(320, 240))
    dataset = OneEpisode({"cam": VideoFrames(film, 12, 36, rate)})
    playable, path = ready(store, dataset, 0, "cam")
    assert path != film
    facts = chromium.open(path)
    assert facts["duration"] == pytest.approx(36 / rate, abs=0.01)
    for frame in some_of(36, 8):
        shown = chromium.shown(playable.start_time + (frame + 0.5) / rate)
        assert number_in(shown) == 12 + frame


def test_it_plays_in_order_and_to_the_end(
    chromium: Browser, store: MediaStore, tmp_path: Path
) -> None:
    film = write_film(tmp_path / "film.mp4", 30, rate=20, options=B_FRAMES, pix_fmt="yuv444p")
    _, path = ready(store, OneEpisode({"cam": VideoFrames(film, 0, 30, 20.0)}), 0, "cam")
    chromium.open(path)
    times = chromium.played(DEADLINE)
    assert all(earlier < later for earlier, later in pairwise(times))
    assert times[-1] == pytest.approx(29 / 20, abs=0.01)
    assert len(times) > 10


def test_colours_in_the_browser_are_those_recorded(
    chromium: Browser, store: MediaStore, tmp_path: Path
) -> None:
    colour = (40, 60, 200)  # blue, green, red
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["/observations/images/cam"] = np.full((5, 120, 160, 3), colour, np.uint8)
    source = Hdf5Frames(tmp_path / "rows.h5", "/observations/images/cam", 5, 30.0)
    playable, path = ready(store, OneEpisode({"cam": source}), 0, "cam")
    chromium.open(path)
    shown = chromium.shown(playable.start_time + 0.5 / 30)
    assert np.abs(shown[60, 80].astype(int) - colour[::-1]).max() <= 4
