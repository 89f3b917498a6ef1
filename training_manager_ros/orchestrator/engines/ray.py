"""Runs on a Ray cluster, through the REST API of Ray Jobs.

The cluster's nodes mount the server's data folder under the same path. A job is the same
supervisor that the local engine starts, so that a run begins, ends and is watched alike; Ray finds
the machine and the GPUs. What Ray knows it forgets with its head node, so it is asked only while
the run's folder does not tell.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from training_manager_ros.errors import InvalidInput
from training_manager_ros.orchestrator.engines import (
    Ending,
    Engine,
    Job,
    JobState,
    JobStatus,
    Outcome,
    Resources,
)
from training_manager_ros.orchestrator.engines.folder import (
    folder_status,
    is_locked,
    lost,
    prepare_folder,
)
from training_manager_ros.orchestrator.failure import RunFailed, Unreachable
from training_manager_ros.orchestrator.settings import RaySettings

__all__ = ["RayEngine", "ray_token"]

TIMEOUT = 30.0  # s for a call; a busy head node is slow to take a job
GONE = 404
ENDED = frozenset({"STOPPED", "SUCCEEDED", "FAILED"})


def ray_token(settings: RaySettings, environment: Mapping[str, str]) -> str:
    """The cluster's token, from where Ray itself looks for it, or from `token_file`.

    Raises `InvalidInput` where there is none: a cluster without one takes jobs from anybody.
    """
    path = settings.token_file or environment.get("RAY_AUTH_TOKEN_PATH", "")
    text = "" if settings.token_file else environment.get("RAY_AUTH_TOKEN", "")
    if not text:
        file = Path(path) if path else Path.home() / ".ray" / "auth_token"
        text = file.read_text().strip() if file.is_file() else ""
    if not text:
        raise InvalidInput(
            "The Ray engine needs the cluster's token: set RAY_AUTH_TOKEN, or token_file in [ray]"
            " of server.toml, and start the cluster with RAY_AUTH_MODE=token."
        )
    return text


class RayEngine(Engine):
    """A Ray cluster; it has a queue of its own."""

    parallel: int | None = None

    def __init__(
        self,
        settings: RaySettings,
        identity: str,
        environment: Mapping[str, str] = os.environ,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._identity = identity
        token = ray_token(settings, environment)
        self._http = httpx.Client(
            base_url=settings.address,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT,
            transport=transport,
            trust_env=False,
        )

    def place(self, wanted: Resources) -> tuple[int, str]:
        """As many GPUs as one node of the cluster has, up to max_gpus."""
        self._refuse_open_cluster()
        if wanted.max_gpus == 0:
            return 0, "Ray"
        nodes = self._nodes()
        most = max((_gpus(node, wanted.gpu_type) for node in nodes), default=0)
        if most < wanted.min_gpus:
            types = sorted({kind for node in nodes for kind in _types(node)})
            raise RunFailed(
                f"The run needs {wanted.min_gpus} x {wanted.gpu_type or 'GPU'} in one machine;"
                f" no node of the Ray cluster has more than {most} of that type"
                f" (its GPUs: {', '.join(types) or 'none'})."
                " Change gpu_type, min_gpus and max_gpus."
            )
        count = min(most, wanted.max_gpus)
        return count, f"Ray, {count} x {wanted.gpu_type or 'GPU'}"

    def submit(self, job: Job) -> None:
        """Give it to Ray, once."""
        hidden = {} if job.gpus else {"CUDA_VISIBLE_DEVICES": ""}
        inherited = ("CUDA_VISIBLE_DEVICES",) if job.gpus else ()
        prepare_folder(replace(job, env={**job.env, **hidden}), inherited)
        command = [self._settings.python, "-I", str(job.folder / "runner.py"), str(job.folder)]
        body: dict[str, Any] = {
            "entrypoint": shlex.join(command),
            "submission_id": self._id(job.run_id),
            "metadata": {"name": f"training-manager run {job.run_id}"},
            "entrypoint_num_cpus": 1,
        }
        if job.gpus:
            body["entrypoint_num_gpus"] = job.gpus
            node = max(self._nodes(), key=lambda found: _gpus(found, job.gpu_type))
            body["entrypoint_resources"] = dict.fromkeys(_matching(node, job.gpu_type), 0.001)
        answer = self._call("POST", "/api/jobs/", json=body)
        if answer.status_code != 200 and "already exists" not in answer.text:
            raise RunFailed(f"The Ray cluster refused the run: {_last_line(answer.text)}")

    def status(self, run_id: int, folder: Path) -> JobStatus:
        """What the supervisor wrote down; where it did not, what Ray says."""
        found = folder_status(folder)
        if found.state is JobState.ENDED or not (folder / "job.json").exists():
            return found
        if found.state is JobState.UNKNOWN and (folder / "stop").exists():
            # Ray keeps a job that waits until it can start it, whatever it is told; the supervisor
            # will find the request then, and start nothing
            return JobStatus(JobState.ENDED, Outcome(Ending.STOPPED))
        try:
            answer = self._call("GET", f"/api/jobs/{self._id(run_id)}")
        except Unreachable as failure:
            return JobStatus(_or_pending(found.state), detail=str(failure))
        if answer.status_code == GONE:
            return self._forgotten(folder, found)
        state = answer.json()["status"] if answer.status_code == 200 else ""
        if state not in ENDED:
            return JobStatus(_or_pending(found.state), detail="waiting for the Ray cluster")
        found = folder_status(folder)  # it may have been written down between the two looks
        if found.state is JobState.ENDED:
            return found
        return lost(folder, str(answer.json()["message"]))

    def stop(self, run_id: int, folder: Path) -> None:
        """Ask the supervisor; where it has not started, ask Ray."""
        (folder / "stop").touch()
        if folder_status(folder).state is not JobState.UNKNOWN:
            return
        with contextlib.suppress(Unreachable):  # the server asks again
            self._call("POST", f"/api/jobs/{self._id(run_id)}/stop")

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def _forgotten(self, folder: Path, found: JobStatus) -> JobStatus:
        """Ray does not know it: never submitted, or the head node was started anew."""
        if found.state is JobState.UNKNOWN:
            return found
        if is_locked(folder / "runner.lock"):
            return found
        again = folder_status(folder)
        if again.state is JobState.ENDED:
            return again
        return lost(folder, "the Ray cluster forgot it")

    def _refuse_open_cluster(self) -> None:
        answer = self._call("GET", "/api/jobs/", headers={"Authorization": ""})
        if answer.status_code not in (401, 403):
            raise RunFailed(
                f"The Ray cluster at {self._settings.address} takes jobs from anybody:"
                " start it with RAY_AUTH_MODE=token."
            )

    def _nodes(self) -> list[dict[str, float]]:
        answer = self._call("GET", "/api/cluster_status")
        if answer.status_code in (401, 403):
            raise RunFailed("The Ray cluster does not take the server's token.")
        report = answer.json()["data"]["clusterStatus"]["loadMetricsReport"]
        return [resources for resources, count in report["nodeTypes"] if count]

    def _id(self, run_id: int) -> str:
        return f"training-manager-{self._identity}-{run_id}"

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise Unreachable(
                f"The Ray cluster at {self._settings.address} does not answer: {error}."
            ) from error


def _or_pending(state: JobState) -> JobState:
    return JobState.PENDING if state is JobState.UNKNOWN else state


def _types(node: Mapping[str, float]) -> list[str]:
    prefix = "accelerator_type:"
    return [name.removeprefix(prefix) for name in node if name.startswith(prefix)]


def _matching(node: Mapping[str, float], wanted: str) -> list[str]:
    """Ray's names of a node's GPU types that fit: "H100" fits accelerator_type:H100."""
    words = re.findall(r"[a-z0-9]+", wanted.lower())
    fits = [kind for kind in _types(node) if all(word in kind.lower() for word in words)]
    return [f"accelerator_type:{kind}" for kind in fits] if words else []


def _gpus(node: Mapping[str, float], wanted: str) -> int:
    fits = not wanted or bool(_matching(node, wanted))
    return int(node.get("GPU", 0)) if fits else 0


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip(" .")]
    return lines[-1] if lines else "no reason given."
