"""kill -9 at random moments: what was finished is not done again, and the end is whole.

`TRAINING_MANAGER_KILLS=100` kills as often; by default it is a few times.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from fault_server import FaultServer
from helpers import on_disk, stored

from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.ledger import read_ledger
from training_manager_ros.training.results import LocalState, Results

KILLS = int(os.environ.get("TRAINING_MANAGER_KILLS", "6"))
WORKER = Path(__file__).parent / "support" / "worker.py"
pytestmark = pytest.mark.timeout(120 + 5 * KILLS)
ROOT = Path(__file__).parent.parent.parent


def run_and_kill(arguments: list[str], after: float) -> bool:
    """Run the worker for so many seconds; whether it had finished by then."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(WORKER), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        deadline = time.monotonic() + after
        while time.monotonic() < deadline and worker.poll() is None:
            time.sleep(0.005)
        worker.kill()
        return "finished" in worker.stdout.read()


def test_uploads(
    client: TrainingClient, server: FaultServer, make_skill: Callable[..., Path]
) -> None:
    server.faults.rate = 2e6
    moments = random.Random(4)
    kills = number = 0
    while kills < KILLS:
        number += 1
        folder = make_skill(f"skill-{number}", episodes=20, size=100_000)
        finished = False
        while not finished and kills < KILLS:
            finished = run_and_kill(["upload", server.url, str(folder)], moments.uniform(0.05, 1.2))
            if finished:
                break
            kills += 1
            ledger = read_ledger(folder)
            done = {f"{ledger.skill_id}/{name}" for name, r in ledger.records.items() if r.uploaded}
            before = {key: server.puts[key] for key in done}
            if kills % 3 == 0:  # else it is killed again
                client.upload(folder)
                assert {key: server.puts[key] for key in done} == before
                finished = True
        result = client.upload(folder)
        assert stored(server, result.skill_id) == on_disk(folder)
        assert result.sent == () or not finished


def test_downloads(
    client: TrainingClient, server: FaultServer, make_skill: Callable[..., Path]
) -> None:
    server.faults.rate = 2e6
    moments = random.Random(5)
    folder = make_skill()
    source = random.Random(6)
    contents = {f"model_step_{n}.pth": source.randbytes(300_000) for n in range(12)}
    kills = run = 0
    while kills < KILLS:
        run += 1
        skill_id = "skill"
        server.skills[skill_id] = {"skill_id": skill_id, "name": "Skill"}
        server.runs[skill_id, run] = {"skill_id": skill_id, "run_id": run, "status": "done"}
        for name, content in contents.items():
            server.add_result(skill_id, run, f"{name}.zst", zstd.compress(content))
        arguments = ["download", server.url, str(folder), skill_id, str(run)]
        finished = False
        while not finished and kills < KILLS:
            before = dict(server.sent)
            known = set(Results.read(folder, run, skill_id).files)
            finished = run_and_kill(arguments, moments.uniform(0.05, 1.2))
            for name in known:
                key = f"{skill_id}/{run}/{name}"
                assert server.sent[key] == before[key]
            kills += not finished
            for name, content in contents.items():
                path = folder / str(run) / name
                assert not path.exists() or path.read_bytes() == content
        client.download(folder, skill_id, run)
        for name, content in contents.items():
            assert (folder / str(run) / name).read_bytes() == content
        assert Results.read(folder, run, skill_id).state is LocalState.WHOLE
        assert not Results.read(folder, run, skill_id).parts.exists()
        assert server.runs[skill_id, run]["status"] == "downloaded"
