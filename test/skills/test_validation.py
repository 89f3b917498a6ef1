from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.skills.fields import SKILL_TYPES, MetadataField, known_fields
from training_manager_ros.skills.validation import find_errors, new_errors, same

POSE = [0.0, -1.5, 1, 0.5, 3.0, -0.1]
REQUIRED: dict[str, dict[str, Any]] = {
    "learned": {},
    "replay": {"replay_file": "episode_0.h5"},
    "poses": {"poses": [POSE]},
}


def skill(skill_type: str = "learned", **execution: Any) -> dict[str, Any]:
    return {"name": "A", "type": skill_type, "execution": {**REQUIRED[skill_type], **execution}}


@pytest.mark.parametrize("skill_type", SKILL_TYPES)
def test_the_smallest_skill_of_each_type_is_sound(skill_type: str) -> None:
    assert find_errors(skill(skill_type)) == {}


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("learned.action_dim", [1, 10, 64, None], [0, 65, 10.0, "10", True, -1, [10]]),
        ("learned.duration", [0.1, 120, None], [0, -1, "120", True, math.inf, math.nan, 10**400]),
        ("learned.progress_threshold", [0, 2.0, 7], [-0.1, "2", False, math.nan]),
        ("learned.n_action_steps", [1, 100, None], [0, 1.5, "1", True]),
        ("learned.start_pose", [POSE, [], None], [POSE[:5], [*POSE, 0], 0, "[]", [None] * 6]),
        ("learned.end_pose", [POSE, []], [{}, [math.nan] * 6, ["0"] * 6, [True] * 6]),
        ("learned.start_pose_time", [1, 0.5], [0, -1, "1"]),
        ("learned.end_pose_time", [1, 0.5], [0, [1], True]),
        ("learned.model_type", ["act_policy", None], [1, ["act_policy"]]),
        ("learned.checkpoint", ["7/a_step_9.pth", "", None], ["/etc/x", "../a", "a/../../b", 1]),
        ("learned.stats_file", ["7/stats.pt", None], ["/a", "a\0b", {}]),
        ("replay.replay_file", ["episode_0.h5"], ["", "  ", None, 1]),
        ("replay.replay_frequency", [12, 50.0, None], [0, -12, "12"]),
        ("replay.start_pose", [POSE, [], None], [POSE[:5]]),
        ("poses.poses", [[POSE], [POSE, POSE]], [[], None, POSE, [POSE, []], [POSE[:5]], "x"]),
        ("poses.steps", [0.5, None], [0, -1, "1", True]),
    ],
)  # fmt: skip
def test_each_field_of_execution(field: str, good: list[Any], bad: list[Any]) -> None:
    skill_type, key = field.split(".")
    for value in good:
        assert find_errors(skill(skill_type, **{key: value})) == {}, value
    for value in bad:
        errors = find_errors(skill(skill_type, **{key: value}))
        assert list(errors) == [f"execution.{key}"], value


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("name", ["A", "Ä"], ["", "  ", None, 1, "a\nb", "a\x1b[2J", "a\x85"]),
        ("type", ["learned"], ["dance", "", None, 1, ["learned"]]),
        ("guidelines", ["", "text", "two\nlines"], [1, []]),
        ("guidelines_when_running", ["", "text"], [1, {}]),
        ("inputs", [{}, {"a": 1}], [[], "a", 1]),
        ("training_skill_id", ["an id", ""], [1, True]),
        ("uploaded_episode_count", [0, 5, 2**31 - 1], [-1, 1.5, "5", True, 2**31]),
        ("downloads", [{}, {"a.h5": "https://example.org/a.h5"}], [[], "x"]),
        ("execution", [{}, {"model_type": None}], [None, [], "x", 1]),
        ("anything_else", [None, 1, [], {"a": math.inf}], []),
    ],
)
def test_each_field_of_the_outermost_object(key: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert find_errors({**skill(), key: value}) == {}, value
    for value in bad:
        assert list(find_errors({**skill(), key: value})) == [key], value


def test_what_another_type_knows_is_not_checked() -> None:
    assert find_errors(skill("replay", duration=0.0, model_type="replay")) == {}
    assert "execution.duration" in find_errors(skill("learned", duration=0.0))


def test_messages_say_what_is_allowed() -> None:
    errors = find_errors(skill(action_dim="10", duration=0, checkpoint="/a"))
    assert errors == {
        "execution.action_dim": "must be a whole number at least 1 and at most 64",
        "execution.duration": "must be a finite number greater than 0",
        "execution.checkpoint": "must be a path relative to the skill's folder, without '..'",
    }
    assert find_errors({"type": "replay"}) == {
        "name": "is required: one line of text that is not empty",
        "execution.replay_file": "is required: one line of text that is not empty",
    }


def test_a_change_answers_for_what_it_changes_alone() -> None:
    before = skill(action_dim=100, duration=0)
    assert new_errors(before, {**before, "guidelines": "new"}) == {}
    assert list(new_errors(before, skill(action_dim=200, duration=0))) == ["execution.action_dim"]
    assert new_errors(before, skill(action_dim=10, duration=0)) == {}
    replay = {**before, "type": "replay"}
    assert list(new_errors(before, replay)) == ["execution.replay_file"]


@pytest.mark.parametrize("skill_type", ["", *SKILL_TYPES])
def test_every_field_can_be_shown_and_its_default_is_valid(skill_type: str) -> None:
    fields = known_fields(skill_type)
    assert len({field.path for field in fields}) == len(fields)
    for field in fields:
        assert field.label
        assert field.description.endswith(".")
        assert field.description.count(".") == 1
        assert (field.kind == "choice") == bool(field.choices)
        if field.default is not None:
            value = skill(skill_type) if skill_type else {"name": "A", "type": "dance"}
            assert field.path not in find_errors(with_value(value, field))


def with_value(value: dict[str, Any], field: MetadataField) -> dict[str, Any]:
    outer, _, inner = field.path.partition(".")
    return {**value, outer: {**value[outer], inner: field.default} if inner else field.default}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=10,
)
KEYS = sorted({field.path.split(".")[-1] for kind in SKILL_TYPES for field in known_fields(kind)})


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["execution", *KEYS]), ANYTHING),
    st.dictionaries(st.sampled_from(KEYS), ANYTHING),
    st.sampled_from(SKILL_TYPES),
)
def test_nothing_that_json_holds_breaks_the_validation(
    value: dict[str, Any], execution: dict[str, Any], skill_type: str
) -> None:
    find_errors(value)
    known = {"execution", *(field.path for field in known_fields(skill_type))}
    assert find_errors({**value, "type": skill_type, "execution": execution}).keys() <= known


def test_same_tells_kinds_of_values_apart() -> None:
    assert same({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]})
    for one, other in ((1, True), (1, 1.0), ({"a": 1}, {"a": 1, "b": None}), ([1], [1, 1])):
        assert not same(one, other)
        assert not same([one], [other])
