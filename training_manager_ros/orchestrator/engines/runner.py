"""Supervises one run, apart from the server: it survives the server's restart and its kill -9.

Standard library alone, one file: it is copied beside the job and started from there, so that an
upgrade of the package, or a machine that lacks it, does not matter.

    python3 -I runner.py FOLDER [LOCK_FD]

Reads FOLDER/job.json; writes FOLDER/status.json (beside, then renamed), FOLDER/log/ and, while the
run lasts, holds a lock on FOLDER/runner.lock. FOLDER/stop asks it to end the run.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
SEGMENT = 1 << 20  # bytes of one file of the log
TICK = 0.2  # s between looks at the clock, the stop file and the children


class Log:
    """Output in files named by their first byte's offset; over `limit`, the middle is dropped."""

    def __init__(self, folder: Path, limit: int) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._limit = max(limit, 4 * SEGMENT)
        names = sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit())
        self._start = names[-1] if names else 0
        self._file = open(self._path(self._start), "ab", buffering=0)  # noqa: SIM115
        self._used = self._file.tell()

    def write(self, data: bytes) -> None:
        """Append; what does not fit on a full disk is lost, the run is not."""
        while data:
            part = data[: SEGMENT - self._used]
            try:
                self._file.write(part)
            except OSError:
                return
            self._used += len(part)
            data = data[len(part) :]
            if self._used >= SEGMENT:
                self._next()

    def close(self) -> None:
        """Sync what is there."""
        with contextlib.suppress(OSError):
            os.fsync(self._file.fileno())
        self._file.close()

    def _next(self) -> None:
        try:
            file = open(self._path(self._start + self._used), "ab", buffering=0)  # noqa: SIM115
        except OSError:
            return
        self._file.close()
        self._file, self._start, self._used = file, self._start + self._used, 0
        starts = sorted(int(path.name) for path in self._folder.iterdir() if path.name.isdigit())
        head = self._limit // 4 // SEGMENT
        for start in starts[head : len(starts) - (self._limit // SEGMENT - head)]:
            self._path(start).unlink(missing_ok=True)

    def _path(self, start: int) -> Path:
        return self._folder / f"{start:015d}"


class Run:
    """One supervised run, from its start to the last of its children's end."""

    def __init__(self, folder: Path, job: dict[str, Any]) -> None:
        self._folder = folder
        self._job = job
        self._log = Log(folder / "log", job["log_bytes"])
        self._signalled = False
        self._main: subprocess.Popen[bytes] | None = None
        self._code: int | None = None
        self._pipe = -1
        self._quota_due = 0.0
        self._staged = sum(disk_use(folder / "work"))  # is there before the run writes a byte

    def carry_out(self) -> None:
        """Run to the end and write down how it was."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._write_status({"state": "running", "pid": os.getpid(), "started_at": time.time()})
        if (self._folder / "stop").exists():  # asked for while the job waited for its machine
            self._finish("stopped", "")
            return
        try:
            self._start()
        except OSError as error:
            self._finish("no_command", f"{error.strerror}: {error.filename or ''}".rstrip(": "))
            return
        ending, detail = self._watch()
        self._end_all(ending == "exit")
        self._drain()
        self._finish(ending, detail)

    def _start(self) -> None:
        job = self._job
        parent = os.getpid()

        def in_child() -> None:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

        self._main = subprocess.Popen(
            job["command"],
            cwd=job["cwd"],
            env=job["env"] | {k: os.environ[k] for k in job["inherited"] if k in os.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=in_child,
        )
        assert self._main.stdout is not None
        self._pipe = self._main.stdout.fileno()
        os.set_blocking(self._pipe, False)

    def _watch(self) -> tuple[str, str]:
        """Until it exits or has to be stopped; why, and a detail."""
        deadline = time.monotonic() + self._job["seconds"]
        warn_at = deadline - min(300.0, self._job["seconds"] / 10)
        while True:
            self._read(TICK)
            self._reap()
            now = time.monotonic()
            if self._code is not None:
                return "exit", ""
            if self._signalled or (self._folder / "stop").exists():
                return "stopped", ""
            if now >= deadline:
                return "deadline", ""
            if now >= warn_at:
                warn_at = deadline + 1
                self.say(f"this run will be stopped in {deadline - now:.0f} s: its time is used up")
            if now >= self._quota_due and self._over_quota():
                return "quota", ""

    def _end_all(self, exited: bool) -> None:
        """End every process of the run: asked first, then killed; children that were left, too."""
        grace_ends = time.monotonic() + (0 if exited else self._job["grace"])
        asked: set[int] = set()
        gives_up = time.monotonic() + 30
        while (left := set(descendants(os.getpid()))) and time.monotonic() < gives_up:
            if time.monotonic() >= grace_ends:
                each(left, signal.SIGSTOP)  # so that none can fork away from the next line
                each(set(descendants(os.getpid())), signal.SIGKILL)
            else:
                each(left - asked, signal.SIGTERM)
                asked |= left
            self._read(0.05)
            self._reap()

    def _read(self, timeout: float) -> None:
        if self._pipe < 0:
            time.sleep(timeout)
            return
        ends = time.monotonic() + timeout
        while (left := ends - time.monotonic()) > 0:
            if not select.select([self._pipe], [], [], left)[0]:
                return
            data = os.read(self._pipe, 1 << 16)
            if not data:
                self._pipe = -1
                return
            self._log.write(data)
            if self._signalled:
                return

    def _drain(self) -> None:
        """What was printed before the end and is still in the pipe."""
        with contextlib.suppress(BlockingIOError):
            while self._pipe >= 0 and (data := os.read(self._pipe, 1 << 16)):
                self._log.write(data)

    def _reap(self) -> None:
        assert self._main is not None
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self._main.pid:
                    self._code = self._main.returncode = os.waitstatus_to_exitcode(status)

    def _over_quota(self) -> bool:
        began = time.monotonic()
        used = sum(disk_use(self._folder / "work"))
        took = time.monotonic() - began
        self._quota_due = began + max(1.0, 20 * took)
        return used - self._staged > int(self._job["quota_bytes"])

    def _finish(self, ending: str, detail: str) -> None:
        self._log.close()
        status = {"state": "ended", "ending": ending, "exit_code": self._code, "detail": detail}
        while True:
            try:
                self._write_status({**status, "ended_at": time.time()})
                return
            except OSError:  # a full disk: somebody will make room
                time.sleep(1)

    def say(self, text: str) -> None:
        """A line of ours in the run's log."""
        self._log.write(f"\n[training-manager] {text}\n".encode())

    def _write_status(self, value: dict[str, Any]) -> None:
        beside = self._folder / ".status.json"
        with beside.open("w") as file:
            json.dump(value, file)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(self._folder / "status.json")

    def _on_signal(self, number: int, frame: object) -> None:
        self._signalled = True


def descendants(root: int) -> list[int]:
    """All processes that come from `root`, whatever session or group they put themselves in."""
    children: dict[int, list[int]] = {}
    for pid, parent, state in processes():
        if state != "Z":
            children.setdefault(parent, []).append(pid)
    found, todo = [], [root]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def processes() -> Iterator[tuple[int, int, str]]:
    """(pid, parent, state) of every process on the machine."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{name}/stat", "rb") as file:
                    fields = file.read().rpartition(b")")[2].split()
                yield int(name), int(fields[1]), fields[0].decode()


def each(pids: set[int], number: int) -> None:
    """Send a signal to those that are still there."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def disk_use(folder: Path) -> Iterator[int]:
    """Bytes on disk of everything below a folder that changes meanwhile; links are not followed."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            with contextlib.suppress(OSError):
                yield entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    yield from disk_use(Path(entry.path))


def take_lock(folder: Path, inherited: int | None) -> int | None:
    """The lock's descriptor, or None if another supervisor has it."""
    if inherited is not None:
        os.set_inheritable(inherited, False)
        return inherited
    descriptor = os.open(folder / "runner.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def main(arguments: list[str]) -> int:
    """Supervise the job of a folder, unless that was done already."""
    folder = Path(arguments[0]).resolve()
    if take_lock(folder, int(arguments[1]) if len(arguments) > 1 else None) is None:
        return 3
    if (folder / "status.json").exists():
        return 3
    Run(folder, json.loads((folder / "job.json").read_text())).carry_out()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
