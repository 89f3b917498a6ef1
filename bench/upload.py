"""How close an upload comes to what the line allows: `python bench/upload.py`.

A server on loopback answers each request after 50 ms and takes 20 MB/s a connection. The ideal is
eight connections that are never idle. Prints seconds and requests for a first upload, for the same
again, and after one file of 220 was changed; with `--memory`, the memory of an upload of 8 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
SERVER = ROOT / "test" / "training" / "support" / "fault_server.py"
sys.path[:0] = [str(ROOT), str(SERVER.parent)]

from fault_server import KEY  # noqa: E402

from training_manager_ros.training import Settings, TrainingClient  # noqa: E402

LATENCY = 0.05
RATE = 20e6
CONNECTIONS = 8
SIZES = [139_000] * 200 + [10_000_000] * 20


@contextmanager
def serving(*faults: str) -> Iterator[str]:
    command = [sys.executable, str(SERVER), *faults]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def requests(url: str, **faults: object) -> int:
    """Requests that the server has had so far; sets how it behaves from now on."""
    with urllib.request.urlopen(url + "/_test", json.dumps(faults).encode()) as answer:
        return sum(json.load(answer)["requests"].values())


def make_skill(folder: Path, sizes: list[int]) -> None:
    source = random.Random(1)
    (folder / "data").mkdir(parents=True)
    metadata = {"name": "Bench", "type": "learned", "execution": {}}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    for number, size in enumerate(sizes):
        (folder / "data" / f"episode_{number}.h5").write_bytes(source.randbytes(size))
    write_index(folder, len(sizes))


def write_index(folder: Path, count: int) -> None:
    episodes = [{"episode_id": n, "file_name": f"episode_{n}.h5"} for n in range(count)]
    index = {"data_frequency": 30, "dataset_type": "h5", "episodes": episodes}
    (folder / "data" / "dataset_metadata.json").write_text(json.dumps(index))


def timed(name: str, url: str, client: TrainingClient, folder: Path, ideal: float) -> None:
    before = requests(url)
    started = time.monotonic()
    result = client.upload(folder)
    took = time.monotonic() - started
    ratio = f"{took / ideal:.2f} x ideal ({ideal:.2f} s)" if ideal else ""
    count = requests(url) - before
    print(f"{name:20} {took:6.2f} s  {count:4} requests  {len(result.sent):3} files sent  {ratio}")


def transfers(hashes: str) -> None:
    print(f"the store tells hashes: {hashes}")
    ideal = sum(LATENCY + size / RATE for size in SIZES) / CONNECTIONS
    with (
        serving(f"latency={LATENCY}", f"rate={RATE}", f'hashes="{hashes}"', "discard=true") as url,
        tempfile.TemporaryDirectory() as folder,
    ):
        skill = Path(folder) / "bench"
        make_skill(skill, SIZES)
        settings = Settings(url, url + "/auth", KEY)
        with TrainingClient(settings) as client:
            timed("first upload", url, client, skill, ideal)
        with TrainingClient(settings) as client:
            timed("the same again", url, client, skill, 0)
        changed = skill / "data" / "episode_7.h5"
        changed.write_bytes(changed.read_bytes()[::-1])
        with TrainingClient(settings) as client:
            timed("one file changed", url, client, skill, 0)


def memory(size: int) -> None:
    with serving("discard=true") as url, tempfile.TemporaryDirectory() as folder:
        skill = Path(folder) / "bench"
        make_skill(skill, [])
        for number in range(4):
            with (skill / "data" / f"episode_{number}.h5").open("wb") as file:
                file.truncate(size // 4)
        write_index(skill, 4)
        started = time.monotonic()
        with TrainingClient(Settings(url, url + "/auth", KEY)) as client:
            client.upload(skill)
        took = time.monotonic() - started
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"{size / 1e9:.1f} GB in {took:.0f} s with {most / 1e6:.0f} MB of memory")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", action="store_true", help="8 GB, and the memory that it takes")
    if parser.parse_args().memory:
        memory(8_000_000_000)
        return
    print(f"{len(SIZES)} files, {sum(SIZES) / 1e6:.0f} MB, {os.cpu_count()} processors")
    for hashes in ("etag", "none"):
        transfers(hashes)


if __name__ == "__main__":
    main()
