"""Encode in a process of its own, so that neither its memory nor a crash is the server's."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from training_manager_ros.datasets.model import FrameSource
from training_manager_ros.errors import TrainingManagerError, Unreadable

__all__ = ["encode_in_child", "encoder_threads"]

_PACKAGE_FOLDER = Path(__file__).resolve().parents[3]
_STALLED_S = 180.0  # a busy robot may well leave nothing to a nice process for a while
_LOOK_S = 0.25


def encoder_threads() -> int:
    """Half of the cores at most, and never more than four: the robot needs the others."""
    return max(1, min(4, (os.cpu_count() or 1) // 2))


def encode_in_child(
    source: FrameSource,
    target: Path,
    rate: float,
    progress: Callable[[int], None],
    stopping: Callable[[], bool],
    command: tuple[str, ...] = (sys.executable, "-m", "training_manager_ros.datasets.video.child"),
) -> int:
    """Encode the frames of `source` into `target`; answers how many they are.

    `progress` hears the number done; once `stopping` is true the process is ended. Raises
    `Unreadable` where the source can't be encoded or crashes the decoder, `TrainingManagerError`
    where the fault is not the source's (disk full, out of memory, stopped).
    """
    request = {
        "kind": type(source).__name__,
        "source": {**dataclasses.asdict(source), "path": os.path.abspath(source.path)},
        "target": os.path.abspath(target),
        "rate": rate,
        "threads": encoder_threads(),
    }
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd="/",  # so that no file lying about is taken for a module
        env=_environment(),
        start_new_session=True,  # Ctrl-C in a terminal is the server's to handle
    )
    assert process.stdin is not None
    assert process.stdout is not None
    said: dict[str, Any] = {}
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        for said in _lines(process.stdout, stopping):
            if "done" in said:
                progress(said["done"])
    except BrokenPipeError:
        pass  # it died at once; its exit status says how
    except BaseException:
        process.kill()
        raise
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        status = process.wait()
    return _outcome(said, status, source.path.name)


def _outcome(said: dict[str, Any], status: int, name: str) -> int:
    if "frames" in said:
        return int(said["frames"])
    if "error" in said:
        raise (Unreadable if said["final"] else TrainingManagerError)(said["error"])
    if status in (-signal.SIGKILL, -signal.SIGTERM):
        raise TrainingManagerError(f"The encoder of {name} was killed; is there enough memory?")
    if status < 0:
        raise Unreadable(f"{name} is damaged: it crashed the decoder (signal {-status}).")
    raise TrainingManagerError(f"The encoder of {name} failed (exit status {status}).")


def _lines(output: IO[bytes], stopping: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """What the child says. Raises `TrainingManagerError` where it is to stop or does not go on."""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        pending, heard_at = b"", time.monotonic()
        while True:
            if stopping():
                raise TrainingManagerError("Encoding was stopped.")
            if not selector.select(_LOOK_S):
                if time.monotonic() - heard_at > _STALLED_S:
                    raise TrainingManagerError("The encoder did not go on and was stopped.")
                continue
            data = os.read(output.fileno(), 65536)
            if not data:
                return
            heard_at = time.monotonic()
            *whole, pending = (pending + data).split(b"\n")
            yield from (json.loads(line) for line in whole)


def _environment() -> dict[str, str]:
    folders = [str(_PACKAGE_FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])]
    # numpy's threads are of no use here and each reserves memory
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folders), "OPENBLAS_NUM_THREADS": "1"}
