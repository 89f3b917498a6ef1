from __future__ import annotations

import copy
import pickle
from typing import get_args

import pytest

from training_manager_ros.datasets.check.known import known_problem
from training_manager_ros.datasets.problem import Problem, problem_of
from training_manager_ros.errors import ProblemCode, Unreadable


@pytest.mark.parametrize("code", get_args(ProblemCode))
def test_every_kind_of_problem_is_explained(code: ProblemCode):
    finding = known_problem(code, "It is odd.", 3, ())
    assert finding.code == code
    assert finding.message.startswith("It is odd. ")
    assert len(finding.message) > len("It is odd. ")
    assert finding.remedy.endswith(".")


def test_a_camera_is_known_by_its_whole_name():
    names = ("cam", "cam_2", "front.left")
    for sentence, camera in (
        ("The video of cam_2 is missing.", "cam_2"),
        ("episode_0_cam.mp4 is missing.", "cam"),
        ("The video of front.left is missing.", "front.left"),
        ("The video of camera is missing.", None),
    ):
        assert known_problem("file-missing", sentence, 0, names).camera == camera


def test_a_problem_is_a_string_and_keeps_its_code_when_copied():
    problem = problem_of(Unreadable("It is gone.", "file-missing"), "a/")
    assert problem == "a/It is gone."
    for one in (problem, copy.deepcopy(problem), pickle.loads(pickle.dumps(problem))):
        assert isinstance(one, Problem)
        assert (one, one.code) == ("a/It is gone.", "file-missing")
