"""How fast episodes come to a browser: python bench/video.py [--frames 600] [--skills FOLDER].

Makes a raw and an H.264 episode (640 x 480, a keyframe every 250 frames) and measures, as the
panel server would see it: the first and any other frame as JPEG, the thumbnail, until it plays,
how fast and in how much memory it is encoded. With Chromium it also asks, for every camera of
every episode in FOLDER, for the first, the last and 20 other frames and compares what is shown
with the recording.
"""

# ruff: noqa: E402 - the tests' own films and browser are used
from __future__ import annotations

import argparse
import contextlib
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "test/datasets/video")]

import h5py
import numpy as np
from browser import CHROMIUM, browser
from films import OneEpisode, write_film
from watching import Source, compare, some_of

from training_manager_ros.datasets import FactCache, Hdf5Frames, VideoFrames, open_dataset
from training_manager_ros.datasets.video import MediaStore, plan_piece, read_index, write_movie
from training_manager_ros.errors import NotFound

SIZE = (640, 480)
RATE = 30.0
INSIDE = "/observations/images/camera_1"


def scene(number: int, noise: np.ndarray) -> np.ndarray:
    """A picture that is neither flat nor still: noise that drifts, and a bright square."""
    image: np.ndarray = np.roll(noise, number * 2, axis=1)
    left = number * 4 % (SIZE[0] - 60)
    image[200:260, left : left + 60] = 230
    return image


def make_raw(path: Path, frames: int) -> None:
    noise = np.random.default_rng(0).integers(60, 100, (SIZE[1], SIZE[0], 3), np.uint8)
    shape = (frames, SIZE[1], SIZE[0], 3)
    with h5py.File(path, "w") as file:
        images = file.create_dataset(INSIDE, shape, "uint8", chunks=(1, *shape[1:]))
        for number in range(frames):
            images[number] = scene(number, noise)


def milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def report(what: str, value: float, unit: str, limit: float | None = None) -> bool:
    """Print a figure; answers whether it keeps its limit."""
    kept = limit is None or value <= limit
    note = "" if limit is None else f"  (at most {limit:g}: {'kept' if kept else 'MISSED'})"
    print(f"{what:48}{value:10.1f} {unit}{note}")
    return kept


def look(store: MediaStore, name: str, dataset: OneEpisode, frames: int, limit: float) -> bool:
    """JPEGs and thumbnail of an episode that nobody looked at before."""
    first = milliseconds(lambda: store.jpeg(dataset, 0, "cam", 0))
    others = sorted(
        milliseconds(lambda: store.jpeg(dataset, 0, "cam", random.randrange(frames)))
        for _ in range(40)
    )
    steps = [milliseconds(lambda k=k: store.jpeg(dataset, 0, "cam", k)) for k in range(100, 140)]
    kept = report(f"{name}: first frame as JPEG", first, "ms", limit)
    report(f"{name}: any frame, median", others[20], "ms")
    report(f"{name}: any frame, slowest of 40", others[-1], "ms")
    report(f"{name}: the next frame, median", sorted(steps)[20], "ms")
    report(f"{name}: thumbnail", milliseconds(lambda: store.thumbnail(dataset, 0)), "ms")
    report(f"{name}: thumbnail again", milliseconds(lambda: store.thumbnail(dataset, 0)), "ms")
    return kept


def memory_of_children() -> float:
    """The most that a process started by this one has used so far, in MB."""
    found = [0.0]
    for children in Path("/proc/self/task").glob("*/children"):
        for child in children.read_text().split():
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{child}/status").read_text()
                found += [int(kb) / 1024 for kb in re.findall(r"VmHWM:\s+(\d+)", status)]
    return max(found)


def until_ready(
    store: MediaStore, dataset: OneEpisode, meanwhile: Callable[[], None] = lambda: None
) -> float:
    def wait() -> None:
        while store.playable(dataset, 0, "cam").state == "encoding":
            meanwhile()
            time.sleep(0.05)

    return milliseconds(wait)


def measure(folder: Path, frames: int) -> bool:
    raw, film = folder / "episode_0.h5", folder / "episode_0.mp4"
    make_raw(raw, frames)
    options = {"g": "250", "preset": "medium", "sc_threshold": "0"}
    write_film(film, min(frames, 1000), size=SIZE, options=options)
    as_rows = OneEpisode({"cam": Hdf5Frames(raw, INSIDE, frames, RATE)})
    as_film = OneEpisode({"cam": VideoFrames(film, 0, min(frames, 1000), RATE)})
    store = MediaStore(folder / "cache")
    kept = look(store, "raw", as_rows, frames, 100)
    kept &= look(store, "h264", as_film, min(frames, 1000), 200)
    kept &= report("h264: until it plays", until_ready(store, as_film), "ms", 200)

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    memory: list[float] = [0.0]
    taken = until_ready(store, as_rows, lambda: memory.append(memory_of_children()))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    report("raw: until it plays (encoded once)", taken, "ms")
    report("raw: encoded frames a second", frames / taken * 1000, "")
    report("raw: encoded frames a second of CPU", frames / cpu, "")
    kept &= report("encoder: memory at most", max(memory), "MB", 300)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report("this process, the films' maker included", own, "MB")
    path = store.playable(as_rows, 0, "cam").path
    assert path is not None
    report("raw: size of a frame once encoded", path.stat().st_size / frames / 1000, "kB")

    index = read_index(film)
    report("index of the film", milliseconds(lambda: read_index(film)), "ms")
    piece = plan_piece(index, 0, index.frames)
    report("cut it out", milliseconds(lambda: write_movie(folder / "cut.mp4", [piece], RATE)), "ms")
    store.close()
    return kept


def watch(skills: Path, cache: Path) -> bool:
    """Every camera of every episode in a browser, 22 frames each."""
    store = MediaStore(cache)
    asked = decided = wrong = 0
    with browser() as page:
        for skill in sorted(skills.iterdir()):
            try:
                dataset = open_dataset(skill, FactCache(None))
            except NotFound:
                continue
            for episode in dataset.episode_ids:
                for camera in dataset.episode(episode).cameras:
                    playable = store.playable(dataset, episode, camera)
                    while playable.state == "encoding":
                        time.sleep(0.05)
                        playable = store.playable(dataset, episode, camera)
                    assert playable.path is not None, playable.error
                    source = Source(dataset.frames(episode, camera))
                    page.open(playable.path)
                    page.seek_ms.clear()
                    for frame in some_of(len(source), 20):
                        at = playable.start_time + (frame + 0.5) / playable.rate
                        comparison = compare(page.shown(at), source, frame)
                        asked, decided = asked + 1, decided + comparison.decided
                        wrong += bool(comparison.closer) or comparison.error > 4
                    seeks = sorted(page.seek_ms)
                    print(
                        f"{skill.name} {episode} {camera}: seek median {seeks[11]:.0f} ms, "
                        f"slowest {seeks[-1]:.0f} ms"
                    )
    store.close()
    print(f"{asked} frames asked for, {decided} neighbours that differ")
    return report("wrong frames shown", wrong, "", 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--skills", type=Path, help="a skills folder to watch in Chromium")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = measure(Path(folder), args.frames)
        if args.skills and CHROMIUM.exists():
            kept &= watch(args.skills, Path(folder) / "watched")
    sys.exit(not kept)


if __name__ == "__main__":
    main()
