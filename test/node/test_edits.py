from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from node_client import Manager, Peer, until

from training_manager.msg import JobList, MergeRules, MergeSource
from training_manager.srv import (
    CheckDataset,
    GetSkill,
    ListEpisodes,
    MarkEpisodes,
    PlanConvert,
    PlanDelete,
    PlanMerge,
    StartJob,
)
from training_manager_ros.jobs import SkillLocks

ENDED = {"done", "failed", "cancelled", "interrupted"}


@pytest.fixture(scope="module")
def jobs(manager: Manager, peer: Peer) -> list[JobList]:
    lists = peer.listen(JobList, "/training_manager/jobs")
    until(lambda: lists and not lists[-1].problem)
    return lists


def do(peer: Peer, jobs: list[JobList], kind: str, **arguments: Any) -> dict[str, Any]:
    """The result of a job."""
    answer = peer.call(StartJob, "start_job", kind=kind, arguments_json=json.dumps(arguments))
    assert answer.success, answer.message

    def ended() -> Any:
        return [j for j in jobs[-1].jobs if j.id == answer.job_id and j.state in ENDED]

    job = until(ended)[0]
    assert job.state == "done", job.message
    return json.loads(job.result_json)


def bytes_below(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


FORMATS = ["fold-towel", "pick-up-cup", "stack-blocks", "wipe-table", "sort-fruit"]


@pytest.mark.parametrize("skill", FORMATS)
def test_a_plan_says_what_deleting_would_do_and_touches_nothing(
    manager: Manager, peer: Peer, jobs, skill: str
):
    before = bytes_below(manager.skills_dir / skill)
    known = peer.call(ListEpisodes, "list_episodes", skill=skill)
    gone = known.episodes[0].id
    answer = peer.call(PlanDelete, "plan_delete", skill=skill, episodes=[gone], name="Rest")
    assert (answer.success, answer.message) == (True, "")
    plan = answer.plan
    assert plan.possible
    assert (plan.name, plan.dataset_format) == ("rest", known.dataset_format)
    assert list(plan.origin_episodes) == [one.id for one in known.episodes[1:]]
    assert set(plan.origin_skills) == {skill}
    assert list(plan.sources) == [skill]
    assert plan.frames == sum(one.frames for one in known.episodes[1:])
    assert plan.rate == known.rate
    assert list(plan.cameras) == sorted(camera.name for camera in known.cameras)
    assert plan.bytes_free > plan.bytes_to_write
    copied = peer.call(
        PlanDelete, "plan_delete", skill=skill, episodes=[gone], name="Rest", file_mode="copy"
    ).plan
    assert copied.bytes_to_write >= plan.bytes_to_write
    assert copied.bytes_shared == 0
    assert copied.bytes_to_write == plan.bytes_to_write + plan.bytes_shared
    assert bytes_below(manager.skills_dir / skill) == before
    assert not (manager.skills_dir / "rest").exists()


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"episodes": []}, "", "at least one"),
        ({"episodes": [99]}, "", "no episode 99"),
        ({"episodes": [0, 1, 2]}, "", "keep at least one"),
        ({"name": ""}, "name", "not empty"),
        ({"name": "Pick up cup"}, "", "choose another name"),
        ({"skill": "nothing"}, "", "nothing"),
        ({"skill": "../x"}, "skill", "../x"),
        ({"skill": "wave-hello"}, "", "no dataset"),
        ({"file_mode": "magic"}, "file_mode", "one of"),
    ],
)
def test_what_can_not_be_deleted_is_said(peer: Peer, jobs, wrong, field, message):
    request = {"skill": "fold-towel", "episodes": [0], "name": "Rest", **wrong}
    answer = peer.call(PlanDelete, "plan_delete", **request)
    assert not answer.success
    assert message in answer.message
    assert [error.field for error in answer.errors] == ([field] if field else [])


