"""Arguments of jobs: JSON from anywhere in, checked values out, with the wrong field named."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.edit.files import FileMode
from training_manager_ros.editing import MergeRules, MergeSource
from training_manager_ros.errors import InvalidInput
from training_manager_ros.skills import skill_folder

__all__ = [
    "episodes",
    "file_mode",
    "flag",
    "known_keys",
    "merge_rules",
    "merge_sources",
    "one_of",
    "skill",
    "text",
]


def known_keys(arguments: Mapping[str, Any], known: Collection[str], where: str = "") -> None:
    """Refuse what nobody would look at."""
    for key in arguments:
        if key not in known:
            raise _wrong(f"{where}{key}", f"is not known; there are {', '.join(known)}")


def text(arguments: Mapping[str, Any], key: str, where: str = "") -> str:
    """A string that must be there and not empty."""
    value = arguments.get(key)
    if not isinstance(value, str) or not value:
        raise _wrong(f"{where}{key}", "must be a text that is not empty")
    return value


def skill(arguments: Mapping[str, Any], skills_dir: Path, where: str = "") -> str:
    """The folder name of a skill that is there. Raises as `skill_folder` does."""
    name = text(arguments, "skill", where)
    try:
        return skill_folder(skills_dir, name).name
    except InvalidInput as error:
        raise InvalidInput(str(error), {f"{where}skill": "must be a skill's folder name"}) from None


def episodes(value: object, field: str) -> tuple[int, ...]:
    """Episode ids."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _wrong(field, "must be a list of episode ids")
    for one in value:
        if isinstance(one, bool) or not isinstance(one, int) or one < 0:
            raise _wrong(field, "must be a list of episode ids, whole numbers from 0")
    return tuple(value)


def file_mode(arguments: Mapping[str, Any]) -> FileMode:
    """The file mode; auto where none is named."""
    value = arguments.get("file_mode", "auto")
    modes = [mode.value for mode in FileMode]
    if value not in modes:
        raise _wrong("file_mode", f"must be one of {', '.join(modes)}")
    return FileMode(value)


def flag(arguments: Mapping[str, Any], key: str) -> bool:
    """True or false; false where it is left out."""
    value = arguments.get(key, False)
    if not isinstance(value, bool):
        raise _wrong(key, "must be true or false")
    return value


def one_of(arguments: Mapping[str, Any], key: str, known: Sequence[str]) -> str:
    """One of the known texts."""
    value = arguments.get(key)
    if not isinstance(value, str) or value not in known:
        raise _wrong(key, f"must be one of {', '.join(known)}")
    return value


def merge_sources(arguments: Mapping[str, Any]) -> tuple[MergeSource, ...]:
    """The sources of a merge, in order."""
    listed = arguments.get("sources")
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise _wrong("sources", "must be a list with at least one source")
    return tuple(_source(one, f"sources.{number}.") for number, one in enumerate(listed))


def merge_rules(arguments: Mapping[str, Any]) -> MergeRules:
    """The rules of a merge; none where none are given."""
    rules = arguments.get("rules") or {}
    if not isinstance(rules, Mapping):
        raise _wrong("rules", "must be an object")
    known_keys(rules, ("rate", "any_width", "any_cameras"), "rules.")
    rate = rules.get("rate")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, (int, float))):
        raise _wrong("rules.rate", "must be a number of frames per second")
    flags = {key: rules.get(key, False) for key in ("any_width", "any_cameras")}
    for key, value in flags.items():
        if not isinstance(value, bool):
            raise _wrong(f"rules.{key}", "must be true or false")
    return MergeRules(None if rate is None else float(rate), **flags)


def _source(value: object, where: str) -> MergeSource:
    if not isinstance(value, Mapping):
        raise _wrong(where.rstrip("."), "must be an object with a skill")
    known_keys(value, ("skill", "episodes", "cameras"), where)
    ids = value.get("episodes")
    cameras = value.get("cameras") or {}
    if not isinstance(cameras, Mapping) or not all(
        isinstance(one, str) for pair in cameras.items() for one in pair
    ):
        raise _wrong(f"{where}cameras", "must map names of cameras to new names")
    return MergeSource(
        text(value, "skill", where),
        None if ids is None else episodes(ids, f"{where}episodes"),
        dict(cameras),
    )


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput(f"{field} {message}.", {field: message})
