"""A run's folder: what is put there before it starts.

RUN/work/project   the repository at its ref
RUN/work/data      the skill's uploaded files under their names; data/data/ are the episodes
RUN/work/out       for the results
RUN/log            the log, ours and the run's
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from training_manager_ros.errors import NotFound, Unreadable
from training_manager_ros.orchestrator.failure import RunFailed
from training_manager_ros.orchestrator.objects import ObjectKey, ObjectStore, Place
from training_manager_ros.orchestrator.repository import Repositories
from training_manager_ros.orchestrator.request import RunRequest
from training_manager_ros.orchestrator.subprocesses import Stopped

__all__ = ["Stager", "environment", "resolve"]

TRAINING = re.compile(r"(?<![\w./-])/training(?=/|$)")
INHERITED = (
    "CUDA_HOME",
    "HF_HOME",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "NO_PROXY",
    "PATH",
    "SSL_CERT_FILE",
    "TORCH_HOME",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
"""What a run gets of the server's environment; nothing else, as there may be secrets in it."""


def resolve(text: str, work: Path) -> str:
    """A preset's text for a run: /training/… is its folder, {python} the server's interpreter."""
    return TRAINING.sub(lambda _: str(work), text).replace("{python}", sys.executable)


def environment(request: RunRequest, work: Path, gpus: int, marker: str) -> dict[str, str]:
    """The whole environment of a run, but for the GPUs it may see."""
    env = {name: os.environ[name] for name in INHERITED if name in os.environ}
    env.update({name: resolve(value, work) for name, value in request.env.items()})
    if "WORLD_SIZE" in env and "WORLD_SIZE" not in request.user_env and gpus:
        env["WORLD_SIZE"] = str(gpus)
    if not env.get("WANDB_API_KEY"):
        env.setdefault("WANDB_MODE", "offline")
    name, _, value = marker.partition("=")
    env.update(
        {
            "DATA_DIR": str(work / "data"),
            "OUTPUT_DIR": str(work / "out"),
            "TMPDIR": str(work / "tmp"),
            "PYTHONUNBUFFERED": "1",
            name: value,
        }
    )
    return env


@dataclass(frozen=True)
class Stager:
    """Fills a run's folder."""

    objects: ObjectStore
    repositories: Repositories

    def stage(
        self,
        request: RunRequest,
        skill_id: str,
        work: Path,
        say: Callable[[str], None],
        stopped: Stopped,
    ) -> str:
        """Make `work` anew; the commit of its project. Raises `RunFailed`; blocks."""
        shutil.rmtree(work, ignore_errors=True)
        for name in ("data", "out", "tmp"):
            (work / name).mkdir(parents=True)
        say(f"fetching {request.repo} {request.ref}".rstrip())
        commit = self.repositories.fetch(request.repo, request.ref, work / "project", say, stopped)
        say(f"the code is {request.repo} at {commit}")
        self._data(Place(skill_id), work / "data", say, stopped)
        return commit

    def _data(
        self, place: Place, target: Path, say: Callable[[str], None], stopped: Stopped
    ) -> None:
        listed = self.objects.list(place)
        if not listed:
            raise RunFailed("No data has been uploaded for this skill: upload it, then run again.")
        size = sum(info.size for info in listed.values())
        if shutil.disk_usage(target).free < size:
            raise RunFailed(f"The server's disk has no room for the data ({size / 1e9:.1f} GB).")
        say(f"copying {len(listed)} files, {size / 1e6:.1f} MB")
        with ThreadPoolExecutor(8) as pool:
            for _ in pool.map(lambda name: self._one(place, name, target, stopped), listed):
                pass

    def _one(self, place: Place, name: str, target: Path, stopped: Stopped) -> None:
        if stopped():
            raise RunFailed("Cancelled.")
        path = target / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.objects.fetch(ObjectKey(place, name), path)
        except (NotFound, Unreadable) as error:
            raise RunFailed(str(error)) from error
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise RunFailed(f"{name} was uploaded both as a file and as a folder.") from error
