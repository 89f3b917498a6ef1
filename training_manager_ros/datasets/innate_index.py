"""data/dataset_metadata.json: the recorder's list of episodes, held against the files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any

from training_manager_ros.datasets.jsonfile import quoted, to_int, to_number, to_text
from training_manager_ros.datasets.listing import Listing, shown, some
from training_manager_ros.datasets.model import DatasetFormat
from training_manager_ros.datasets.problem import Problem
from training_manager_ros.datasets.sound import too_small

__all__ = ["InnateEntry", "InnateIndex", "innate_index", "seconds_between"]


@dataclass(frozen=True)
class InnateEntry:
    """One listed episode. File names are relative to data/ and stay inside it."""

    id: int  # -1 until one is given to an entry without
    file: str  # "" where the list has none that is allowed
    start: str
    end: str
    videos: tuple[tuple[str, str], ...]  # (camera, file), in the order of the trainer's cameras
    problems: tuple[Problem, ...]
    item: Mapping[str, Any] = field(default_factory=dict, compare=False)  # as it is in the list


@dataclass(frozen=True)
class InnateIndex:
    """The list of episodes, by id."""

    format: DatasetFormat
    rate: float  # 0 = unknown
    entries: tuple[InnateEntry, ...]
    problems: tuple[Problem, ...]

    @property
    def cameras(self) -> tuple[str, ...]:
        """Names of the cameras that have videos."""
        return tuple(sorted({camera for entry in self.entries for camera, _ in entry.videos}))

    @property
    def names(self) -> frozenset[str]:
        """Names of all files that are listed."""
        videos = {file for entry in self.entries for _, file in entry.videos}
        return frozenset(videos | {entry.file for entry in self.entries if entry.file})


def innate_index(value: Mapping[str, Any], listing: Listing) -> InnateIndex:
    """Read the list as far as it makes sense, and say where it and the files disagree."""
    problems: list[Problem] = list(listing.problems)
    entries = _entries(value.get("episodes", []), problems)
    declared = to_int(value.get("number_of_episodes"))
    if declared != len(entries):
        stated = "no whole number" if declared is None else str(declared)
        problems.append(
            Problem(
                "count-differs",
                f"dataset_metadata.json lists {len(entries)} episodes, but its number_of_episodes "
                f"is {stated}; the recorder numbers the next episode by it.",
            )
        )
    rate = to_number(value.get("data_frequency"))
    if rate == 0 and entries:
        problems.append(
            Problem("rate-unknown", "The frame rate is unknown: data_frequency is missing or 0.")
        )
    problems += _compare(entries, listing)
    kind = _format(value.get("dataset_type"), entries, problems)
    return InnateIndex(kind, rate, tuple(entries), tuple(problems))


def _entries(episodes: object, problems: list[Problem]) -> list[InnateEntry]:
    if not isinstance(episodes, list):
        problems.append(Problem("list-broken", "dataset_metadata.json has no list of episodes."))
        return []
    entries: dict[int, InnateEntry] = {}
    nameless: list[InnateEntry] = []
    for position, item in enumerate(episodes):
        if not isinstance(item, dict):
            problems.append(
                Problem("list-broken", f"Entry {position} of dataset_metadata.json is no episode.")
            )
            continue
        entry = _entry(item)
        if entry.id < 0:
            nameless.append(entry)
        elif entry.id in entries:
            problems.append(
                Problem(
                    "list-broken",
                    f"dataset_metadata.json lists episode {entry.id} twice; the second, "
                    f"{entry.file or 'without a file'}, is left out.",
                )
            )
        else:
            entries[entry.id] = entry
    for entry in nameless:
        free = next(number for number in count() if number not in entries)
        problem = Problem("list-broken", f"It has no valid episode_id and is shown as {free}.")
        entries[free] = replace(entry, id=free, problems=(*entry.problems, problem))
    return [entries[key] for key in sorted(entries)]


def _entry(item: Mapping[str, Any]) -> InnateEntry:
    problems: list[Problem] = []
    episode_id = to_int(item.get("episode_id"))
    name = item.get("file_name")
    if name is None:
        problems.append(Problem("file-missing", "No file is listed for it."))
    file = _plain_name(name, problems)
    stem = file.rpartition(".")[0] or file
    prefix = f"{stem}_"
    listed = item.get("video_files")
    videos: list[tuple[str, str]] = []
    for video in listed if isinstance(listed, list) else []:
        plain = _plain_name(video, problems)
        if not plain:
            continue
        camera = plain.rpartition(".")[0] or plain
        if camera.startswith(prefix) and len(camera) > len(prefix):
            camera = camera[len(prefix) :]
        else:
            problems.append(
                Problem("name-odd", f"{shown(plain)} is not named {shown(stem)}_<camera>.mp4.")
            )
        videos.append((camera, plain))
    # the trainer takes the first two in this order as its cameras
    videos.sort(key=lambda video: video[1])
    start, end = to_text(item.get("start_timestamp")), to_text(item.get("end_timestamp"))
    number = -1 if episode_id is None else episode_id
    return InnateEntry(number, file, start, end, tuple(videos), tuple(problems), item)


def _plain_name(name: object, problems: list[Problem]) -> str:
    if name is None:
        return ""
    text = to_text(name)
    if not text or text[0] == "." or "/" in text or "\0" in text or text != name:
        problems.append(Problem("leads-elsewhere", f"The file name {quoted(name)} is not allowed."))
        return ""
    return text


def _compare(entries: list[InnateEntry], listing: Listing) -> list[Problem]:
    problems: list[Problem] = []
    listed = {entry.file for entry in entries} - {""}
    videos = {file for entry in entries for _, file in entry.videos}
    missing = sorted((listed | videos) - listing.files.keys())
    if missing:
        problems.append(
            Problem("file-missing", f"Files that the list names are missing: {some(missing)}.")
        )
    extra = sorted(
        name
        for name in listing.files
        if "/" not in name and name.endswith((".h5", ".hdf5", ".mp4"))
        if name not in listed and name not in videos
    )
    if extra:
        problems.append(
            Problem(
                "file-unlisted", f"Files in data/ are not in the list of episodes: {some(extra)}."
            )
        )
    tiny = sorted(
        name
        for name in listed | videos
        if name in listing.files and too_small(listing.files[name].size)
    )
    if tiny:
        problems.append(
            Problem("lfs-pointer", f"Files are empty or mere Git LFS pointers: {some(tiny)}.")
        )
    return problems


def _format(declared: object, entries: list[InnateEntry], problems: list[Problem]) -> DatasetFormat:
    converted = sum(1 for entry in entries if entry.videos)
    if not entries:
        return DatasetFormat.H264 if declared == "h264" else DatasetFormat.H5
    if declared not in ("h5", "h264"):
        problems.append(
            Problem("type-differs", f"dataset_type is {quoted(declared)}; it must be h5 or h264.")
        )
    elif declared == "h5" and converted:
        problems.append(
            Problem(
                "type-differs", f"dataset_type is h5, but {converted} episodes have video files."
            )
        )
    if converted == len(entries):
        return DatasetFormat.H264
    return DatasetFormat.MIXED if converted else DatasetFormat.H5


def seconds_between(start: str, end: str) -> float:
    """Seconds from one ISO 8601 time to another; 0 where that makes no sense."""
    try:
        seconds = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except (ValueError, TypeError):  # TypeError: one has a zone, the other not
        return 0.0
    return max(seconds, 0.0)
