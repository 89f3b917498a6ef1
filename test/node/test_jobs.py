from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from node_client import Manager, Peer, until
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters

from training_manager.msg import Job, JobList
from training_manager.srv import CancelJob, GetSkill, PauseJob, StartJob
from training_manager_ros.jobs import SkillLocks

JOBS = "/training_manager/jobs"
ENDED = {"done", "failed", "cancelled", "interrupted"}


@pytest.fixture(scope="module")
def jobs(manager: Manager, peer: Peer) -> list[JobList]:
    lists = peer.listen(JobList, JOBS)
    until(lambda: lists and not lists[-1].problem)
    return lists


@pytest.fixture
def locked(manager: Manager) -> Iterator[Callable[[str], SkillLocks]]:
    """Takes the lock of a skill, so that jobs on it wait."""
    held: list[SkillLocks] = []

    def take(skill: str) -> SkillLocks:
        held.append(SkillLocks(manager.skills_dir / ".training_manager" / "locks"))
        assert held[-1].acquire((), (skill,)) == ""
        return held[-1]

    yield take
    for locks in held:
        locks.release()


def begin(peer: Peer, kind: str, **arguments: Any) -> str:
    answer = peer.call(StartJob, "start_job", kind=kind, arguments_json=json.dumps(arguments))
    assert (answer.success, answer.message, list(answer.errors)) == (True, "", [])
    return answer.job_id


def shown(jobs: list[JobList], job_id: str) -> Job:
    return until(lambda: next((job for job in jobs[-1].jobs if job.id == job_id), None))


def end(jobs: list[JobList], job_id: str) -> Job:
    until(lambda: shown(jobs, job_id).state in ENDED)
    return shown(jobs, job_id)


def state(jobs: list[JobList], job_id: str, *wanted: str) -> Job:
    until(lambda: shown(jobs, job_id).state in wanted)
    return shown(jobs, job_id)


def test_a_job_by_service_is_seen_on_the_topic(manager: Manager, peer: Peer, jobs):
    shutil.rmtree(manager.skills_dir / "fold-again", ignore_errors=True)  # of another try
    job_id = begin(peer, "delete_episodes", skill="fold-towel", episodes=[0], name="Fold again")
    job = end(jobs, job_id)
    assert (job.state, job.kind, job.message) == ("done", "delete_episodes", "")
    assert json.loads(job.result_json) == {"skill": "fold-again", "episodes": 2}
    assert json.loads(job.arguments_json)["file_mode"] == "auto"
    assert (list(job.reads), list(job.writes)) == (["fold-towel"], ["fold-again"])
    assert job.created.sec
    assert job.started.sec
    assert job.finished.sec
    assert job.fraction == 1.0
    assert peer.call(GetSkill, "get_skill", name="fold-again").skill.episode_count == 2
    late = peer.listen(JobList, JOBS)
    until(lambda: late and late[-1].jobs)
    assert shown(late, job_id) == job


@pytest.mark.parametrize(
    ("kind", "text", "field", "message"),
    [
        ("dance", "{}", "", "there are"),
        ("delete_episodes", "{", "arguments_json", ""),
        ("delete_episodes", "[1]", "arguments_json", ""),
        ("delete_episodes", "{}", "episodes", "list of episode ids"),
        ("delete_episodes", '{"skill": "fold-towel", "episodes": [0]}', "name", "text"),
        ("delete_episodes", '{"skill": "fold-towel", "colour": 1}', "colour", "not known"),
        ("merge_datasets", '{"name": "New", "sources": []}', "sources", "at least one"),
        ("check_dataset", '{"skill": ""}', "skill", "text"),
        ("check_dataset", '{"skill": "../etc"}', "skill", "folder"),
        ("check_dataset", '{"skill": "nothing"}', "", "nothing"),
        ("delete_episodes", " " * 1_000_001, "", "longer"),
        ("check_dataset", '{"skill": "\\ud800"}', "arguments_json", "surrogate"),
        ("check_dataset", '{"\\udc80": 1}', "arguments_json", "surrogate"),
    ],
)
def test_a_wrong_request_makes_no_job(peer: Peer, jobs, kind, text, field, message):
    before = {job.id for job in jobs[-1].jobs}
    answer = peer.call(StartJob, "start_job", kind=kind, arguments_json=text)
    assert not answer.success
    assert message in answer.message
    assert answer.message
    assert answer.job_id == ""
    assert [error.field for error in answer.errors] == ([field] if field else [])
    assert {job.id for job in jobs[-1].jobs} == before


def test_the_same_job_twice_and_a_name_that_is_taken(peer: Peer, jobs, locked):
    locked("pick-up-cup")
    job_id = begin(peer, "check_dataset", skill="pick-up-cup")
    assert state(jobs, job_id, "queued").message in ("", "Waits for other work on pick-up-cup.")
    until(lambda: shown(jobs, job_id).message == "Waits for other work on pick-up-cup.")
    text = json.dumps({"skill": "pick-up-cup"})
    again = peer.call(StartJob, "start_job", kind="check_dataset", arguments_json=text)
    assert not again.success
    assert job_id in again.message
    cancelled = peer.call(CancelJob, "cancel_job", job_id=job_id)
    assert (cancelled.success, cancelled.job.state) == (True, "cancelled")
    late = peer.call(CancelJob, "cancel_job", job_id=job_id)
    assert not late.success
    assert "already cancelled" in late.message
    taken = {"skill": "pick-up-cup", "episodes": [0], "name": "Fold towel"}
    answer = peer.call(
        StartJob, "start_job", kind="delete_episodes", arguments_json=json.dumps(taken)
    )
    assert not answer.success
    assert "choose another name" in answer.message


