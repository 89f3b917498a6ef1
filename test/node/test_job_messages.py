from __future__ import annotations

import json
from dataclasses import replace

import pytest

from training_manager.action import DeleteEpisodes, MergeDatasets, UploadSkill
from training_manager.msg import MergeRules, MergeSource
from training_manager.srv import PlanConvert
from training_manager_ros.errors import InvalidInput
from training_manager_ros.jobs import Job, JobState, Progress
from training_manager_ros.node.job_messages import JobMessages, arguments, job_to_msg

JOB = Job("id", "delete_episodes", {"skill": "☕", "episodes": [1]}, ("☕",), ("new",), 1.5)


def test_arguments_of_goals_and_requests():
    goal = DeleteEpisodes.Goal(skill="cup", episodes=[3, 1], name="New")
    assert arguments(goal) == {"skill": "cup", "episodes": [3, 1], "name": "New"}
    goal.file_mode = "copy"
    assert arguments(goal)["file_mode"] == "copy"
    assert json.loads(json.dumps(arguments(goal))) == arguments(goal)
    convert = PlanConvert.Request(skill="cup", target="h264", keep_raw=True)
    assert arguments(convert) == {"skill": "cup", "target": "h264", "name": "", "keep_raw": True}
    upload = UploadSkill.Goal(skill="cup", bytes_per_second=1e6)
    wanted = {"skill": "cup", "raw": False, "bytes_per_second": 1e6, "as_new": False}
    assert arguments(upload) == wanted


def test_arguments_of_a_merge():
    goal = MergeDatasets.Goal(
        name="New",
        sources=[
            MergeSource(skill="cup", episodes=[2], cameras=["a"], new_camera_names=["b"]),
            MergeSource(skill="towel", all=True, episodes=[9]),
        ],
        rules=MergeRules(any_width=True),
    )
    assert arguments(goal) == {
        "name": "New",
        "sources": [
            {"skill": "cup", "episodes": [2], "cameras": {"a": "b"}},
            {"skill": "towel", "episodes": None, "cameras": {}},
        ],
        "rules": {"rate": None, "any_width": True, "any_cameras": False},
    }
    goal.sources[0].new_camera_names = []
    with pytest.raises(InvalidInput):
        arguments(goal)


def test_a_job_as_a_message():
    waiting = job_to_msg(JOB)
    assert (waiting.state, waiting.fraction, waiting.result_json) == ("queued", 0.0, "")
    assert (waiting.created.sec, waiting.created.nanosec) == (1, 500_000_000)
    assert (waiting.started.sec, waiting.finished.sec, waiting.seconds_left) == (0, 0, -1.0)
    assert json.loads(waiting.arguments_json) == JOB.arguments
    half = replace(JOB, state=JobState.RUNNING, progress=Progress("x", 1, 4, 10, 20), rate=2)
    assert (job_to_msg(half).fraction, job_to_msg(half).rate) == (0.5, 2.0)
    done = replace(half, state=JobState.DONE, result={"skill": "new"})
    assert (job_to_msg(done).fraction, job_to_msg(done).result_json) == (1.0, '{"skill": "new"}')


def test_words_that_no_message_can_hold_do_not_silence_the_topic():
    message = job_to_msg(replace(JOB, message="no room for a\udcff.h5"))
    assert message.message == "no room for a?.h5"


def test_only_jobs_that_changed_are_made_anew():
    make = JobMessages()
    other = replace(JOB, id="other")
    first = make([other, JOB])
    assert [one.id for one in first] == ["other", "id"]
    second = make([JOB, replace(other, paused=True)])
    assert second[0] is first[1]
    assert second[1].paused
    assert make([]) == []
