from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.errors import InvalidInput
from training_manager_ros.skills.jsontext import dump_json, merge_patch, parse_json, parse_object

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
OBJECTS = st.dictionaries(st.text(max_size=3), JSON, max_size=5)

# RFC 7396, appendix A: target, patch, result
RFC_EXAMPLES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), RFC_EXAMPLES)
def test_merge_patch_does_what_the_rfc_says(target: Any, patch: Any, result: Any) -> None:
    before = json.dumps(target)
    assert merge_patch(target, patch) == result
    assert json.dumps(target) == before


def test_null_stays_below_one_key_of_the_outermost_object_only() -> None:
    target = {"a": 1, "execution": {"x": 1, "deep": {"y": 1}}, "other": {"execution": {"z": 1}}}
    patch = {"a": None, "execution": {"x": None, "deep": {"y": None, "new": None}}}
    assert merge_patch(target, patch, "execution") == {
        "execution": {"x": None, "deep": {"y": None, "new": None}},
        "other": {"execution": {"z": 1}},
    }
    inner = {"other": {"execution": {"z": None}}}
    assert merge_patch(target, inner, "execution")["other"] == {"execution": {}}
    assert "execution" not in merge_patch(target, {"execution": None}, "execution")


def without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}


def diff(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """A patch that turns `before` into `after`."""
    patch: dict[str, Any] = dict.fromkeys(before.keys() - after.keys())
    for key, value in after.items():
        old = before.get(key)
        patch[key] = (
            diff(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return patch


@settings(deadline=None)
@given(OBJECTS.map(without_nulls), OBJECTS.map(without_nulls))
def test_a_patch_made_of_two_objects_leads_from_one_to_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    result = merge_patch(before, diff(before, after))
    assert result == after
    kept = [key for key in before if key in after]
    assert [key for key in result if key in before] == kept


@settings(deadline=None)
@given(OBJECTS)
def test_what_is_written_reads_the_same_in_the_same_order(value: dict[str, Any]) -> None:
    text = dump_json(value)
    assert text.endswith("\n")
    assert text.encode()
    again = parse_json(text)
    assert again == value
    assert dump_json(again) == text


def test_four_spaces_and_letters_as_they_are() -> None:
    assert dump_json({"name": "Tür", "a": [1]}) == (
        '{\n    "name": "Tür",\n    "a": [\n        1\n    ]\n}\n'
    )
    assert dump_json({"half": "\ud800"}).encode() == b'{\n    "half": "\\ud800"\n}\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1"),
        ('{"a": 1,\n "b" 2}', "line 2, column 6"),
        ("\ufeff{}", "byte-order mark"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key 'c' twice"),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "-Infinity"),
        ('{"a": 1e999}', "1e999"),
        ("[" * 100_000 + "]" * 100_000, "too deeply"),
        ("{} {}", "Extra data"),
    ],
)
def test_what_others_would_refuse_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_json(text)


@pytest.mark.parametrize("value", [{"a": float("nan")}, {"a": object()}, {"a": {1, 2}}])
def test_what_is_no_json_is_not_written(value: Any) -> None:
    with pytest.raises(InvalidInput):
        dump_json(value)


def test_a_request_that_is_no_object_names_its_field() -> None:
    assert parse_object('{"name": "a"}', "patch_json") == {"name": "a"}
    for text, message in (("[1]", "a list"), ("null", "null"), ("{", "not valid JSON")):
        with pytest.raises(InvalidInput, match=f"patch_json .*{message}") as caught:
            parse_object(text, "patch_json")
        assert list(caught.value.fields) == ["patch_json"]
