"""How fast a large dataset opens: python bench/datasets.py [--episodes 1000].

Makes a dataset in each format (every episode a copy of one short recording with two cameras), then
measures in fresh processes: the summary of a list, opening, the first page of 100 episodes with an
empty cache of facts, and the same page with the cache that this left on disk.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

LIMITS = {"summary": 50.0, "open": 100.0, "page": 1500.0, "warm open": 100.0, "warm page": 50.0}
FRAMES = 20


def make(root: Path, episodes: int) -> None:
    """A skill in each format below `root`."""
    import numpy as np

    from training_manager_ros.samples.recording import Picture, Recording
    from training_manager_ros.samples.write_innate import write_innate
    from training_manager_ros.samples.write_lerobot import write_lerobot_v2, write_lerobot_v3

    def pictures(camera: str) -> Iterator[Picture]:
        for frame in range(FRAMES):
            yield np.full((48, 64, 3), frame * 10, np.uint8)

    values = np.zeros((FRAMES, 8))
    one = Recording(np.zeros((FRAMES, 10)), values, values, pictures)
    cameras = ("camera_1", "camera_2")
    write_innate(root / "h5/data", [one], 30.0, cameras, ())
    write_innate(root / "h264/data", [one], 30.0, cameras, (0,))
    write_lerobot_v2(root / "lerobot-v2.1/data", [one], 30.0, cameras, "Do it", "h264")
    write_lerobot_v3(root / "lerobot-v3.0/data", [one] * episodes, 30.0, cameras, "Do it", "h264")
    for name in ("h5", "h264"):
        data = root / name / "data"
        index = json.loads((data / "dataset_metadata.json").read_text())
        text = json.dumps(index["episodes"][0])
        index["episodes"] = [
            {**json.loads(text.replace("episode_0", f"episode_{i}")), "episode_id": i}
            for i in range(episodes)
        ]
        index["number_of_episodes"] = episodes
        (data / "dataset_metadata.json").write_text(json.dumps(index))
        multiply(data, "episode_0", "episode_{}", episodes)
    data = root / "lerobot-v2.1/data"
    multiply(data, "episode_000000", "episode_{:06d}", episodes)
    for name in ("episodes.jsonl", "episodes_stats.jsonl"):
        line = json.loads((data / "meta" / name).read_text())
        lines = [json.dumps({**line, "episode_index": i}) for i in range(episodes)]
        (data / "meta" / name).write_text("\n".join(lines))
    info = json.loads((data / "meta/info.json").read_text()) | {"total_episodes": episodes}
    (data / "meta/info.json").write_text(json.dumps(info))


def multiply(data: Path, first: str, template: str, episodes: int) -> None:
    """Copy every file of the first episode for all others."""
    for path in [path for path in data.rglob("*") if path.name.startswith(first)]:
        for number in range(1, episodes):
            shutil.copy(path, path.with_name(path.name.replace(first, template.format(number), 1)))


T = TypeVar("T")
Figures = dict[str, tuple[float, float]]  # milliseconds on the clock, and of the processor


def measure(skill: Path, cache: Path) -> Figures:
    """What each step takes; run in a process of its own."""
    from training_manager_ros.datasets import FactCache, open_dataset, summarise

    found: Figures = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        clock, processor = time.perf_counter(), time.process_time()
        result = work()
        found[name] = (
            (time.perf_counter() - clock) * 1000,
            (time.process_time() - processor) * 1000,
        )
        return result

    summary = timed("summary", lambda: summarise(skill))
    facts = FactCache(cache)
    dataset = timed("open", lambda: open_dataset(skill, facts))
    page = timed("page", lambda: dataset.episodes(0, 100))
    again = timed("page again", lambda: dataset.episodes(0, 100))
    assert summary is not None
    assert [episode.problems for episode in page + again] == [()] * 2 * len(page)
    return found


def run(skill: Path, cache: Path) -> Figures:
    done = subprocess.run(
        [sys.executable, __file__, "--measure", str(skill), str(cache)],
        check=True,
        capture_output=True,
        text=True,
    )
    return {name: tuple(pair) for name, pair in json.loads(done.stdout).items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--measure", nargs=2, type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(*args.measure)))
        return 0
    failed = False
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "skills"
        make(root, args.episodes)
        time.sleep(0.2)  # what is fresher is not remembered
        print(
            f"{args.episodes} episodes, 2 cameras; "
            "milliseconds on the clock / of the processor (limit)"
        )
        for skill in sorted(root.iterdir()):
            cache = Path(name) / f"{skill.name}.sqlite"
            cold, warm = run(skill, cache), run(skill, cache)
            figures = {
                "summary": cold["summary"],
                "open": cold["open"],
                "page": cold["page"],
                "warm open": warm["open"],
                "warm page": warm["page"],
                "page again": warm["page again"],
            }
            shown = [
                f"{key} {clock:.1f} / {processor:.1f}"
                + (f" ({LIMITS[key]:.0f})" if key in LIMITS else "")
                for key, (clock, processor) in figures.items()
            ]
            print(f"{skill.name:13} " + ", ".join(shown))
            failed |= any(figures[key][0] > limit for key, limit in LIMITS.items())
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
