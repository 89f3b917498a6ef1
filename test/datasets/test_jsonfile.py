from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.datasets.jsonfile import (
    quoted,
    read_json,
    read_json_lines,
    to_int,
    to_number,
    to_text,
)
from training_manager_ros.errors import Unreadable


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "x.json is empty"),
        (b"  \n", "x.json is empty"),
        (b'{"episodes": [{"episode_id": 0,', "x.json is not valid JSON (line 1)"),
        (b'{"a": 1}\n{"b": 2}', "x.json is not valid JSON (line 2)"),
        (b"[1]", "must hold a JSON object, not a list"),
        (b'"text"', "must hold a JSON object, not a string"),
        (b"null", "must hold a JSON object, not null"),
        (b"3", "must hold a JSON object, not a number"),
        (b"[" * 100_000, "x.json is not valid JSON"),
        (b"\xff\xfe\x00", "x.json is not valid JSON"),
    ],
)
def test_what_is_no_object_is_unreadable(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(Unreadable) as raised:
        read_json(path)
    assert says in str(raised.value)


def test_every_torn_version_of_a_file_is_unreadable_or_whole(tmp_path: Path) -> None:
    whole = b'{"data_frequency": 30, "episodes": [{"episode_id": 0}]}\n'
    path = tmp_path / "x.json"
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(Unreadable):
            read_json(path)
    path.write_bytes(whole)
    assert read_json(path)["data_frequency"] == 30


def test_a_missing_file_and_a_folder_are_unreadable(tmp_path: Path) -> None:
    for path, says in [(tmp_path / "no.json", "No such file"), (tmp_path, "Is a directory")]:
        with pytest.raises(Unreadable, match=says):
            read_json(path)


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert read_json(tmp_path / "x.json") == {"a": 1}


def test_broken_lines_are_named_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n\nnonsense\n[2]\n{"a": 3}\n{"a"')
    objects, problems = read_json_lines(path)
    assert objects == [{"a": 1}, {"a": 3}]
    assert problems == ("x.jsonl has lines that are no JSON objects: 3, 4, 6.",)


@pytest.mark.parametrize(
    ("value", "number", "whole"),
    [
        (30, 30.0, 30),
        (29.97, 29.97, None),
        (3.0, 3.0, 3),
        (0, 0.0, 0),
        (-1, 0.0, None),
        (float("nan"), 0.0, None),
        (float("inf"), 0.0, None),
        (10**400, 0.0, None),
        (2**31, 2.0**31, None),
        (True, 0.0, None),
        ("30", 0.0, None),
        (None, 0.0, None),
        ([], 0.0, None),
    ],
)
def test_numbers_are_finite_and_whole_numbers_fit(
    value: object, number: float, whole: int | None
) -> None:
    assert to_number(value) == number
    assert to_int(value) == whole


def test_text_can_always_be_encoded() -> None:
    assert to_text("caf\u00e9 \ud800") == "caf\u00e9 ?"
    assert to_text(3) == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(json_values)
def test_any_value_can_be_named_in_a_sentence(value: Any) -> None:
    assert 0 < len(quoted(value).encode()) < 300
