"""Encoding in a process of its own: what it says, and how it ends when something goes wrong."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import h5py
import pytest

from training_manager_ros.datasets import Hdf5Frames, ImageFrames, VideoFrames
from training_manager_ros.datasets.video import encode_in_child, encoder_threads, read_index
from training_manager_ros.errors import TrainingManagerError, Unreadable

from .films import encoded, write_film, write_images, write_rows

DEADLINE = 60.0


def never() -> bool:
    return False


@pytest.fixture
def rows(tmp_path: Path) -> Hdf5Frames:
    path = write_rows(tmp_path / "episode_0.h5", 25)
    return Hdf5Frames(path, "/observations/images/camera_1", 25, 30.0)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import sys; sys.stdin.readline(); {code}")


def test_encodes_every_kind_of_source(tmp_path: Path, rows: Hdf5Frames) -> None:
    film = write_film(tmp_path / "film.mp4", 25, codec="mpeg4")
    images = write_images(
        tmp_path / "rows.parquet", [encoded(k) for k in range(25)], group=10, nested=True
    )
    for source in (
        rows,
        VideoFrames(film, 5, 20, 30.0),
        ImageFrames(images, "cam", 5, 20, 30.0),
    ):
        heard: list[int] = []
        target = tmp_path / "made.mp4"
        count = encode_in_child(source, target, 30.0, heard.append, never)
        assert count == source.count == read_index(target).frames
        assert heard == sorted(heard)
        assert heard


def test_a_broken_source_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "episode_0.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(500))
    source = Hdf5Frames(tmp_path / "episode_0.h5", "/observations/images/camera_1", 5, 30.0)
    with pytest.raises(Unreadable, match="HDF5"):
        encode_in_child(source, tmp_path / "made.mp4", 30.0, lambda _: None, never)


def test_a_target_that_cannot_be_written_is_not_the_sources_fault(
    tmp_path: Path, rows: Hdf5Frames
) -> None:
    target = Path("/dev/full")
    with pytest.raises(TrainingManagerError, match="disk is full") as caught:
        encode_in_child(rows, target, 30.0, lambda _: None, never)
    assert not isinstance(caught.value, Unreadable)


@pytest.mark.parametrize(
    ("code", "error", "sentence"),
    [
        ("import os; os.kill(os.getpid(), 11)", Unreadable, "crashed the decoder"),
        ("import os; os.kill(os.getpid(), 9)", TrainingManagerError, "enough memory"),
        ("sys.exit(3)", TrainingManagerError, "exit status 3"),
        ("pass", TrainingManagerError, "exit status 0"),
    ],
)
def test_a_crash_is_an_error_here(
    tmp_path: Path, rows: Hdf5Frames, code: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as caught:
        encode_in_child(rows, tmp_path / "made", 30.0, lambda _: None, never, python(code))
    assert isinstance(caught.value, Unreadable) == (error is Unreadable)


def test_a_process_that_cannot_even_read_its_orders(tmp_path: Path, rows: Hdf5Frames) -> None:
    with pytest.raises(TrainingManagerError):
        encode_in_child(
            rows, tmp_path / "made", 30.0, lambda _: None, never, (sys.executable, "-c", "pass")
        )


def test_stops_when_told(tmp_path: Path, rows: Hdf5Frames) -> None:
    stop = threading.Event()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    begun = time.monotonic()
    with pytest.raises(TrainingManagerError, match="stopped"):
        encode_in_child(
            rows,
            tmp_path / "made",
            30.0,
            lambda _: None,
            stop.is_set,
            python("import time; time.sleep(100)"),
        )
    assert time.monotonic() - begun < DEADLINE


_PARENT = """
import sys
from pathlib import Path
from training_manager_ros.datasets import Hdf5Frames
from training_manager_ros.datasets.video import encode_in_child
source = Hdf5Frames(Path(sys.argv[1]), "/observations/images/camera_1", 100_000, 30.0)
encode_in_child(source, Path(sys.argv[2]), 30.0, lambda n: print(n, flush=True), lambda: False)
"""


def children_of(process: int) -> list[int]:
    return [
        int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ]


def is_running(process: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return ") Z" not in Path(f"/proc/{process}/stat").read_text()
    return False


def test_is_nice_and_dies_with_its_parent(tmp_path: Path) -> None:
    path = tmp_path / "long.h5"
    with h5py.File(path, "w") as file:  # rows that were never written are black and take no room
        shape = (100_000, 240, 320, 3)
        file.create_dataset("/observations/images/camera_1", shape, "uint8", chunks=(1, *shape[1:]))
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(path), str(tmp_path / "made.mp4")],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()  # it encodes
        (child,) = children_of(parent.pid)
        assert os.getpriority(os.PRIO_PROCESS, child) >= 10
        parent.send_signal(signal.SIGKILL)
    end = time.monotonic() + DEADLINE
    while is_running(child):
        assert time.monotonic() < end, "the encoder outlives its parent"
        time.sleep(0.02)


def test_leaves_cores_to_the_robot() -> None:
    assert 1 <= encoder_threads() <= max(1, (os.cpu_count() or 1) // 2)
