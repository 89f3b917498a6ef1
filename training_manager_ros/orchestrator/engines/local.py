"""Runs on this machine, one at a time (training scripts use fixed ports).

Each is supervised by a `runner` process of its own that outlives the server. The lock that the
runner holds tells whether it lives: no process number is ever trusted after a restart.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from training_manager_ros.orchestrator.engines import Engine, Job, JobState, JobStatus, Resources
from training_manager_ros.orchestrator.engines.folder import (
    folder_status,
    is_locked,
    lost,
    prepare_folder,
)
from training_manager_ros.orchestrator.engines.gpus import Gpu, fitting, list_gpus
from training_manager_ros.orchestrator.failure import RunFailed

__all__ = ["LocalEngine"]


class LocalEngine(Engine):
    """The machine that the server is on."""

    parallel: int | None = 1

    def __init__(self, gpus: Callable[[], Sequence[Gpu]] = list_gpus) -> None:
        self._gpus = gpus
        self._supervisors: dict[int, subprocess.Popen[bytes]] = {}

    def place(self, wanted: Resources) -> tuple[int, str]:
        """As many GPUs of the type as there are, up to max_gpus."""
        cpus = f"{len(os.sched_getaffinity(0))} CPUs"
        if wanted.max_gpus == 0:
            return 0, cpus
        gpus = self._gpus()
        usable = fitting(gpus, wanted.gpu_type)
        if len(usable) < wanted.min_gpus:
            has = ", ".join(sorted({gpu.name for gpu in gpus})) or "none that nvidia-smi lists"
            raise RunFailed(
                f"The run needs {wanted.min_gpus} x {wanted.gpu_type or 'GPU'}; this machine has"
                f" {len(usable)} of that type (its GPUs: {has})."
                " Change gpu_type, min_gpus and max_gpus."
            )
        count = min(len(usable), wanted.max_gpus)
        return count, f"{count} x {usable[0].name}, {cpus}" if count else cpus

    def submit(self, job: Job) -> None:
        """Start its supervisor."""
        if (job.folder / "job.json").exists():
            return
        gpus = fitting(self._gpus(), job.gpu_type)[: job.gpus] if job.gpus else []
        visible = {
            "CUDA_VISIBLE_DEVICES": ",".join(gpu.index for gpu in gpus),
            "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        }
        lock = os.open(job.folder / "runner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # the lock goes to the supervisor with the descriptor: there is no moment without it
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            prepare_folder(replace(job, env={**job.env, **visible}))
            with (job.folder / "runner.txt").open("wb") as output:
                script = str(job.folder / "runner.py")
                self._supervisors[job.run_id] = subprocess.Popen(
                    [sys.executable, "-I", script, str(job.folder), str(lock)],
                    cwd=job.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=[lock],
                )
        finally:
            os.close(lock)

    def status(self, run_id: int, folder: Path) -> JobStatus:
        """What the supervisor wrote down, or that it is gone; then nothing of the run is left."""
        supervisor = self._supervisors.get(run_id)
        if supervisor is not None and supervisor.poll() is not None:
            del self._supervisors[run_id]
        alive = is_locked(folder / "runner.lock")
        found = folder_status(folder)  # after the lock: it is written before the lock goes
        if found.state is JobState.ENDED or alive:
            return found if found.state is not JobState.UNKNOWN else JobStatus(JobState.PENDING)
        if found.state is JobState.UNKNOWN:
            return found
        return lost(folder)

    def stop(self, run_id: int, folder: Path) -> None:
        """Ask the supervisor, which looks five times a second."""
        (folder / "stop").touch()
