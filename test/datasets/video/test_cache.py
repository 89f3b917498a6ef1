"""The folder of made files: whole or absent, bounded, shared, clean after a crash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from training_manager_ros.datasets.video.cache import FileCache


def make(cache: FileCache, name: str, size: int = 100) -> None:
    with cache.make(name) as part:
        part.write_bytes(bytes(size))


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def age(folder: Path, *oldest_first: str) -> None:
    """Set the times of last use, long ago and in that order."""
    for position, name in enumerate(oldest_first):
        os.utime(folder / name, (1000 + position, 1000 + position))


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 10_000)
    assert cache.get("a.mp4") is None
    with cache.make("a.mp4") as part:
        part.write_bytes(b"half")
        assert cache.get("a.mp4") is None
        part.write_bytes(b"whole")
    found = cache.get("a.mp4")
    assert found is not None
    assert found.read_bytes() == b"whole"
    assert names(tmp_path) == {"a.mp4"}


def test_using_a_file_does_not_change_it(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 10_000)
    make(cache, "a")
    age(tmp_path, "a")
    before = (tmp_path / "a").stat()
    assert cache.get("a") is not None
    after = (tmp_path / "a").stat()
    assert after.st_mtime_ns == before.st_mtime_ns
    assert after.st_atime_ns > before.st_atime_ns


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 10_000)

    def write() -> None:
        with cache.make("a.mp4") as part:
            part.write_bytes(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        write()
    assert names(tmp_path) == set()


def test_what_was_used_longest_ago_goes(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 350)
    for name in "abc":
        make(cache, name)
    age(tmp_path, "a", "b", "c")
    assert cache.get("a") is not None  # used now
    make(cache, "d")
    assert names(tmp_path) == {"a", "c", "d"}


def test_the_file_made_last_stays_even_if_it_is_too_large(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 350)
    make(cache, "a")
    make(cache, "large", 1000)
    assert names(tmp_path) == {"large"}
    age(tmp_path, "large")
    make(cache, "b")
    assert names(tmp_path) == {"b"}


def test_a_smaller_limit_counts_from_the_start(tmp_path: Path) -> None:
    for name in "abc":
        make(FileCache(tmp_path, 10_000), name)
    age(tmp_path, "b", "a", "c")
    FileCache(tmp_path, 250)
    assert names(tmp_path) == {"a", "c"}


def test_discards_what_is_no_good(tmp_path: Path) -> None:
    cache = FileCache(tmp_path, 1000)
    make(cache, "a")
    cache.discard("a")
    cache.discard("a")
    assert cache.get("a") is None


_WRITER = """
import sys
from pathlib import Path
from training_manager_ros.datasets.video.cache import FileCache
with FileCache(Path(sys.argv[1]), 10**6).make("b.mp4") as part:
    part.write_bytes(b"half")
    print("writing", flush=True)
    sys.stdin.readline()
"""


def start_writer(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    return process


def test_leaves_alone_what_another_process_writes(tmp_path: Path) -> None:
    with start_writer(tmp_path) as writer:
        cache = FileCache(tmp_path, 10)  # looks through the folder, and is far too small
        make(cache, "a.mp4")
        make(cache, "b.mp4")
        writer.communicate(b"\n", timeout=30)
        assert writer.returncode == 0
    assert (tmp_path / "b.mp4").read_bytes() == b"half"


def test_what_a_killed_process_left_is_never_seen_and_goes(tmp_path: Path) -> None:
    with start_writer(tmp_path) as writer:
        writer.send_signal(signal.SIGKILL)
    left = names(tmp_path)
    assert len(left) == 1
    assert all(name.startswith(".") for name in left)
    assert FileCache(tmp_path, 10_000).get("b.mp4") is None
    assert names(tmp_path) == set()


def test_many_threads_and_caches_at_once(tmp_path: Path) -> None:
    caches = [FileCache(tmp_path, 2_000) for _ in range(3)]
    errors: list[BaseException] = []

    def work(cache: FileCache, offset: int) -> None:
        try:
            for number in range(40):
                name = f"{(number + offset) % 30}"
                found = cache.get(name)
                if found is None:
                    make(cache, name)
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=(cache, offset))
        for offset, cache in enumerate(caches * 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    make(caches[0], "last")
    FileCache(tmp_path, 2_000)
    assert not [name for name in names(tmp_path) if name.startswith(".")]
    assert sum(entry.stat().st_size for entry in tmp_path.iterdir()) <= 2_000
