from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from training_manager_ros.skills import StaleRevision, read_metadata, update_metadata
from training_manager_ros.skills.locking import LockTimeout, locked

PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])

# What the other programs on a robot do: lock metadata.json itself, never look whether it is still
# the one under the path, then read and write it by its path, in place.
FOREIGN_WRITER = """
import fcntl, json, sys, time
path, key, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
for _ in range(times):
    with open(path, "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        value = json.load(open(path))
        value[key] = value.get(key, 0) + 1
        time.sleep(0.0005)
        with open(path, "w") as file:
            json.dump(value, file, indent=4)
            file.write("\\n")
"""

OUR_WRITER = """
import sys
from pathlib import Path
from training_manager_ros.skills import StaleRevision, read_metadata, update_metadata
folder, key, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
current = read_metadata(folder)
for _ in range(times):
    while True:
        assert current.value is not None, current
        try:
            patch = {key: current.value.get(key, 0) + 1}
            current = update_metadata(folder, current.revision, patch, lock_timeout=60)
            break
        except StaleRevision as error:
            current = error.current
"""


def start(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": PACKAGE_ROOT}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, env=environment)


def finish(processes: list[subprocess.Popen[bytes]]) -> None:
    try:
        for process in processes:
            assert process.wait(timeout=100) == 0
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_two_of_us_lose_no_update_and_no_reader_sees_half_a_file(
    make_skill: Callable[..., Path],
) -> None:
    folder = make_skill(guidelines="x" * 20_000)
    path = folder / "metadata.json"
    writers = [start(OUR_WRITER, folder, f"count_{i}", 30) for i in range(2)]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        json.loads(path.read_text())  # without a lock, as the brain does
        reads += 1
    finish(writers)
    value = json.loads(path.read_text())
    assert (value["count_0"], value["count_1"]) == (30, 30)
    assert reads > 20
    assert os.listdir(folder) == ["metadata.json"]


def test_we_and_writers_that_do_not_look_again_lose_no_update(
    make_skill: Callable[..., Path],
) -> None:
    folder = make_skill()
    path = folder / "metadata.json"
    ours = [start(OUR_WRITER, folder, f"ours_{i}", 40) for i in range(2)]
    foreign = [start(FOREIGN_WRITER, path, f"foreign_{i}", 120) for i in range(2)]
    finish(ours + foreign)
    value = json.loads(path.read_text())
    assert (value["ours_0"], value["ours_1"]) == (40, 40)
    assert (value["foreign_0"], value["foreign_1"]) == (120, 120)


def test_a_reader_waits_for_a_writer_in_the_middle_of_its_work(
    make_skill: Callable[..., Path],
) -> None:
    folder = make_skill()
    path = folder / "metadata.json"
    whole = path.read_text()
    with path.open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path.write_text(whole[:40])
        readers = ThreadPoolExecutor(1)
        reading = readers.submit(read_metadata, folder)
        time.sleep(0.05)
        assert not reading.done()
        path.write_text(whole)
    assert reading.result().text == whole
    readers.shutdown()


def test_a_lock_that_is_held_on_and_on_is_a_clear_conflict(
    make_skill: Callable[..., Path],
) -> None:
    folder = make_skill()
    before = read_metadata(folder)
    with (folder / "metadata.json").open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        start_time = time.monotonic()
        with pytest.raises(StaleRevision, match=r"locked for 0\.1 s") as caught:
            update_metadata(folder, before.revision, {"name": "New"}, lock_timeout=0.1)
        assert time.monotonic() - start_time < 5
    assert caught.value.current == before
    assert update_metadata(folder, before.revision, {"name": "New"}).value["name"] == "New"  # type: ignore[index]


def test_a_waiting_writer_takes_the_file_that_is_there_by_then(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    entered = threading.Event()
    seen: list[str] = []

    def wait_for_it() -> None:
        entered.set()
        with locked(path, 10):
            seen.append(path.read_text())

    with locked(path, 1) as file:
        waiting = threading.Thread(target=wait_for_it)
        waiting.start()
        entered.wait()
        time.sleep(0.05)
        assert seen == []
        assert file.replace(b"new")
    waiting.join()
    assert seen == ["new"]


def test_while_an_old_waiter_is_at_work_nobody_gets_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    replaced = threading.Event()
    with path.open("r+") as old:  # somebody who opened the file and has not got the lock yet

        def replace() -> None:
            with locked(path, 1) as file:
                file.replace(b"new")
            replaced.set()

        ours = threading.Thread(target=replace)
        ours.start()
        while path.read_text() != "new":
            time.sleep(0.001)
        fcntl.flock(old, fcntl.LOCK_EX)  # it is handed over while we are still in `replace`
        with pytest.raises(LockTimeout), locked(path, 0.05):
            pass
        assert not replaced.is_set()
    assert replaced.wait(5)
    ours.join()
    with locked(path, 1):
        pass


def test_a_file_left_open_by_somebody_delays_a_change_but_does_not_stop_it(
    make_skill: Callable[..., Path],
) -> None:
    folder = make_skill()
    with (folder / "metadata.json").open():
        begin = time.monotonic()
        update_metadata(folder, read_metadata(folder).revision, {"name": "New"})
        assert time.monotonic() - begin < 5
    assert read_metadata(folder).value["name"] == "New"  # type: ignore[index]


def test_writing_without_the_lock_between_our_look_and_our_rename_is_noticed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with locked(path, 1) as file:
        path.write_text("by hand")
        assert not file.replace(b"new")
    assert path.read_text() == "by hand"
    assert os.listdir(tmp_path) == ["file"]


def test_killed_at_any_moment_the_file_is_the_old_or_the_new_one(
    make_skill: Callable[..., Path],
) -> None:
    folder = make_skill(guidelines="x" * 50_000)
    path = folder / "metadata.json"
    for pause in (0.0, 0.01, 0.03):
        before = json.loads(path.read_text()).get("count", 0)
        writer = start(OUR_WRITER, folder, "count", 100_000)
        while json.loads(path.read_text()).get("count", 0) == before:
            assert writer.poll() is None
        time.sleep(pause)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        json.loads(path.read_text())
    # what the killed one left is taken away, its lock is gone with it
    update_metadata(folder, read_metadata(folder).revision, {"count": 0})
    assert os.listdir(folder) == ["metadata.json"]


def test_what_is_no_file_is_never_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "gone"
    with pytest.raises(FileNotFoundError), locked(path, 1):
        pass
    os.mkfifo(path)
    begin = time.monotonic()
    with pytest.raises(OSError, match="no regular file"), locked(path, 1):
        pass
    assert time.monotonic() - begin < 1
