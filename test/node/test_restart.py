from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from node_client import Manager, Peer, until

from training_manager.msg import Job, JobList
from training_manager.srv import CancelJob, ListEpisodes, PauseJob, StartJob
from training_manager_ros.jobs import SkillLocks

JOBS = "/training_manager/jobs"


@pytest.fixture
def skills(sample_skills: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "skills"
    for name in ("fold-towel", "pick-up-cup", "sort-fruit"):
        shutil.copytree(sample_skills / name, folder / name)
    return folder


@pytest.fixture
def meet(domain: int) -> Iterator[Callable[[], Peer]]:
    """Gives a node that has never heard of one that was killed, which DDS believes in for long."""
    peers: list[Peer] = []

    def meet() -> Peer:
        peers.append(Peer())
        return peers[-1]

    yield meet
    for peer in peers:
        peer.close()


def jobs_of(peer: Peer) -> Callable[[str], Job | None]:
    """Gives a job as a node shows it from now on."""
    lists = peer.listen(JobList, JOBS)
    until(lambda: lists)
    return lambda job_id: next((job for job in lists[-1].jobs if job.id == job_id), None)


def begin(peer: Peer, kind: str, **arguments: object) -> str:
    answer = peer.call(StartJob, "start_job", kind=kind, arguments_json=json.dumps(arguments))
    assert answer.success, answer.message
    return answer.job_id


def kill(manager: Manager) -> None:
    os.kill(manager.process.pid, signal.SIGKILL)
    manager.process.wait()


def test_a_job_goes_on_after_its_node_was_killed(start, skills: Path, meet):
    node, peer = start(skills), meet()
    look = jobs_of(peer)
    job_id = begin(peer, "check_dataset", skill="sort-fruit")
    until(lambda: (job := look(job_id)) and job.state == "running")
    kill(node)
    (skills / ".left-over.staging").mkdir()
    start(skills)
    peer = meet()
    look = jobs_of(peer)
    until(lambda: (job := look(job_id)) and job.state == "done")
    until(lambda: not (skills / ".left-over.staging").exists())


def test_a_conversion_goes_on_after_its_node_was_killed(start, skills: Path, meet):
    node, peer = start(skills), meet()
    look = jobs_of(peer)
    job_id = begin(peer, "convert_dataset", skill="pick-up-cup", target="h264")
    until(lambda: (job := look(job_id)) and job.stage == "encoding")
    kill(node)
    start(skills)
    peer = meet()
    look = jobs_of(peer)
    job = until(lambda: (job := look(job_id)) and job.state in ("done", "failed") and job)
    assert (job.state, job.message) == ("done", "")
    episodes = peer.call(ListEpisodes, "list_episodes", skill="pick-up-cup")
    assert episodes.dataset_format == "h264"
    assert [list(episode.problems) for episode in episodes.episodes] == [[], []]


def test_a_waiting_and_a_paused_job_survive(start, skills: Path, meet):
    node, peer = start(skills), meet()
    look = jobs_of(peer)
    with SkillLocks(skills / ".training_manager" / "locks") as locks:
        locks.acquire((), ("fold-towel",))
        waiting = begin(peer, "delete_episodes", skill="fold-towel", episodes=[0], name="Waited")
        paused = begin(peer, "check_dataset", skill="sort-fruit")
        assert peer.call(PauseJob, "pause_job", job_id=paused, paused=True).success
        until(lambda: (job := look(paused)) and job.paused)
        kill(node)
    start(skills)
    peer = meet()
    look = jobs_of(peer)
    until(lambda: (job := look(waiting)) and job.state == "done")
    assert (skills / "waited" / "metadata.json").exists()
    held = look(paused)
    assert held is not None
    assert (held.state, held.paused) == ("queued", True)
    assert peer.call(PauseJob, "pause_job", job_id=paused, paused=False).success
    until(lambda: (job := look(paused)) and job.state == "done")


def test_an_orderly_end_and_a_job_that_is_cancelled_afterwards(start, skills: Path, meet):
    node, peer = start(skills), meet()
    look = jobs_of(peer)
    job_id = begin(peer, "check_dataset", skill="sort-fruit")
    until(lambda: (job := look(job_id)) and job.state == "running")
    code, printed = node.end()
    assert (code, "Traceback" in printed) == (0, False), printed
    with SkillLocks(skills / ".training_manager" / "locks") as locks:
        until(lambda: not locks.acquire((), ("sort-fruit",)))
        start(skills)
        peer = meet()
        look = jobs_of(peer)
        until(lambda: (job := look(job_id)) and job.state == "queued")
        assert peer.call(CancelJob, "cancel_job", job_id=job_id).success
    until(lambda: (job := look(job_id)) and job.state == "cancelled")


def test_a_job_of_an_unknown_kind_is_marked(start, skills: Path, meet):
    folder = skills / ".training_manager" / "jobs"
    folder.mkdir(parents=True)
    record = {
        "id": "fromlater",
        "kind": "dance",
        "arguments": {},
        "reads": [],
        "writes": [],
        "created": 1.0,
        "state": "running",
        "progress": {},
    }
    (folder / "fromlater.json").write_text(json.dumps(record))
    start(skills)
    peer = meet()
    look = jobs_of(peer)
    job = until(lambda: look("fromlater"))
    assert job.state == "interrupted"
    assert "dance" in job.message


def test_a_directory_that_can_not_be_written_is_said(start, sample_skills: Path, tmp_path, meet):
    root = tmp_path / "skills"
    shutil.copytree(sample_skills / "fold-towel", root / "fold-towel")
    (root / ".training_manager").write_text("a file where the folder should be")
    start(root)
    peer = meet()
    lists = peer.listen(JobList, JOBS)
    until(lambda: lists and "can't be kept" in lists[-1].problem)
    refused = peer.call(
        StartJob, "start_job", kind="check_dataset", arguments_json='{"skill": "fold-towel"}'
    )
    assert not refused.success
    assert "can't be kept" in refused.message
    (root / ".training_manager").unlink()
    until(lambda: lists[-1].problem == "")
