"""What converting raw images to h264 costs: python bench/convert.py --data FOLDER [--frames 1000].

Repeats a real raw recording (FOLDER holds make_skills.py) until it is long enough, and encodes it
in three ways, one after the other and again: by the pipeline that the robot's older converter
feeds, by our encoder alone, and by the whole conversion, which also decodes every frame to verify
it, writes the file without images and the list. CPU is that of all processes; that of starting
Python and loading its libraries, once for many episodes, is not counted for any of them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

CAMERA = "camera_1"
INSIDE = f"/observations/images/{CAMERA}"
PIPELINE = (
    "gst-launch-1.0 -q fdsrc ! rawvideoparse width={width} height={height} format=bgr "
    "framerate={rate}/1 ! videoconvert ! x264enc pass=qual quantizer=23 speed-preset=ultrafast "
    "threads=4 ! h264parse ! mp4mux ! filesink location={target}"
)
LIBRARIES = (
    "h5py",
    "training_manager_ros.datasets.video.encode",
    "training_manager_ros.datasets.video.rows",
    "training_manager_ros.jobs.kinds.convert",
)
LEAST = 2.5  # times the frames per CPU-second of the pipeline
MOST_MB = 300.0


def make(folder: Path, data: Path, frames: int) -> tuple[Path, int]:
    """A skill with one episode and one camera; its folder and rate."""
    import h5py

    command = [sys.executable, data / "make_skills.py", folder / "real", "--raw-frames", "250"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    source, skill = folder / "real/insertion-raw", folder / "skills/cup"
    (skill / "data").mkdir(parents=True)
    shutil.copy(source / "metadata.json", skill)
    index = json.loads((source / "data/dataset_metadata.json").read_text())
    index.update(number_of_episodes=1, episodes=index["episodes"][:1])
    (skill / "data/dataset_metadata.json").write_text(json.dumps(index))
    with (
        h5py.File(source / "data/episode_0.h5") as real,
        h5py.File(skill / "data/episode_0.h5", "w") as long,
    ):
        images = real[INSIDE]
        shape = (frames, *images.shape[1:])
        made = long.create_dataset(INSIDE, shape, "uint8", chunks=(1, *shape[1:]))
        for frame in range(frames):
            made[frame] = images[frame % len(images)]
        rows = [real["action"][frame % len(images)] for frame in range(frames)]
        long.create_dataset("action", data=rows, chunks=(30, len(rows[0])))
    shutil.rmtree(folder / "real")
    return skill, index["data_frequency"]


def feed(skill: Path, rate: int, target: Path) -> None:
    """As the older converter does: row by row into the pipeline."""
    import h5py

    with h5py.File(skill / "data/episode_0.h5") as file:
        images = file[INSIDE]
        height, width = images.shape[1:3]
        command = PIPELINE.format(width=width, height=height, rate=rate, target=target)
        process = subprocess.Popen(command.split(), stdin=subprocess.PIPE)
        assert process.stdin is not None
        for row in images:
            process.stdin.write(row.tobytes())
        process.stdin.close()
        if process.wait():
            raise SystemExit("the pipeline failed; is gstreamer with x264enc installed?")


def encode(skill: Path, rate: int, target: Path) -> None:
    """Our encoder alone."""
    from training_manager_ros.datasets import Hdf5Frames
    from training_manager_ros.datasets.video.encode import encode_movie
    from training_manager_ros.datasets.video.encoder import encoder_threads
    from training_manager_ros.datasets.video.rows import row_frames

    rows = Hdf5Frames(skill / "data/episode_0.h5", INSIDE, 10**9, rate)
    encode_movie(row_frames(rows), target, rate, encoder_threads())


def convert(skill: Path, rate: int, target: Path) -> None:
    """The whole conversion, of a copy that shares the raw file."""
    from training_manager_ros.datasets import FactCache
    from training_manager_ros.jobs import Control
    from training_manager_ros.jobs.kinds.convert import ConvertDataset

    root = target.parent / "converted"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(skill, root / "cup", copy_function=_link)
    wanted = {"skill": "cup", "target": "h264", "name": "", "keep_raw": False}
    ConvertDataset(root, FactCache(None)).run(wanted, Control())
    (root / f"cup/data/episode_0_{CAMERA}.mp4").replace(target)
    shutil.rmtree(root)


def _link(source: str, target: str) -> None:
    if source.endswith(".h5"):
        Path(target).hardlink_to(source)
    else:
        shutil.copy(source, target)


WAYS = {"gstreamer": feed, "encode": encode, "convert": convert}


def measured(way: str, skill: Path, rate: int, target: Path) -> tuple[float, float]:
    """CPU-seconds and MB at most of a way, in processes of its own."""
    command = [sys.executable, __file__, "--way", way, str(skill), str(rate), str(target)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    cpu, memory = map(float, output.split()[-2:])
    return cpu, memory


def work(way: str, skill: Path, rate: int, target: Path) -> None:
    """What the process of `measured` does."""
    for library in LIBRARIES:
        importlib.import_module(library)
    before = cpu_seconds()
    WAYS[way](skill, rate, target)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(cpu_seconds() - before, memory)


def cpu_seconds() -> float:
    """Of this process and those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def quality(skill: Path, video: Path) -> float:
    """Luma PSNR in dB over the first 250 frames, by BT.601 as both write it."""
    import av
    import h5py
    import numpy as np

    error = count = 0.0
    with h5py.File(skill / "data/episode_0.h5") as file, av.open(str(video)) as container:
        images = file[INSIDE]
        for frame, picture in zip(range(250), container.decode(video=0), strict=False):
            plane: Any = picture.planes[0]
            shape = (plane.height, plane.line_size)
            luma = np.frombuffer(plane, np.uint8).reshape(shape)[:, : plane.width]
            blue, green, red = np.moveaxis(images[frame].astype(float), 2, 0)
            meant = 16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255
            error += float(np.square(luma - meant).mean())
            count += 1
    return float(10 * np.log10(255**2 / (error / count)))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder of the real recordings")
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to work (the temporary folder)")
    parser.add_argument("--way", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        way, skill, rate, target = args.way
        work(way, Path(skill), int(rate), Path(target))
        return 0
    if args.data is None:
        parser.error("--data is needed")
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        skill, rate = make(folder, args.data, args.frames)
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        for _ in range(args.rounds):  # in turn, as the machine's speed changes
            for way, runs in found.items():
                runs.append(measured(way, skill, rate, folder / f"{way}.mp4"))
        speed = {way: args.frames / min(cpu for cpu, _ in runs) for way, runs in found.items()}
        luma = {way: quality(skill, folder / f"{way}.mp4") for way in WAYS}
        for way in WAYS:
            size = (folder / f"{way}.mp4").stat().st_size / args.frames / 1000
            memory = max(mb for _, mb in found[way])
            print(
                f"{way:10} {speed[way]:6.0f} frames a CPU-second, "
                f"{speed[way] / speed['gstreamer']:.2f} times; luma {luma[way]:.2f} dB, "
                f"{size:.1f} kB a frame, {memory:.0f} MB (Python's process)"
            )
        memory = max(mb for _, mb in found["convert"])
    ratio = speed["encode"] / speed["gstreamer"]
    kept = ratio >= LEAST and luma["convert"] >= luma["gstreamer"] and memory <= MOST_MB
    print(f"at least {LEAST} times, no less luma, at most {MOST_MB:.0f} MB: {kept}")
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
