"""What deleting and merging cost: python bench/edit.py [--bytes 1000000000] [--episodes 50].

Makes an h264 dataset of that size (two cameras; the videos are short ones with free space behind
their frames, so the files are as large as real ones but sparse unless --dense is given). Measures
deleting one episode and merging two datasets with links, the same by copying beside `cp -r`, and
how the time grows with the number of episodes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from training_manager_ros.datasets import FactCache
from training_manager_ros.jobs import Control
from training_manager_ros.jobs.kinds.delete import DeleteEpisodes
from training_manager_ros.jobs.kinds.merge import MergeDatasets

FRAMES = 20
CAMERAS = ("camera_1", "camera_2")


def make(skill: Path, episodes: int, size: int, dense: bool) -> None:
    """A skill with `episodes` episodes of `size` bytes together."""
    import numpy as np

    from training_manager_ros.samples.recording import Picture, Recording
    from training_manager_ros.samples.write_innate import write_innate

    def pictures(camera: str) -> Iterator[Picture]:
        for frame in range(FRAMES):
            yield np.full((48, 64, 3), frame * 10, np.uint8)

    data = skill / "data"
    values = np.zeros((FRAMES, 8))
    one = Recording(np.zeros((FRAMES, 10)), values, values, pictures)
    write_innate(data, [one], 30.0, CAMERAS, (0,))
    for camera in CAMERAS:
        pad(data / f"episode_0_{camera}.mp4", size // episodes // len(CAMERAS), dense)
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
            target = path.with_name(path.name.replace("episode_0", f"episode_{number}", 1))
            subprocess.run(["cp", "--sparse=auto", path, target], check=True)
    metadata = {"name": skill.name, "type": "learned", "execution": {}}
    (skill / "metadata.json").write_text(json.dumps(metadata))


def pad(video: Path, size: int, dense: bool) -> None:
    """Put a box of free space behind the frames, so that the file has `size` bytes."""
    free = size - video.stat().st_size
    if free < 8:
        return
    with video.open("ab") as file:
        file.write(struct.pack(">I4s", free, b"free"))
        if dense:
            block = os.urandom(2**20)
            for start in range(0, free - 8, len(block)):
                file.write(block[: min(len(block), free - 8 - start)])
        else:
            file.truncate(size)


def written() -> int:
    """Bytes that this process has handed to the disk (not counting what the kernel shares)."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["write_bytes"])


def timed(root: Path, kind: Any, arguments: dict[str, Any], facts: FactCache) -> tuple[float, int]:
    """Seconds, and bytes written; the new skill is removed again."""
    before, start = written(), time.perf_counter()
    kind(root, facts).run({**arguments, "name": "New"}, Control())
    seconds, size = time.perf_counter() - start, written() - before
    shutil.rmtree(root / "new")
    return seconds, size


def copied(sources: list[Path], target: Path) -> float:
    """Seconds that `cp -r` and `sync` of the copy take."""
    target.mkdir()
    start = time.perf_counter()
    subprocess.run(["cp", "-r", "--reflink=never", "--sparse=auto", *sources, target], check=True)
    subprocess.run(["sync", "-f", target], check=True)
    seconds = time.perf_counter() - start
    shutil.rmtree(target)
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--dense", action="store_true", help="fill the files, for --copy")
    parser.add_argument("--copy", action="store_true", help="also copy, beside cp")
    parser.add_argument("--growth", type=int, nargs="*", default=[10, 30, 100, 300, 1000])
    parser.add_argument("--folder", type=Path, help="where to work (the temporary folder)")
    args = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        root = Path(name) / "skills"
        for skill in ("a", "b"):
            make(root / skill, args.episodes, args.bytes, args.dense)
        delete = {"skill": "a", "episodes": [args.episodes // 2]}
        merge = {"sources": [{"skill": "a"}, {"skill": "b"}]}
        print(f"{args.episodes} episodes, 2 cameras, {args.bytes / 1e9:.2f} GB")
        for title, kind, arguments in (
            ("delete 1", DeleteEpisodes, delete),
            ("merge 2", MergeDatasets, merge),
        ):
            facts = FactCache(Path(name) / f"{kind.__name__}.sqlite")
            cold, _ = timed(root, kind, arguments, facts)
            runs = [timed(root, kind, arguments, facts) for _ in range(5)]
            best, size = min(runs)[0], max(size for _, size in runs)
            print(
                f"{title}: {best:.3f} s with links (limit 0.1), {size / 1e6:.2f} MB written "
                f"(limit 2); {cold:.3f} s where nothing is known about the files yet"
            )
            failed |= best > 0.1 or size > 2e6
            if args.copy:
                # one of all episodes less: cp copies the whole
                ours, _ = timed(root, kind, {**arguments, "file_mode": "copy"}, facts)
                sources = [root / "a"] if kind is DeleteEpisodes else [root / "a", root / "b"]
                theirs = copied(sources, Path(name) / "copy")
                print(
                    f"{title}, copying: {ours:.2f} s, cp {theirs:.2f} s: "
                    f"{ours / theirs:.2f} times (limit 1.15)"
                )
                failed |= ours / theirs > 1.15
        for episodes in args.growth:
            few = Path(name) / f"growth_{episodes}"
            make(few / "a", episodes, 0, False)
            facts = FactCache(Path(name) / f"growth_{episodes}.sqlite")
            arguments = {"skill": "a", "episodes": [0]}
            timed(few, DeleteEpisodes, arguments, facts)
            best = min(timed(few, DeleteEpisodes, arguments, facts)[0] for _ in range(3))
            print(f"delete 1 of {episodes}: {best * 1000:.1f} ms")
            shutil.rmtree(few)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