def test_a_merge_is_planned_with_its_problems_and_done_by_the_rule(
    manager: Manager, peer: Peer, jobs
):
    sources = [
        MergeSource(
            skill="fold-towel",
            episodes=[1, 0],
            cameras=["camera_1"],
            new_camera_names=["wrist"],
        ),
        MergeSource(skill="fold-towel", all=True),
    ]
    blocked = peer.call(PlanMerge, "plan_merge", name="Both", sources=sources)
    assert blocked.success
    assert not blocked.plan.possible
    assert {one.rule for one in blocked.plan.problems if one.blocks} == {"any_cameras"}
    sources[0].cameras, sources[0].new_camera_names = [], []
    plan = peer.call(PlanMerge, "plan_merge", name="Both", sources=sources).plan
    assert plan.possible, plan.problems
    assert list(plan.sources) == ["fold-towel", "fold-towel"]
    assert list(plan.origin_episodes) == [1, 0, 0, 1, 2]
    result = do(
        peer,
        jobs,
        "merge_datasets",
        name="Both",
        sources=[{"skill": "fold-towel", "episodes": [1, 0]}, {"skill": "fold-towel"}],
    )
    note = "Episodes are in it more than once: fold-towel 0, fold-towel 1. Name each once."
    assert result == {"skill": "both", "episodes": 5, "problems": [note]}
    made = peer.call(ListEpisodes, "list_episodes", skill="both")
    assert sum(one.frames for one in made.episodes) == plan.frames


@pytest.mark.parametrize(
    ("sources", "rules", "field", "message"),
    [
        ([], {}, "sources", "at least one"),
        ([MergeSource(skill="fold-towel", all=True, cameras=["a"])], {}, None, "one new name"),
        ([MergeSource(skill="nothing", all=True)], {}, "", "nothing"),
        ([MergeSource(skill="a/b", all=True)], {}, "sources.0.skill", "a/b"),
        ([MergeSource(skill="fold-towel", episodes=[77])], {}, "", "77"),
        (
            [MergeSource(skill="fold-towel", all=True), MergeSource(skill="sort-fruit", all=True)],
            {"any_width": True, "any_cameras": True, "rate": 30.0},
            "",
            "",
        ),
    ],
)
def test_what_can_not_be_merged_is_said(peer: Peer, jobs, sources, rules, field, message):
    answer = peer.call(
        PlanMerge, "plan_merge", name="Both again", sources=sources, rules=MergeRules(**rules)
    )
    assert not answer.success
    assert message in answer.message
    assert answer.message
    if field is not None:
        assert [error.field for error in answer.errors] == ([field] if field else [])


def test_a_conversion_is_planned(manager: Manager, peer: Peer, jobs):
    known = peer.call(ListEpisodes, "list_episodes", skill="pick-up-cup")
    answer = peer.call(PlanConvert, "plan_convert", skill="pick-up-cup", target="h264")
    assert (answer.success, answer.message) == (True, "")
    assert (answer.plan.name, answer.plan.dataset_format) == ("pick-up-cup", "h264")
    assert answer.plan.possible
    assert answer.plan.seconds > 0
    assert answer.plan.frames == sum(one.frames for one in known.episodes)
    copy = {"skill": "sort-fruit", "target": "lerobot-v3.0", "name": "Sorted"}
    answer = peer.call(PlanConvert, "plan_convert", **copy)
    assert (answer.success, answer.plan.name) == (True, "sorted")
    for wrong, field in (
        ({"skill": "pick-up-cup", "target": "lerobot-v9"}, ["target"]),
        ({"skill": "pick-up-cup", "target": "h264", "name": "New"}, ["name"]),
        ({"skill": "sort-fruit", "target": "lerobot-v3.0"}, ["name"]),
        ({"skill": "nothing", "target": "h264"}, []),
    ):
        answer = peer.call(PlanConvert, "plan_convert", **wrong)
        assert not answer.success
        assert answer.message
        assert [error.field for error in answer.errors] == field


