from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from action_msgs.msg import GoalStatus
from node_client import Manager, Peer, until

from training_manager.action import ConvertDataset, DeleteEpisodes, MergeDatasets
from training_manager.msg import JobList, MergeSource
from training_manager.srv import CancelJob, GetSkill
from training_manager_ros.jobs import SkillLocks

SUCCEEDED = GoalStatus.STATUS_SUCCEEDED
ABORTED = GoalStatus.STATUS_ABORTED
CANCELED = GoalStatus.STATUS_CANCELED


@pytest.fixture(scope="module", autouse=True)
def jobs(manager: Manager, peer: Peer) -> list[JobList]:
    lists = peer.listen(JobList, "/training_manager/jobs")
    until(lambda: lists and not lists[-1].problem)
    return lists


@pytest.fixture
def lock(manager: Manager) -> Iterator[SkillLocks]:
    """The lock of fold-towel, so that jobs on it wait."""
    with SkillLocks(manager.skills_dir / ".training_manager" / "locks") as locks:
        assert locks.acquire((), ("fold-towel",)) == ""
        yield locks


def delete(peer: Peer, name: str, skill: str = "fold-towel", episodes: tuple[int, ...] = (0,)):
    return peer.send_goal(
        DeleteEpisodes, "delete_episodes", skill=skill, episodes=list(episodes), name=name
    )


def test_a_goal_gives_feedback_and_the_result(peer: Peer):
    goal = delete(peer, "By action")
    status, result = goal.result()
    assert (status, result.success, result.message) == (SUCCEEDED, True, "")
    assert (result.skill, result.episodes) == ("by-action", 2)
    until(lambda: goal.feedback and goal.feedback[-1].state == "done")
    assert goal.feedback[0].kind == "delete_episodes"
    assert peer.call(GetSkill, "get_skill", name="by-action").skill.episode_count == 2


def test_a_merge_by_action(peer: Peer):
    goal = peer.send_goal(
        MergeDatasets,
        "merge_datasets",
        name="Merged by action",
        sources=[
            MergeSource(skill="fold-towel", episodes=[2]),
            MergeSource(skill="fold-towel", all=True),
        ],
    )
    status, result = goal.result()
    assert (status, result.success, result.message) == (SUCCEEDED, True, "")
    assert (result.skill, result.episodes) == ("merged-by-action", 4)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"skill": "nothing"}, "nothing"),
        ({"name": ""}, "not empty"),
        ({"episodes": [77]}, "77"),
        ({"episodes": []}, "at least one"),
        ({"file_mode": "magic"}, "one of"),
    ],
)
def test_a_goal_that_can_not_be_done_says_why(peer: Peer, fields, message):
    wanted = {"skill": "fold-towel", "episodes": [0], "name": "Never", **fields}
    status, result = peer.send_goal(DeleteEpisodes, "delete_episodes", **wanted).result()
    assert (status, result.success) == (ABORTED, False)
    assert message in result.message


def test_a_conversion_that_can_not_be_done_says_why(peer: Peer):
    goal = peer.send_goal(
        ConvertDataset, "convert_dataset", skill="fold-towel", target="lerobot-v9", name="Never"
    )
    status, result = goal.result()
    assert (status, result.success) == (ABORTED, False)
    assert result.message


def test_a_conversion_in_place(peer: Peer):
    goal = peer.send_goal(
        ConvertDataset, "convert_dataset", skill="pick-up-cup", target="h264", keep_raw=True
    )
    status, result = goal.result()
    assert (status, result.success, result.message) == (SUCCEEDED, True, "")
    assert (result.skill, result.episodes) == ("pick-up-cup", 2)
    assert peer.call(GetSkill, "get_skill", name="pick-up-cup").skill.dataset_format == "h264"


def test_a_conversion_to_a_copy(peer: Peer):
    goal = peer.send_goal(
        ConvertDataset,
        "convert_dataset",
        skill="sort-fruit",
        target="lerobot-v3.0",
        name="Sorted",
    )
    status, result = goal.result()
    assert (status, result.success, result.message) == (SUCCEEDED, True, "")
    source = peer.call(GetSkill, "get_skill", name="sort-fruit").skill
    made = peer.call(GetSkill, "get_skill", name="sorted").skill
    assert source.dataset_format == "lerobot-v2.1"
    assert made.dataset_format == "lerobot-v3.0"
    assert (result.skill, result.episodes) == ("sorted", source.episode_count)


def test_a_waiting_goal_can_be_cancelled(manager: Manager, peer: Peer, lock: SkillLocks):
    goal = delete(peer, "Cancelled")
    until(lambda: goal.feedback and "Waits for" in goal.feedback[-1].message)
    assert goal.cancel() == 1
    status, result = goal.result()
    assert (status, result.success) == (CANCELED, False)
    assert "Cancelled" in result.message
    assert not (manager.skills_dir / "cancelled").exists()


def test_a_goal_whose_job_is_cancelled_by_somebody_else_is_aborted(peer: Peer, lock: SkillLocks):
    goal = delete(peer, "Cancelled too")
    until(lambda: goal.feedback)
    assert peer.call(CancelJob, "cancel_job", job_id=goal.feedback[-1].id).success
    status, result = goal.result()
    assert (status, result.success) == (ABORTED, False)
    assert "Cancelled" in result.message


def test_many_waiting_goals_hold_up_nobody(
    manager: Manager, peer: Peer, lock: SkillLocks, jobs: list[JobList]
):
    goals = [delete(peer, f"Many {number}") for number in range(9)]  # a service of ROS holds 10
    until(lambda: all(goal.feedback for goal in goals))
    for _ in range(20):
        assert peer.call(GetSkill, "get_skill", name="stack-blocks").success
    other = delete(peer, "Between", skill="stack-blocks").result()
    assert other[0] == SUCCEEDED
    for goal in goals[2:]:
        assert goal.cancel() == 1
    assert {goal.result()[0] for goal in goals[2:]} == {CANCELED}
    lock.release()
    assert [goal.result()[0] for goal in goals[:2]] == [SUCCEEDED, SUCCEEDED]
    made = {path.name for path in manager.skills_dir.iterdir() if path.name.startswith("many")}
    assert made == {"many-0", "many-1"}


def test_two_nodes_ask_at_once(peer: Peer):
    results: list[tuple[int, str]] = []

    def ask(number: int) -> None:
        status, result = delete(peer, f"At once {number}").result()
        results.append((status, result.skill))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(SUCCEEDED, f"at-once-{number}") for number in range(4)]
