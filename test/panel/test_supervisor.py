"""Children that come back, and that end with their parent. Real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from training_manager_ros.panel import tether
from training_manager_ros.panel.supervisor import Child, Supervisor

NOTE = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); "


def child(path: Path, then: str = "time.sleep(60)") -> Child:
    """A child that notes its process id in a file."""
    return Child("The child", (sys.executable, "-c", NOTE + then, str(path)), dict(os.environ))


def pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        await asyncio.sleep(0.02)


def test_a_child_that_dies_comes_back_after_growing_pauses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "pids"

    async def test() -> None:
        supervisor = Supervisor((child(path, "sys.exit(3)"),), pauses=(0.01, 0.02, 0.3))
        supervisor.start()
        await until(lambda: len(pids(path)) >= 4)
        await supervisor.stop()

    asyncio.run(test())
    lines = [entry.getMessage() for entry in caplog.records if entry.name.startswith("training")]
    assert lines[:3] == [
        "The child ended with exit code 3; it starts again in 0.01 s.",
        "The child ended with exit code 3; it starts again in 0.02 s.",
        "The child ended with exit code 3; it starts again in 0.3 s.",
    ]


def test_a_long_life_forgives(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "pids"
    now = [0.0]

    def clock() -> float:
        now[0] += 100  # each call is long after the last
        return now[0]

    async def test() -> None:
        supervisor = Supervisor((child(path, "sys.exit(3)"),), pauses=(0.01, 60), clock=clock)
        supervisor.start()
        await until(lambda: len(pids(path)) >= 4)
        await supervisor.stop()

    asyncio.run(test())
    assert "60 s" not in caplog.text


def test_a_killed_child_comes_back_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "pids"

    async def test() -> None:
        supervisor = Supervisor((child(path),), pauses=(0.01,))
        supervisor.start()
        await until(lambda: len(pids(path)) == 1)
        os.kill(pids(path)[0], signal.SIGKILL)
        await until(lambda: len(pids(path)) == 2)
        await supervisor.stop()

    asyncio.run(test())
    assert "was ended by SIGKILL" in caplog.text
    assert not any(runs(pid) for pid in pids(path))


def test_stopping_asks_first(tmp_path: Path) -> None:
    path = tmp_path / "pids"
    polite = (
        "import signal; signal.signal(signal.SIGINT, lambda *_: "
        "(open(sys.argv[1], 'a').write('0\\n'), sys.exit(0))); time.sleep(60)"
    )

    async def test() -> None:
        supervisor = Supervisor((child(path, polite + "\n"),))
        supervisor.start()
        await until(lambda: pids(path))
        await asyncio.sleep(0.2)  # the handler is set after the note
        await supervisor.stop()

    asyncio.run(test())
    assert pids(path)[-1] == 0


def test_a_child_that_does_not_listen_is_killed_in_time(tmp_path: Path) -> None:
    paths = [tmp_path / "one", tmp_path / "two"]
    deaf = "import signal; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)]; time.sleep(60)"

    async def test() -> float:
        supervisor = Supervisor(tuple(child(path, deaf) for path in paths))
        supervisor.start()
        await until(lambda: all(map(pids, paths)))
        await asyncio.sleep(0.2)
        started = time.monotonic()
        await supervisor.stop()
        return time.monotonic() - started

    assert asyncio.run(test()) < 4.5
    assert not any(runs(pids(path)[0]) for path in paths)


def test_what_a_child_started_ends_too(tmp_path: Path) -> None:
    path = tmp_path / "pids"
    grandchild = f"[sys.executable, '-c', {NOTE + 'time.sleep(60)'!r}, sys.argv[1]]"
    starts = f"import subprocess; subprocess.run({grandchild})"

    async def test() -> None:
        supervisor = Supervisor((child(path, starts),))
        supervisor.start()
        await until(lambda: len(pids(path)) == 2)
        await supervisor.stop()

    asyncio.run(test())
    wait_until(lambda: not any(runs(pid) for pid in pids(path)))


def test_stopping_between_two_lives_starts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pids"

    async def test() -> None:
        supervisor = Supervisor((child(path, "sys.exit(1)"),), pauses=(0.3,))
        supervisor.start()
        await until(lambda: pids(path))
        await asyncio.sleep(0.1)
        await supervisor.stop()
        await asyncio.sleep(0.4)

    asyncio.run(test())
    assert len(pids(path)) == 1


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "pids"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import asyncio, os, sys\n"
            "from training_manager_ros.panel.supervisor import Child, Supervisor\n"
            "async def main():\n"
            "    command = (sys.executable, '-c', sys.argv[1], sys.argv[2])\n"
            "    Supervisor((Child('x', command, dict(os.environ)),)).start()\n"
            "    await asyncio.sleep(60)\n"
            "asyncio.run(main())\n",
            NOTE + "time.sleep(60)",
            str(path),
        ]
    )
    try:
        wait_until(lambda: pids(path))
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not runs(pids(path)[0]))


def test_a_tether_to_a_parent_that_is_gone_starts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pids"
    other = "1" if os.getpid() != 1 else "2"
    command = [sys.executable, "-c", NOTE + "pass", str(path)]
    result = subprocess.run([sys.executable, tether.__file__, other, *command], check=False)
    assert result.returncode == 1
    assert not path.exists()