def test_marks_are_shown_with_the_episodes_and_survive_a_delete(manager: Manager, peer: Peer, jobs):
    def mark(**fields: Any) -> Any:
        return peer.call(MarkEpisodes, "mark_episodes", skill="stack-blocks", **fields)

    def marks(skill: str) -> list[tuple[str, str]]:
        answer = peer.call(ListEpisodes, "list_episodes", skill=skill)
        return [(one.verdict, one.note) for one in answer.episodes]

    assert set(marks("stack-blocks")) == {("", "")}
    assert mark(episodes=[1, 2], set_verdict=True, verdict="reject").success
    assert mark(episodes=[2], set_note=True, note="dropped it ☹").success
    assert marks("stack-blocks")[:3] == [("", ""), ("reject", ""), ("reject", "dropped it ☹")]
    do(peer, jobs, "delete_episodes", skill="stack-blocks", episodes=[0], name="Marked")
    assert marks("marked")[:2] == [("reject", ""), ("reject", "dropped it ☹")]
    assert mark(episodes=[1, 2], set_verdict=True, set_note=True).success
    assert set(marks("stack-blocks")) == {("", "")}
    for wrong, message in (
        ({"episodes": [0], "set_verdict": True, "verdict": "maybe"}, "keep"),
        ({"episodes": [0], "set_note": True, "note": "x" * 1001}, "too long"),
        ({"episodes": [99], "set_note": True}, "99"),
        ({"episodes": [], "set_note": True}, "at least one"),
        ({"episodes": [0]}, "what is to be set"),
    ):
        answer = mark(**wrong)
        assert not answer.success
        assert message in answer.message
    assert not peer.call(
        MarkEpisodes, "mark_episodes", skill="wave-hello", episodes=[0], set_note=True
    ).success


def test_broken_marks_do_not_hide_the_episodes(manager: Manager, peer: Peer, jobs):
    path = manager.skills_dir / "wipe-table" / "data" / ".training_manager.json"
    path.write_text('{"marks": ')
    answer = peer.call(ListEpisodes, "list_episodes", skill="wipe-table")
    path.unlink()
    assert answer.success
    assert len(answer.episodes) == answer.total
    assert any("said about episodes" in problem for problem in answer.problems)


def test_what_a_check_found_is_kept_until_the_dataset_changes(manager: Manager, peer: Peer, jobs):
    def last() -> Any:
        answer = peer.call(CheckDataset, "check_dataset", skill="pick-up-cup")
        assert answer.success, answer.message
        return answer

    never = last()
    assert (never.checked, never.current, never.stamp.sec, never.job_id) == (False, False, 0, "")
    lock = SkillLocks(manager.skills_dir / ".training_manager" / "locks")
    lock.acquire((), ("pick-up-cup",))
    started = peer.call(
        StartJob, "start_job", kind="check_dataset", arguments_json='{"skill": "pick-up-cup"}'
    )
    assert last().job_id == started.job_id
    lock.release()
    checked = until(lambda: (answer := last()).checked and not answer.job_id and answer)
    assert (checked.current, list(checked.findings)) == (True, [])
    assert abs(checked.stamp.sec - time.time()) < 60
    mark = {"episodes": [0], "set_verdict": True, "verdict": "keep"}
    assert peer.call(MarkEpisodes, "mark_episodes", skill="pick-up-cup", **mark).success
    assert last().current, "a mark is no change of the data"
    episode = manager.skills_dir / "pick-up-cup" / "data" / "episode_0.h5"
    content = episode.read_bytes()
    os.truncate(episode, len(content) // 2)
    stale = last()
    assert (stale.checked, stale.current) == (True, False)
    result = do(peer, jobs, "check_dataset", skill="pick-up-cup")
    assert result["errors"] >= 1
    found = last()
    assert found.current
    assert [finding.severity for finding in found.findings].count("error") == result["errors"]
    assert found.findings[0].episode == 0
    assert found.findings[0].remedy
    episode.write_bytes(content)
    assert not last().current
    assert not peer.call(CheckDataset, "check_dataset", skill="nothing").success


def test_a_skill_without_a_dataset_can_not_be_checked(peer: Peer, jobs):
    answer = peer.call(
        StartJob, "start_job", kind="check_dataset", arguments_json='{"skill": "wave-hello"}'
    )
    assert answer.success

    def ended() -> Any:
        return [job for job in jobs[-1].jobs if job.id == answer.job_id and job.state in ENDED]

    job = until(ended)[0]
    assert job.state == "failed"
    assert "no dataset" in job.message
    assert not peer.call(CheckDataset, "check_dataset", skill="wave-hello").checked
    assert peer.call(GetSkill, "get_skill", name="wave-hello").success