def test_ids_that_are_no_job(peer: Peer, jobs):
    for answer in (
        peer.call(CancelJob, "cancel_job", job_id="nothing"),
        peer.call(PauseJob, "pause_job", job_id="", paused=True),
    ):
        assert not answer.success
        assert "no job" in answer.message


def test_a_paused_job_waits_and_goes_on(peer: Peer, jobs, locked):
    lock = locked("stack-blocks")
    job_id = begin(peer, "check_dataset", skill="stack-blocks")
    answer = peer.call(PauseJob, "pause_job", job_id=job_id, paused=True)
    assert (answer.success, answer.job.paused, answer.job.pausable) == (True, True, True)
    until(lambda: shown(jobs, job_id).paused)
    lock.release()
    other = begin(peer, "check_dataset", skill="pick-up-cup")
    end(jobs, other)
    assert shown(jobs, job_id).state == "queued"
    answer = peer.call(PauseJob, "pause_job", job_id=job_id, paused=False)
    assert (answer.success, answer.job.paused) == (True, False)
    job = end(jobs, job_id)
    assert (job.state, job.paused) == ("done", False)
    late = peer.call(PauseJob, "pause_job", job_id=job_id, paused=True)
    assert not late.success
    assert "already done" in late.message


def test_a_running_job_can_be_paused_and_cancelled(manager: Manager, peer: Peer, jobs):
    job_id = begin(peer, "check_dataset", skill="wipe-table")
    state(jobs, job_id, "running")
    assert peer.call(PauseJob, "pause_job", job_id=job_id, paused=True).success
    until(lambda: shown(jobs, job_id).paused)
    assert shown(jobs, job_id).state == "running"
    answer = peer.call(CancelJob, "cancel_job", job_id=job_id)
    assert (answer.success, answer.job.cancelling, answer.job.paused) == (True, True, False)
    assert end(jobs, job_id).state == "cancelled"


def test_the_topic_is_thinned_out_and_ends_with_the_last_state(peer: Peer, jobs):
    names = ["sort-fruit", "wipe-table", "fold-towel", "stack-blocks"]
    before, began = len(jobs), time.monotonic()
    ids = [begin(peer, "check_dataset", skill=name) for name in names]
    assert [end(jobs, job_id).state for job_id in ids] == ["done"] * len(ids)
    seconds = time.monotonic() - began
    assert len(jobs) - before <= 5 * seconds + 2
    assert [job.id for job in jobs[-1].jobs if job.id in ids] == ids[::-1]


def test_the_file_mode_is_the_parameter_s_where_a_request_names_none(
    manager: Manager, peer: Peer, jobs
):
    def put(name: str, **value: Any) -> Any:
        parameter = Parameter(name=name, value=ParameterValue(**value))
        return peer.call(SetParameters, "set_parameters", parameters=[parameter]).results[0]

    assert not put("file_mode", type=4, string_value="magic").successful
    assert put("file_mode", type=4, string_value="copy").successful
    try:
        for mode, name in ((None, "Copied"), ("hardlink", "Linked")):
            more = {"file_mode": mode} if mode else {}
            job_id = begin(
                peer, "delete_episodes", skill="fold-towel", episodes=[0], name=name, **more
            )
            job = end(jobs, job_id)
            assert job.state == "done", job.message
            assert json.loads(job.arguments_json)["file_mode"] == (mode or "copy")
        links = [
            os.stat(manager.skills_dir / name / "data" / "episode_0_camera_1.mp4").st_nlink
            for name in ("copied", "linked")
        ]
        assert links[0] == 1
        assert links[1] >= 2
    finally:
        assert put("file_mode", type=4, string_value="auto").successful
    assert put("job_workers", type=2, integer_value=3).successful
    assert not put("job_workers", type=2, integer_value=0).successful
    assert put("job_workers", type=2, integer_value=2).successful


def test_two_nodes_over_one_directory(
    start, sample_skills: Path, tmp_path: Path, peer: Peer, domain: int, monkeypatch
):
    shutil.copytree(sample_skills, tmp_path / "skills")
    # They go by names of their own: others here have the usual one.
    first = start(tmp_path / "skills", "-r", "__node:=first")
    lists = peer.listen(JobList, "/first/jobs")
    until(lambda: lists and lists[-1].problem == "")
    start(tmp_path / "skills", "-r", "__node:=second")
    others = peer.listen(JobList, "/second/jobs")
    until(lambda: others and "Another Training Manager" in others[-1].problem)
    refused = peer.call(
        StartJob,
        "/second/start_job",
        kind="check_dataset",
        arguments_json='{"skill": "fold-towel"}',
    )
    assert not refused.success
    assert "Another Training Manager" in refused.message
    first.end()
    until(lambda: others[-1].problem == "")
