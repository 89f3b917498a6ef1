"""Commands of the server's own (git, nvidia-smi), which can be stopped at any time."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence

from training_manager_ros.orchestrator.failure import RunFailed

__all__ = ["Stopped", "run_command"]

Stopped = Callable[[], bool]
"""Asked now and then; true once the work should end."""


def run_command(
    command: Sequence[str], env: Mapping[str, str], timeout: float, stopped: Stopped
) -> tuple[int, str]:
    """Run to the end; exit code and output (both streams, the last MiB).

    Raises `RunFailed` where the program is not there, takes longer than `timeout` seconds or was
    stopped; none of its children is left then.
    """
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise RunFailed(f"{command[0]} can't be started: {error.strerror}.") from error
        deadline = time.monotonic() + timeout
        while True:
            try:
                process.wait(0.1)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline and not stopped():
                    continue
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if stopped():
                    raise RunFailed("Cancelled.") from None
                raise RunFailed(f"{command[0]} took longer than {timeout:.0f} s.") from None
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - (1 << 20)))
        return process.returncode, output.read().decode("utf-8", "replace")
