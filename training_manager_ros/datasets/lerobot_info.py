"""A LeRobot dataset's meta/info.json, in all the shapes that it has in the wild."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training_manager_ros.datasets.jsonfile import to_int, to_number, to_text
from training_manager_ros.datasets.problem import Problem

__all__ = ["BOOKKEEPING", "Feature", "LeRobotInfo", "fill_template", "lerobot_info"]

BOOKKEEPING = ("timestamp", "frame_index", "episode_index", "index", "task_index")
_FIELD = re.compile(r"\{(\w+)(?::0?(\d{1,2})d)?\}")


@dataclass(frozen=True)
class Feature:
    """A declared column, or a camera."""

    name: str
    dtype: str  # "float32", "video", "image", …
    names: tuple[str, ...]  # of its values, row by row; () where not declared
    width: int = 0  # of a camera, in pixels; 0 where not declared
    height: int = 0
    codec: str = ""
    pix_fmt: str = ""

    @property
    def is_camera(self) -> bool:
        """Whether it is a video or encoded images."""
        return self.dtype in ("video", "image")


@dataclass(frozen=True)
class LeRobotInfo:
    """What info.json declares; None, 0 or "" where it does not."""

    version: str
    rate: float
    features: tuple[Feature, ...]
    data_path: str
    video_path: str
    chunk_size: int
    total_episodes: int | None
    total_frames: int | None
    problems: tuple[Problem, ...]

    @property
    def cameras(self) -> tuple[Feature, ...]:
        """The declared cameras."""
        return tuple(feature for feature in self.features if feature.is_camera)


def lerobot_info(value: Mapping[str, Any]) -> LeRobotInfo:
    """Read info.json as far as it makes sense, and say what does not."""
    problems: list[Problem] = []
    rate = to_number(value.get("fps"))
    if rate == 0:
        problems.append(
            Problem(
                "rate-unknown",
                "The frame rate is unknown: fps in meta/info.json is missing or wrong.",
            )
        )
    declared = value.get("features")
    if not isinstance(declared, dict):
        problems.append(Problem("features-broken", "meta/info.json declares no features."))
        declared = {}
    features: list[Feature] = []
    for name, feature in declared.items():
        if isinstance(feature, dict) and to_text(name) == name:
            features.append(_feature(name, feature))
        else:
            problems.append(
                Problem(
                    "features-broken",
                    f"The feature {to_text(name)} in meta/info.json is no object.",
                )
            )
    templates = {key: to_text(value.get(key)) for key in ("data_path", "video_path")}
    for key, template in templates.items():
        if ".." in template.split("/") or template.startswith("/"):
            problems.append(
                Problem(
                    "leads-elsewhere",
                    f"{key} in meta/info.json leads out of the dataset and is not followed.",
                )
            )
            templates[key] = ""
    return LeRobotInfo(
        version=to_text(value.get("codebase_version")),
        rate=rate,
        features=tuple(features),
        data_path=templates["data_path"],
        video_path=templates["video_path"],
        chunk_size=to_int(value.get("chunks_size")) or 1000,
        total_episodes=to_int(value.get("total_episodes")),
        total_frames=to_int(value.get("total_frames")),
        problems=tuple(problems),
    )


def fill_template(template: str, values: Mapping[str, int | str]) -> str:
    """A path template such as `chunk-{episode_chunk:03d}`, filled; "" if it can't be.

    Only plain fields and zero-padded whole numbers mean anything in it.
    """
    failed = False

    def replace(match: re.Match[str]) -> str:
        nonlocal failed
        value = values.get(match[1])
        if value is None or (match[2] is not None and isinstance(value, str)):
            failed = True
            return ""
        return f"{value:0{match[2]}d}" if match[2] else str(value)

    path = _FIELD.sub(replace, template)
    return "" if failed or "{" in path else path


def _feature(name: str, value: Mapping[str, Any]) -> Feature:
    dtype = to_text(value.get("dtype"))
    shape = value.get("shape")
    sizes = [to_int(size) or 0 for size in shape] if isinstance(shape, list) else []
    if dtype not in ("video", "image"):
        return Feature(name, dtype, _flat_names(value.get("names")))
    axes = [axis.lower() for axis in _flat_names(value.get("names"))]
    details: dict[str, Any] = {}
    for key in ("info", "video_info"):
        if isinstance(value.get(key), dict):
            details.update(value[key])
    width, height = to_int(details.get("video.width")), to_int(details.get("video.height"))
    if len(sizes) == 3 and not (width and height):
        channels_first = axes[:1] in (["channel"], ["channels"], ["c"]) or (
            not axes and sizes[0] in (1, 3, 4) and sizes[2] > 4
        )
        height, width = sizes[1:] if channels_first else sizes[:2]
    return Feature(
        name,
        dtype,
        (),
        width or 0,
        height or 0,
        to_text(details.get("video.codec")) or ("png" if dtype == "image" else ""),
        to_text(details.get("video.pix_fmt")),
    )


def _flat_names(value: object, depth: int = 4) -> tuple[str, ...]:
    """The names in a list, a dict of lists, a dict of name to position, or a nesting of these."""
    if isinstance(value, str):
        return (to_text(value),)
    if depth == 0:
        return ()
    if isinstance(value, list):
        return tuple(name for item in value for name in _flat_names(item, depth - 1))
    if isinstance(value, dict):
        if value and all(to_int(position) is not None for position in value.values()):
            return tuple(to_text(name) for name in sorted(value, key=lambda key: value[key]))
        return tuple(name for item in value.values() for name in _flat_names(item, depth - 1))
    return ()
