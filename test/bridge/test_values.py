"""Messages to JSON and back, whatever they hold."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from test_msgs.action import Fibonacci, NestedMessage
from test_msgs.msg import (
    Arrays,
    BasicTypes,
    BoundedSequences,
    Builtins,
    Defaults,
    Empty,
    MultiNested,
    Strings,
    UnboundedSequences,
    WStrings,
)

from training_manager_ros.bridge.decode import from_json
from training_manager_ros.bridge.encode import to_json
from training_manager_ros.errors import InvalidInput

CLASSES = [
    Arrays,
    BasicTypes,
    BoundedSequences,
    Builtins,
    Defaults,
    DiagnosticArray,
    Empty,
    MultiNested,
    Strings,
    UnboundedSequences,
    WStrings,
    Fibonacci.Impl.FeedbackMessage,
    NestedMessage.Impl.SendGoalService.Request,
    NestedMessage.Impl.GetResultService.Response,
]


def through_ros(message: Any) -> Any:
    return deserialize_message(serialize_message(message), type(message))


def text(value: Any) -> str:
    return json.dumps(value, allow_nan=False)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_kind_of_message_goes_there_and_back(cls: Any) -> None:
    value = to_json(cls())
    message = from_json(cls, json.loads(text(value)))
    assert message == cls()
    assert to_json(through_ros(message)) == value


def integers(bits: int, signed: bool) -> st.SearchStrategy[int]:
    low = -(2 ** (bits - 1)) if signed else 0
    return st.integers(low, low + 2**bits - 1)


words = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=8)
numbers = {
    f"{'' if signed else 'u'}int{bits}": integers(bits, signed)
    for bits in (8, 16, 32, 64)
    for signed in (True, False)
} | {
    "float32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "float64": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "byte": integers(8, False),
    "char": integers(8, False),
}


@given(st.fixed_dictionaries({f"{name}_value": value for name, value in numbers.items()}))
def test_basic_values_survive(value: dict[str, Any]) -> None:
    message = through_ros(from_json(BasicTypes, json.loads(text(value))))
    assert to_json(message) == value


@given(
    st.fixed_dictionaries(
        {
            f"{name}_values": st.lists(value, max_size=5)
            for name, value in numbers.items()
            if name not in ("uint8", "char")
        }
        | {"string_values": st.lists(words, max_size=5)}
    )
)
def test_lists_survive(value: dict[str, Any]) -> None:
    message = through_ros(from_json(UnboundedSequences, json.loads(text(value))))
    encoded = to_json(message)
    assert {name: encoded[name] for name in value} == value


@given(words)
def test_wide_strings_survive(word: str) -> None:
    value = {"wstring_value": word, "array_of_wstrings": [word, "", word]}
    encoded = to_json(through_ros(from_json(WStrings, value)))
    assert {name: encoded[name] for name in value} == value


@given(st.binary(max_size=40))
def test_bytes_may_be_base64_or_a_list(data: bytes) -> None:
    encoded = to_json(UnboundedSequences(uint8_values=data))["uint8_values"]
    for given_ in (encoded, list(data)):
        message = from_json(UnboundedSequences, {"uint8_values": given_})
        assert bytes(through_ros(message).uint8_values) == data


def test_what_json_does_not_have_is_null() -> None:
    message = BasicTypes(float32_value=math.inf, float64_value=math.nan)
    assert to_json(message)["float32_value"] is None
    assert to_json(message)["float64_value"] is None
    lists = UnboundedSequences(float64_values=[1.0, math.nan, -math.inf, 1e308, 1e308])
    assert to_json(lists)["float64_values"] == [1.0, None, None, 1e308, 1e308]
    assert math.isnan(from_json(BasicTypes, {"float64_value": None}).float64_value)


@pytest.mark.parametrize(
    "value",
    [
        {"sec": 5, "nanosec": 7},
        {"sec": 5, "nsec": 7},
        {"secs": 5, "nsecs": 7},
    ],
)
def test_times_of_older_bridges_are_understood(value: dict[str, int]) -> None:
    message = from_json(Builtins, {"time_value": value, "duration_value": value})
    assert to_json(message) == {
        "duration_value": {"sec": 5, "nanosec": 7},
        "time_value": {"sec": 5, "nanosec": 7},
    }


def test_fields_may_come_in_order() -> None:
    message = from_json(BasicTypes, [True, 5])
    assert (message.bool_value, message.byte_value) == (True, b"\5")
    assert from_json(BasicTypes, None) == BasicTypes()
    with pytest.raises(InvalidInput, match="13 fields, but 14 values"):
        from_json(BasicTypes, [0] * 14)


WRONG: dict[str, tuple[Any, Any, str, str]] = {
    "no object": (BasicTypes, "x", "", "must be an object, not a string"),
    "no such field": (Builtins, {"when": 1}, "when", "is no field; there are"),
    "no such field below": (
        Builtins,
        {"time_value": {"second": 1}},
        "time_value.second",
        "is no field; there are sec, nanosec",
    ),
    "text for a flag": (BasicTypes, {"bool_value": "yes"}, "bool_value", "must be true or false"),
    "number for a flag": (BasicTypes, {"bool_value": 1}, "bool_value", "must be true or false"),
    "flag for a number": (BasicTypes, {"int8_value": True}, "int8_value", "must be an integer"),
    "fraction": (BasicTypes, {"int8_value": 1.5}, "int8_value", "not a fraction"),
    "null": (BasicTypes, {"int8_value": None}, "int8_value", "not null"),
    "too large": (BasicTypes, {"int8_value": 128}, "int8_value", "must be from -128 to 127"),
    "negative": (BasicTypes, {"uint64_value": -1}, "uint64_value", "must be from 0 to"),
    "large byte": (BasicTypes, {"byte_value": 256}, "byte_value", "must be from 0 to 255"),
    "large float": (BasicTypes, {"float32_value": 1e39}, "float32_value", "must be from"),
    "endless": (BasicTypes, {"float64_value": math.inf}, "float64_value", "must be from"),
    "huge": (BasicTypes, {"float64_value": 10**400}, "float64_value", "must be from"),
    "text for a float": (BasicTypes, {"float64_value": "1"}, "float64_value", "must be a number"),
    "number for text": (Strings, {"string_value": 1}, "string_value", "must be a string"),
    "long text": (Strings, {"bounded_string_value": "x" * 23}, "bounded_string_value", "than 22"),
    "NUL": (Strings, {"string_value": "a\0b"}, "string_value", "must not contain NUL"),
    "half a surrogate": (Strings, {"string_value": "\ud800"}, "string_value", "Unicode"),
    "wide half": (WStrings, {"wstring_value": "\udfff"}, "wstring_value", "Unicode"),
    "no list": (Arrays, {"int32_values": 5}, "int32_values", "must be a list, not a number"),
    "short array": (Arrays, {"int32_values": [1]}, "int32_values", "must have 3 items, not 1"),
    "long sequence": (
        BoundedSequences,
        {"int32_values": [1, 2, 3, 4]},
        "int32_values",
        "at most 3 items, not 4",
    ),
    "item": (Arrays, {"int32_values": [1, "2", 3]}, "int32_values[1]", "must be an integer"),
    "no base64": (UnboundedSequences, {"uint8_values": "%"}, "uint8_values", "valid base64"),
    "deep": (
        MultiNested,
        {"array_of_arrays": [{}, {"basic_types_values": [{}, {}, {"bool_value": 0}]}, {}]},
        "array_of_arrays[1].basic_types_values[2].bool_value",
        "must be true or false, not a number",
    ),
}


@pytest.mark.parametrize(("cls", "value", "path", "problem"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_names_the_field(cls: Any, value: Any, path: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as error:
        from_json(cls, value)
    assert list(error.value.fields) == [path]
    assert problem in error.value.fields[path]
    assert path in str(error.value)
    assert f"test_msgs/msg/{cls.__name__}" in str(error.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(["sec", "status", "values", "key", "x"]), inner)
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_message_or_an_error(value: Any) -> None:
    for cls in (DiagnosticArray, Builtins, Strings):
        try:
            message = from_json(cls, value)
        except InvalidInput:
            continue
        through_ros(message)
