"""JSON values as ROS messages, typed by the message's own description.

A message class is compiled once into a tree of small functions. Missing fields keep their
defaults; null is NaN for a float; `uint8[]` may be base64 or a list; times may say `secs`, `nsec`
or `nsecs`, as older bridges and clients do. Whatever does not fit is an `InvalidInput` that names
the field's path.
"""

from __future__ import annotations

import array
import base64
import binascii
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from rosidl_parser import definition as idl

from training_manager_ros.bridge.encode import (
    FLOATS,
    TYPECODES,
    fields_of,
    is_bytes,
    nested_class,
)
from training_manager_ros.errors import InvalidInput

__all__ = ["from_json"]

Decode = Callable[[Any], Any]

_INTEGERS = {
    "int8": (-(2**7), 2**7 - 1),
    "uint8": (0, 2**8 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_TIMES = ("builtin_interfaces/Time", "builtin_interfaces/Duration")
_TIME_ALIASES = {"secs": "sec", "nsec": "nanosec", "nsecs": "nanosec"}


def from_json(cls: Any, value: Any) -> Any:
    """A message of the class.

    `value` is an object, a list of the fields in order, or null for all defaults.
    Raises `InvalidInput` with the path of the wrong field.
    """
    if value is None:
        value = {}
    try:
        if isinstance(value, list):
            value = _by_position(cls, value)
        return _message_decoder(cls)(value)
    except _Wrong as wrong:
        path = "".join(reversed(wrong.path)).lstrip(".")
        subject = f"{path} " if path else "it "
        raise InvalidInput(
            f"{_type_name(cls)}: {subject}{wrong.problem}.", {path: wrong.problem}
        ) from None


class _Wrong(Exception):
    """A value does not fit; the path is collected on the way up, innermost part first."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path: list[str] = []


def _type_name(cls: Any) -> str:
    package, kind = cls.__module__.split(".")[:2]
    return f"{package}/{kind}/{cls.__name__}"


def _by_position(cls: Any, values: list[Any]) -> dict[str, Any]:
    names = list(cls.get_fields_and_field_types())
    if len(values) > len(names):
        raise _Wrong(f"has {len(names)} fields, but {len(values)} values were given")
    return dict(zip(names, values))  # noqa: B905 - fewer values leave the rest at their defaults


@cache
def _message_decoder(cls: Any) -> Decode:
    decoders: dict[str, Decode] = {}
    in_place = set()
    for name, kind in fields_of(cls):
        decoders[name] = _decoder(cls, kind)
        if isinstance(kind, idl.Array) and getattr(kind.value_type, "typename", "") in TYPECODES:
            in_place.add(name)  # numpy arrays of the right type are there already
    is_time = "/".join((cls.__module__.split(".")[0], cls.__name__)) in _TIMES

    def decode(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _Wrong(f"must be an object, not {_json_name(value)}")
        message = cls()
        for key, given in value.items():
            name = str(_TIME_ALIASES.get(key, key) if is_time else key)
            convert = decoders.get(name)
            try:
                if convert is None:
                    raise _Wrong(f"is no field; there are {', '.join(decoders) or 'none'}")
                converted = convert(given)
            except _Wrong as wrong:
                wrong.path.append(f".{key}")
                raise
            if name in in_place:
                getattr(message, name)[:] = converted
            else:
                setattr(message, name, converted)
        return message

    return decode


def _decoder(cls: Any, kind: Any) -> Decode:
    if isinstance(kind, idl.NamespacedType):
        return _message_decoder(nested_class(cls, kind))
    if isinstance(kind, idl.AbstractNestedType):
        return _list_decoder(cls, kind)
    if isinstance(kind, idl.AbstractGenericString):
        wide = isinstance(kind, idl.AbstractWString)
        return _string_decoder(wide, getattr(kind, "maximum_size", None))
    typename = kind.typename
    if typename in _INTEGERS:
        return _integer_decoder(*_INTEGERS[typename])
    if typename in FLOATS:
        return _float_decoder(FLOATS[typename])
    if typename == "octet":
        number = _integer_decoder(0, 255)
        return lambda value: bytes((number(value),))
    if typename == "boolean":
        return _boolean
    return _character  # IDL's char and wchar


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(f"must be true or false, not {_json_name(value)}")
    return value


def _integer_decoder(low: int, high: int) -> Decode:
    def decode(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _Wrong(f"must be an integer, not {_json_name(value)}")
        if not low <= value <= high:
            raise _Wrong(f"must be from {low} to {high}")
        return value

    return decode


def _float_decoder(largest: float) -> Decode:
    def decode(value: Any) -> float:
        if value is None:
            return math.nan
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise _Wrong(f"must be a number, not {_json_name(value)}")
        if not -largest <= value <= largest or value in (math.inf, -math.inf):
            raise _Wrong(f"must be from {-largest} to {largest}")
        return float(value)

    return decode


def _string_decoder(wide: bool, longest: int | None) -> Decode:
    def decode(value: Any) -> str:
        if not isinstance(value, str):
            raise _Wrong(f"must be a string, not {_json_name(value)}")
        try:
            encoded = value.encode("utf-16-le" if wide else "utf-8")
        except UnicodeEncodeError:
            raise _Wrong("must be valid Unicode; it has half of a surrogate pair") from None
        if "\0" in value:
            raise _Wrong("must not contain NUL, which ends a string in ROS")
        size = len(encoded) // (2 if wide else 1)
        if longest is not None and size > longest:
            raise _Wrong(f"must not be longer than {longest}")
        return value

    return decode


def _character(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 1 or value == "\0":
        raise _Wrong("must be a string of one character")
    return value


def _list_decoder(cls: Any, kind: Any) -> Decode:
    convert = _decoder(cls, kind.value_type)
    typecode = TYPECODES.get(getattr(kind.value_type, "typename", ""))
    binary = is_bytes(kind.value_type)
    fixed = kind.size if isinstance(kind, idl.Array) else None
    longest = kind.maximum_size if isinstance(kind, idl.BoundedSequence) else None

    def decode(value: Any) -> Any:
        items: Sequence[Any]
        if binary and isinstance(value, str):
            items = _base64(value)
        elif isinstance(value, list):
            items = _items(value, convert)
        else:
            also = " or base64" if binary else ""
            raise _Wrong(f"must be a list{also}, not {_json_name(value)}")
        size = len(items)
        if fixed is not None and size != fixed:
            raise _Wrong(f"must have {fixed} items, not {size}")
        if longest is not None and size > longest:
            raise _Wrong(f"must have at most {longest} items, not {size}")
        if typecode is None or fixed is not None:
            return list(items)
        return array.array(typecode, items)

    return decode


def _items(values: list[Any], convert: Decode) -> list[Any]:
    items = []
    for index, value in enumerate(values):
        try:
            items.append(convert(value))
        except _Wrong as wrong:
            wrong.path.append(f"[{index}]")
            raise
    return items


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _Wrong("is no valid base64") from None


def _json_name(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", str: "a string", list: "a list", dict: "an object"}
    if isinstance(value, float):
        return "a fraction"
    return names.get(type(value), "a number")
