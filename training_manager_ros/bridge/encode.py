"""ROS messages as JSON values, typed by the message's own description.

`uint8[]` becomes base64, other arrays lists, `byte` a number, times `{"sec", "nanosec"}`; NaN and
the infinities become null, because JSON has none.
"""

from __future__ import annotations

import base64
import importlib
import math
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from rosidl_parser import definition as idl

__all__ = ["FLOATS", "TYPECODES", "fields_of", "is_bytes", "nested_class", "to_json"]

Encode = Callable[[Any], Any]

# The largest value of each.
FLOATS = {"float": 3.4028235677973366e38, "double": sys.float_info.max, "long double": math.inf}

# Sequences of these are array.array in Python, arrays of fixed size numpy's.
TYPECODES = {
    "float": "f",
    "double": "d",
    "int8": "b",
    "uint8": "B",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
}


def to_json(message: Any) -> Any:
    """The message as a value that `json.dumps(…, allow_nan=False)` takes."""
    cls: Any = type(message)
    return _message_encoder(cls)(message)


def fields_of(cls: Any) -> list[tuple[str, Any]]:
    """Name and type (as rosidl_parser describes it) of each field."""
    return list(zip(cls.get_fields_and_field_types(), cls.SLOT_TYPES, strict=True))


def nested_class(cls: Any, named: Any) -> Any:
    """The class of a field of `cls` whose type is a message."""
    namespaces, name = list(named.namespaces), named.name
    if namespaces[-1] == "msg":
        return getattr(importlib.import_module(".".join(namespaces)), name)
    # Parts of services and actions (…_Goal, …_Feedback) live in the module of the class itself.
    return getattr(sys.modules[cls.__module__], name)


def is_bytes(kind: Any) -> bool:
    """Whether a list of this type is written as base64."""
    return isinstance(kind, idl.BasicType) and kind.typename == "uint8"


@cache
def _message_encoder(cls: Any) -> Encode:
    fields = [(name, _encoder(cls, kind)) for name, kind in fields_of(cls)]

    def encode(message: Any) -> Any:
        values = {}
        for name, convert in fields:
            value = getattr(message, name)
            values[name] = value if convert is None else convert(value)
        return values

    return encode


def _encoder(cls: Any, kind: Any) -> Encode | None:
    """The function for a type; None where the value is JSON already."""
    if isinstance(kind, idl.NamespacedType):
        return _message_encoder(nested_class(cls, kind))
    if isinstance(kind, idl.AbstractNestedType):
        return _list_encoder(cls, kind.value_type)
    if isinstance(kind, idl.BasicType):
        if kind.typename in FLOATS:
            return _finite
        if kind.typename == "octet":
            return lambda value: value[0]
    return None


def _list_encoder(cls: Any, item: Any) -> Encode:
    if is_bytes(item):
        return lambda values: base64.b64encode(bytes(values)).decode("ascii")
    if isinstance(item, idl.BasicType) and item.typename in FLOATS:
        return _finite_list
    convert = _encoder(cls, item)
    if convert is not None:
        return lambda values: [convert(value) for value in values]
    if isinstance(item, idl.BasicType) and item.typename in TYPECODES:
        return lambda values: values.tolist()  # array.array and numpy alike
    return list


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _finite_list(values: Any) -> list[float | None]:
    numbers: list[float | None] = values.tolist()
    # One pass in C says that all are finite, which is nearly always so.
    if math.isfinite(sum(numbers)):  # type: ignore[arg-type]
        return numbers
    return [_finite(number) for number in numbers]  # type: ignore[arg-type]
