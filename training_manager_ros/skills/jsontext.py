"""Strict JSON in, and out again as every writer of metadata.json writes it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from training_manager_ros.errors import InvalidInput

__all__ = ["dump_json", "merge_patch", "parse_json", "parse_object"]


def parse_json(text: str) -> Any:
    """Parse JSON, refusing what other readers would refuse or understand differently.

    Raises `ValueError` with the middle of a sentence ("has the key 'a' twice", …) for text that is
    no JSON, a byte-order mark, a key that occurs twice, NaN, and numbers beyond any double.
    """
    if text.startswith("\ufeff"):
        raise ValueError("starts with a byte-order mark, which JSON does not allow")
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise ValueError(
            f"is not valid JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error


def parse_object(text: str, field: str) -> dict[str, Any]:
    """Parse a request's JSON object. Raises `InvalidInput` naming `field` where it is none."""
    try:
        value = parse_json(text)
    except ValueError as error:
        raise InvalidInput(f"{field} {error}.", {field: str(error)}) from error
    if not isinstance(value, dict):
        message = f"must be a JSON object, not {kind(value)}"
        raise InvalidInput(f"{field} {message}.", {field: message})
    return value


def dump_json(value: Any) -> str:
    """JSON with 4 spaces and a final newline. Raises `InvalidInput` for what JSON can't hold."""
    try:
        text = json.dumps(value, indent=4, allow_nan=False, ensure_ascii=False) + "\n"
        try:
            text.encode()
        except UnicodeEncodeError:  # half a surrogate pair: only an escape can write it
            text = json.dumps(value, indent=4, allow_nan=False) + "\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"This can't be written as JSON: {error}.") from error
    return text


def merge_patch(target: Any, patch: Any, null_stays: str | None = None) -> Any:
    """Apply a JSON merge patch (RFC 7396) and return the result; neither argument is changed.

    Keys keep their order, new ones come last. Below the key `null_stays` of the outermost object
    a null is a value like any other instead of removing its key.
    """
    return _merge(target, patch, null_stays, keep_null=False)


def _merge(target: Any, patch: Any, null_stays: str | None, *, keep_null: bool) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None and not keep_null:
            result.pop(key, None)
        else:
            below = keep_null or (null_stays is not None and key == null_stays)
            result[key] = _merge(result.get(key), value, None, keep_null=below)
    return result


def kind(value: Any) -> str:
    """What a JSON value is, for a sentence."""
    if isinstance(value, bool):
        return "true or false"
    names = {type(None): "null", list: "a list", str: "a string", dict: "an object"}
    return names.get(type(value), "a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"has the key {key!r} twice")
            seen.add(key)
    return result


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"holds {name}, which JSON does not allow")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"holds the number {text[:40]}, which is too large")
    return number
