"""How fast and how light the catalog of skills is: python bench/catalog.py [--skills 1000].

Makes skills with small files (two cameras; every other one raw h5, the rest h264), then measures in
fresh processes: the first list, with and without the cache on disk; a refresh; one skill; how
soon a change is seen; what watching costs while nothing happens and while a robot records.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import resource
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

LIMITS = {"list, no cache (s)": 2.0, "list, cached (s)": 0.3, "slowest notice (s)": 1.0}


def make_skill(folder: Path, name: str, episodes: int, converted: bool) -> None:
    data = folder / "data"
    data.mkdir(parents=True)
    execution = {"model_type": "act_policy", "action_dim": 10, "duration": None}
    metadata = {"name": name, "type": "learned", "guidelines": "x" * 200, "inputs": {}}
    (folder / "metadata.json").write_text(
        json.dumps({**metadata, "execution": execution}, indent=4)
    )
    listed: list[dict[str, Any]] = []
    for number in range(episodes):
        episode: dict[str, Any] = {
            "episode_id": number,
            "file_name": f"episode_{number}.h5",
            "start_timestamp": f"2026-03-02T09:{number % 60:02}:00",
            "end_timestamp": f"2026-03-02T09:{number % 60:02}:20",
        }
        (data / f"episode_{number}.h5").write_bytes(episode_bytes(raw=not converted))
        if converted:
            videos = [f"episode_{number}_{camera}.mp4" for camera in ("camera_1", "camera_2")]
            episode["video_files"] = videos
            for video in videos:
                (data / video).write_bytes(film_bytes())
        listed.append(episode)
    index = {
        "data_frequency": 30,
        "dataset_type": "h264" if converted else "h5",
        "number_of_episodes": episodes,
        "episodes": listed,
    }
    (data / "dataset_metadata.json").write_text(json.dumps(index, indent=4))
    yesterday = time.time() - 86400
    os.utime(data, (yesterday, yesterday))  # recordings are seldom as new as these


@cache
def episode_bytes(raw: bool) -> bytes:
    """A small episode's HDF5 file, with two cameras' images or without."""
    import h5py
    import numpy as np

    file = io.BytesIO()
    with h5py.File(file, "w") as episode:
        episode["/action"] = np.zeros((20, 10))
        episode["/observations/qpos"] = np.zeros((20, 6))
        for camera in ("camera_1", "camera_2") if raw else ():
            episode[f"/observations/images/{camera}"] = np.zeros((20, 6, 8, 3), np.uint8)
    return file.getvalue()


@cache
def film_bytes() -> bytes:
    """A small video of 20 frames."""
    import numpy as np

    from training_manager_ros.samples.encoding import encode

    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        encode(film, [[np.zeros((32, 32, 3), np.uint8)] * 20], 30.0, "h264", 10)
        return film.read_bytes()


def first_list(root: Path, cache_file: Path) -> dict[str, float]:
    """In a fresh process: what a program pays until it has the list."""
    start = time.perf_counter()
    from training_manager_ros.datasets import FactCache
    from training_manager_ros.skills import Catalog

    imported = time.perf_counter()
    used = time.process_time()
    skills = Catalog(root, FactCache(cache_file)).skills()
    end = time.perf_counter()
    used = time.process_time() - used
    heavy = [name for name in ("numpy", "h5py", "pyarrow", "av") if name in sys.modules]
    assert len(skills) == len(os.listdir(root)), len(skills)
    assert not heavy, heavy
    return {
        "import": imported - start,
        "list": end - imported,
        "CPU": used,
        "memory": peak_memory(),
    }


def running(root: Path, cache_file: Path, seconds: float) -> dict[str, float]:
    """In a fresh process: refreshes, single skills, and the watch."""
    from training_manager_ros.datasets import FactCache
    from training_manager_ros.skills import Catalog, read_metadata, update_metadata, watch

    catalog = Catalog(root, FactCache(cache_file))
    names = [skill.name for skill in catalog.skills()]
    result = {
        "refresh, nothing changed (s)": median(catalog.refresh, 5),
        "refresh of one skill (ms)": 1e3 * median(lambda: catalog.refresh({names[0]}), 50),
    }
    singles = sorted(timed(lambda name=name: catalog.skill(name)) for name in names)  # type: ignore[misc]
    result["one skill, p95 (ms)"] = 1e3 * singles[int(len(singles) * 0.95)]
    folder = root / names[1]

    def update() -> None:
        old = read_metadata(folder)
        update_metadata(folder, old.revision, {"guidelines": str(time.time_ns())})

    result["update, synced to disk (ms)"] = 1e3 * median(update, 20)

    seen = threading.Event()

    def on_change(changed: frozenset[str]) -> None:
        if catalog.refresh(changed):
            seen.set()

    start = time.perf_counter()
    observer = watch(root, on_change)
    result["start of the watch (s)"] = time.perf_counter() - start
    notices = []
    for number in range(10):
        seen.clear()
        start = time.perf_counter()
        data = root / names[number] / "data"
        data.joinpath(f"new_{number}.h5").write_bytes(bytes(256))
        assert seen.wait(5)
        notices.append(time.perf_counter() - start)
        data.joinpath(f"new_{number}.h5").unlink()
        time.sleep(0.5)
    result["median notice (s)"] = statistics.median(notices)
    result["slowest notice (s)"] = max(notices)
    result["CPU idle (%)"] = 100 * busy(seconds)
    recorder = multiprocessing.get_context("spawn").Process(
        target=record, args=(root / names[0] / "data", seconds + 2)
    )
    recorder.start()
    time.sleep(2)
    result["CPU while a robot records (%)"] = 100 * busy(seconds)
    recorder.join()
    observer.stop()
    result["memory (MB)"] = peak_memory()
    return result


def record(data: Path, seconds: float) -> None:
    """What the recorder does: 30 times a second it appends to a hidden file."""
    end = time.monotonic() + seconds
    hidden = data / ".episode_recording.h5.tmp"
    with hidden.open("wb") as file:
        while time.monotonic() < end:
            for _ in range(4):
                file.write(bytes(4096))
                file.flush()
            time.sleep(1 / 30)
    hidden.unlink()


def busy(seconds: float) -> float:
    """Share of one core that this process takes while it does nothing of its own."""
    start, used = time.monotonic(), time.process_time()
    time.sleep(seconds)
    return (time.process_time() - used) / (time.monotonic() - start)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def median(work: Callable[[], object], times: int) -> float:
    return statistics.median(timed(work) for _ in range(times))


def peak_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fresh(work: Callable[..., dict[str, float]], *args: object) -> dict[str, float]:
    """Run a function in a new interpreter."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(work, *args).result()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--skills", type=int, default=1000)
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10, help="length of the idle measurements")
    parser.add_argument(
        "--keep", type=Path, help="make the skills here, or use those that are here"
    )
    args = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="bench-catalog-"))
    try:
        root = args.keep or work / "skills"
        if not root.exists():
            for number in range(args.skills):
                name = f"skill-{number:04}"
                make_skill(root / name, f"Skill {number}", args.episodes, number % 2 == 1)
            time.sleep(11)  # so that nothing is so fresh that the cache would not trust it
        cache = work / "facts.sqlite"
        first = fresh(first_list, root, work / "other.sqlite")  # also warms the disk
        cold = fresh(first_list, root, cache)
        warm = fresh(first_list, root, cache)
        figures = {
            "list, very first (s)": first["list"],
            "list, no cache (s)": cold["list"],
            "list, no cache, CPU (s)": cold["CPU"],
            "list, cached (s)": warm["list"],
            "list, cached, CPU (s)": warm["CPU"],
            "import (s)": warm["import"],
            "memory after list (MB)": warm["memory"],
            **fresh(running, root, cache, args.seconds),
        }
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{args.skills} skills x {args.episodes} episodes")
    for name, value in figures.items():
        limit = f"   (limit {LIMITS[name]:g})" if name in LIMITS else ""
        print(f"  {name:<32}{value:9.3f}{limit}")
    missed = [name for name, limit in LIMITS.items() if figures[name] > limit]
    print("missed: " + ", ".join(missed) if missed else "all limits kept")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
