"""Globs, names and types: what is allowed, and what they mean."""

from __future__ import annotations

import sys

import pytest
from std_msgs.msg import String
from std_srvs.srv import SetBool
from test_msgs.action import Fibonacci

from training_manager_ros.bridge.globs import Globs
from training_manager_ros.bridge.graph import full_ros_name
from training_manager_ros.bridge.interfaces import action_class, message_class, service_class
from training_manager_ros.errors import InvalidInput, NotFound


@pytest.mark.parametrize(
    ("text", "name", "allowed"),
    [
        ("[/a/*, /b]", "/a/x/_action/feedback", True),
        ("[/a/*, /b]", "/b", True),
        ("[/a/*,'/b' , \"/c\"]", "/c", True),
        ("[/a/*, /b]", "/bb", False),
        ("[/a/*, /b]", "/a", False),
        ("[/A/*]", "/a/x", False),
        ("[]", "/a", False),
        (" [*] ", "/anything/at/all", True),
    ],
)
def test_globs(text: str, name: str, allowed: bool) -> None:
    globs = Globs.parse(text)
    if allowed:
        globs.check("topic", name)
    else:
        with pytest.raises(InvalidInput, match="is not open"):
            globs.check("topic", name)


@pytest.mark.parametrize("text", ["", "/a/*", "[/a", "None"])
def test_what_is_no_list_of_globs(text: str) -> None:
    with pytest.raises(InvalidInput, match="no list of globs"):
        Globs.parse(text)


def test_names_get_their_slash() -> None:
    assert full_ros_name("topic", "a/b") == "/a/b"
    assert full_ros_name("topic", "/a/_b1") == "/a/_b1"


@pytest.mark.parametrize(
    "name", ["", "/", "//a", "/a/", "/a/../b", "/a b", "/1a", "~/a", "/a\0", "/ä", "/a*", "/a\n"]
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(InvalidInput, match="is no name of a service"):
        full_ros_name("service", name)


def test_types_are_found_by_either_name() -> None:
    assert message_class("std_msgs/String") is String
    assert message_class("std_msgs/msg/String") is String
    assert service_class("std_srvs/SetBool") is SetBool
    assert action_class("test_msgs/Fibonacci") is Fibonacci


def test_hidden_parts_of_actions_are_found() -> None:
    assert message_class("test_msgs/action/Fibonacci_FeedbackMessage") is (
        Fibonacci.Impl.FeedbackMessage
    )
    assert service_class("test_msgs/action/Fibonacci_SendGoal") is Fibonacci.Impl.SendGoalService
    assert service_class("test_msgs/action/Fibonacci_GetResult") is (
        Fibonacci.Impl.GetResultService
    )


@pytest.mark.parametrize(
    "name", ["std_msgs/Nothing", "nothing/String", "antigravity/Fly", "os/path", "json/String"]
)
def test_types_that_are_not_there(name: str) -> None:
    with pytest.raises(NotFound, match="is not installed"):
        message_class(name)
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    "name",
    [
        "String",
        "",
        "std_msgs/msg/",
        "../msg/String",
        "std_msgs.msg.String",
        "std_srvs/srv/SetBool",
        "test_msgs/action/Fibonacci",
        "test_msgs/action/Fibonacci_SendGoal",
        "a/b/c/d",
        "std_msgs/msg/String\n",
    ],
)
def test_what_is_no_type_of_a_message(name: str) -> None:
    with pytest.raises(InvalidInput, match="is no type"):
        message_class(name)
