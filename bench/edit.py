"""What deleting and merging cost: python bench/edit.py [--lerobot PYTHON].

Innate: an h264 dataset of 1 GB (50 episodes, two cameras); deleting one episode and merging two
datasets, with links, and by copying beside `cp -r` and `sync`. Then the same with 10 to 1,000
episodes: the time must grow with them, not with bytes.
LeRobot v3.0: 50 episodes of 300 frames, two cameras, H.264 with B-frames and AV1; deleting one.
With --lerobot, the Python of an environment in which LeRobot is installed, its own tool does the
same beside ours; that takes many minutes.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from edit_data import make_h264, make_lerobot

from training_manager_ros.datasets import FactCache
from training_manager_ros.jobs import Control
from training_manager_ros.jobs.kinds.delete import DeleteEpisodes
from training_manager_ros.jobs.kinds.merge import MergeDatasets

BYTES = 1_000_000_000
EPISODES = 50
GROWTH = (10, 30, 100, 300, 1000)


class Limits:
    """Prints figures beside their limits, and remembers whether one was missed."""

    def __init__(self) -> None:
        self.missed = False

    def show(self, title: str, value: float, limit: float, unit: str) -> None:
        held = value <= limit
        self.missed |= not held
        print(f"{title}: {value:.3g} {unit} (limit {limit:g}){'' if held else '  MISSED'}")


def written() -> int:
    """Bytes that this process has handed to the disk (not counting what the kernel shares)."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


def timed(root: Path, kind: Any, arguments: dict[str, Any], facts: FactCache) -> tuple[float, ...]:
    """Seconds, seconds of CPU, and bytes written; the new skill is removed again."""
    before, cpu, start = written(), time.process_time(), time.perf_counter()
    kind(root, facts).run({**arguments, "name": "New"}, Control())
    seconds, used = time.perf_counter() - start, time.process_time() - cpu
    size = written() - before
    shutil.rmtree(root / "new")
    return seconds, used, size


def copied(sources: list[Path], target: Path) -> float:
    """Seconds that `cp -r` and `sync` of the copy take."""
    target.mkdir()
    start = time.perf_counter()
    subprocess.run(["cp", "-r", "--reflink=never", "--sparse=never", *sources, target], check=True)
    subprocess.run(["sync", "-f", target], check=True)
    seconds = time.perf_counter() - start
    shutil.rmtree(target)
    return seconds


def beside(
    ours: Callable[[], float], theirs: Callable[[], float], sources: list[Path]
) -> tuple[float, float]:
    """Medians of both, one after the other in turns, with the sources in memory before each."""
    found: dict[Callable[[], float], list[float]] = {ours: [], theirs: []}
    for turn in range(4):
        for run in (ours, theirs) if turn % 2 else (theirs, ours):
            for path in (one for source in sources for one in source.rglob("*") if one.is_file()):
                path.read_bytes()
            subprocess.run(["sync", "-f", sources[0]], check=True)
            found[run].append(run())
    return statistics.median(found[ours]), statistics.median(found[theirs])


def innate(folder: Path, limits: Limits) -> None:
    root = folder / "skills"
    for skill in ("a", "b"):
        make_h264(root / skill, EPISODES, BYTES // 2 if skill == "b" else BYTES)
    delete = {"skill": "a", "episodes": [EPISODES // 2]}
    merge = {"sources": [{"skill": "a"}, {"skill": "b"}]}
    print(f"h264, {EPISODES} episodes, 2 cameras, {BYTES / 1e9:g} GB, merged with another half")
    for title, kind, arguments in (
        ("delete 1", DeleteEpisodes, delete),
        ("merge 2", MergeDatasets, merge),
    ):
        facts = FactCache(folder / f"{kind.__name__}.sqlite")
        cold = timed(root, kind, arguments, facts)[0]
        runs = [timed(root, kind, arguments, facts) for _ in range(7)]
        limits.show(f"{title}, links", statistics.median(run[0] for run in runs), 0.1, "s")
        limits.show(f"{title}, written", max(run[2] for run in runs) / 1e6, 2, "MB")
        print(f"{title}, links, files never seen before: {cold:.3f} s")
        sources = [root / "a"] if kind is DeleteEpisodes else [root / "a", root / "b"]
        ours, theirs = beside(
            lambda job=kind, copy={**arguments, "file_mode": "copy"}, known=facts: timed(
                root, job, copy, known
            )[0],
            lambda among=sources: copied(among, folder / "copy"),
            sources,
        )
        print(f"{title}, copying: {ours:.2f} s, cp {theirs:.2f} s")
        limits.show(f"{title}, copying", ours / theirs, 1.15, "times cp")
    shutil.rmtree(root)


def growth(folder: Path) -> None:
    for episodes in GROWTH:
        root = folder / f"growth_{episodes}"
        make_h264(root / "a", episodes, 0)
        facts = FactCache(folder / f"growth_{episodes}.sqlite")
        arguments = {"skill": "a", "episodes": [0]}
        timed(root, DeleteEpisodes, arguments, facts)
        best = min(timed(root, DeleteEpisodes, arguments, facts)[0] for _ in range(3))
        bar = "#" * round(best * 100)
        print(f"delete 1 of {episodes:4}: {best * 1000:6.1f} ms, {best / episodes * 1e6:4.0f} "
              f"µs an episode {bar}")  # fmt: skip
        shutil.rmtree(root)


def lerobot(folder: Path, limits: Limits, python: str | None) -> None:
    for codec in ("h264", "av1"):
        root = folder / codec
        make_lerobot(root, "a", codec, EPISODES)
        size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
        print(f"lerobot-v3.0, {codec}, {EPISODES} episodes of 300 frames, 2 cameras, "
              f"{size / 1e6:.0f} MB")  # fmt: skip
        facts = FactCache(folder / f"{codec}.sqlite")
        arguments = {"skill": "a", "episodes": [EPISODES // 2]}
        runs = [timed(root, DeleteEpisodes, arguments, facts) for _ in range(3)]
        limits.show(f"delete 1, {codec}", statistics.median(run[0] for run in runs), 3, "s")
        cpu = statistics.median(run[1] for run in runs)
        print(f"delete 1, {codec}: {cpu:.2f} s of CPU; the first time {runs[0][0]:.2f} s")
        if python is not None:
            script = Path(__file__).with_name("edit_by_lerobot.py")
            command = [python, script, root / "a/data", folder / "theirs", str(EPISODES // 2)]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            wall, used = map(float, out.split()[-2:])
            print(f"LeRobot's own tool: {wall:.0f} s, {used:.0f} s of CPU")
            limits.show(f"delete 1, {codec}, CPU", cpu / used, 0.01, "times LeRobot's")
            shutil.rmtree(folder / "theirs")
        shutil.rmtree(root)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, help="where to work (the temporary folder)")
    parser.add_argument("--lerobot", metavar="PYTHON", help="run LeRobot's own tool, too")
    args = parser.parse_args()
    limits = Limits()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        innate(Path(name), limits)
        growth(Path(name))
        lerobot(Path(name), limits, args.lerobot)
    return int(limits.missed)


if __name__ == "__main__":
    sys.exit(main())
