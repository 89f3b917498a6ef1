"""Which format a skill's data/ folder has, by its files; from there to a summary or a dataset."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.innate import InnateDataset
from training_manager_ros.datasets.innate_index import InnateIndex, innate_index
from training_manager_ros.datasets.jsonfile import quoted, read_json
from training_manager_ros.datasets.lerobot import LeRobotDataset
from training_manager_ros.datasets.lerobot_info import LeRobotInfo, lerobot_info
from training_manager_ros.datasets.lerobot_v2 import LayoutV2, list_episodes_v2
from training_manager_ros.datasets.lerobot_v3 import LayoutV3
from training_manager_ros.datasets.lerobot_v3_index import list_episodes_v3
from training_manager_ros.datasets.listing import Listing, scan, some
from training_manager_ros.datasets.model import Dataset, DatasetFormat, DatasetSummary
from training_manager_ros.datasets.problem import Problem, problem_of
from training_manager_ros.datasets.sound import too_small
from training_manager_ros.errors import NotFound, Unreadable

__all__ = ["open_dataset", "summarise"]

_INNATE = "dataset_metadata.json"
_INFO = "meta/info.json"


def open_dataset(skill_dir: Path, facts: FactCache) -> Dataset:
    """The dataset of a skill's folder, as it is now.

    Raises `NotFound` where there is none and `Unreadable` where its list of episodes is broken, or
    is being written at this moment. No episode's file is opened.
    """
    listing = _scan(skill_dir)
    if listing is None:
        raise NotFound(f"{skill_dir.name} has no dataset yet.")
    if _INNATE in listing.files or not _is_lerobot(listing):
        index, listing = _innate(skill_dir, listing)
        return InnateDataset(skill_dir, _innate_summary(index, listing), index, listing, facts)
    info, summary = _lerobot_summary(listing)
    if summary.format is DatasetFormat.LEROBOT_V30:
        episodes, problems = list_episodes_v3(listing, facts)
        layout: LayoutV2 | LayoutV3 = LayoutV3(episodes, info, listing, facts)
    else:
        listed, problems = list_episodes_v2(listing)
        layout = LayoutV2(listed, info, listing, facts)
    count = len(layout.episodes)
    if summary.format is DatasetFormat.LEROBOT_V30 and info.total_episodes not in (None, count):
        problems += (_wrong_total(info, count),)
    summary = replace(
        summary,
        episode_count=count,
        problems=tuple(dict.fromkeys(summary.problems + problems)),
    )
    return LeRobotDataset(skill_dir, summary, info, layout, facts)


def summarise(skill_dir: Path) -> DatasetSummary | None:
    """What a list shows of a skill's dataset, by its JSON files and sizes alone; None: no dataset.

    Raises `Unreadable` where not even the kind of dataset can be told.
    """
    listing = _scan(skill_dir)
    if listing is None:
        return None
    if _INNATE in listing.files or not _is_lerobot(listing):
        try:
            return _innate_summary(*_innate(skill_dir, listing))
        except Unreadable as error:
            episodes = sum(name.endswith(".h5") for name in listing.files if "/" not in name)
            problems = (problem_of(error), *listing.problems)
            return DatasetSummary(DatasetFormat.H5, 0.0, episodes, listing.size_bytes, (), problems)
    return _lerobot_summary(listing)[1]


def _scan(skill_dir: Path) -> Listing | None:
    if not os.path.lexists(skill_dir / "data"):
        return None
    listing = _walk(skill_dir)
    if _INNATE in listing.files or _is_lerobot(listing) or _loose(listing):
        return listing
    if listing.problems:
        raise Unreadable(listing.problems[0], listing.problems[0].code)
    if "meta_data/info.json" in listing.files:
        raise Unreadable(
            "data/ holds a LeRobot v1 dataset; convert it to v2.0 or later first.", "version-old"
        )
    return None


def _walk(skill_dir: Path) -> Listing:
    return scan(str(skill_dir / "data"), os.path.realpath(skill_dir.parent))


def _is_lerobot(listing: Listing) -> bool:
    return _INFO in listing.files or any(
        name.startswith(("meta/episodes", "data/chunk-", "videos/")) for name in listing.files
    )


def _loose(listing: Listing) -> list[str]:
    return sorted(name for name in listing.files if "/" not in name and name.endswith(".h5"))


def _innate(skill_dir: Path, listing: Listing) -> tuple[InnateIndex, Listing]:
    if _INNATE in listing.files:
        value = read_json(listing.files[_INNATE].path)
        index = innate_index(value, listing)
        if not index.names <= listing.files.keys():
            # the recorder may have added an episode after the walk: the list was read later
            listing = _walk(skill_dir)
            index = innate_index(value, listing)
        return index, listing
    empty = innate_index({"episodes": [], "number_of_episodes": 0}, replace(listing, files={}))
    problem = Problem(
        "file-missing",
        f"{_INNATE} is missing, so these files are no episodes: {some(_loose(listing))}.",
    )
    return replace(empty, problems=(*empty.problems, problem)), listing


def _innate_summary(index: InnateIndex, listing: Listing) -> DatasetSummary:
    return DatasetSummary(
        index.format,
        index.rate,
        len(index.entries),
        listing.size_bytes,
        index.cameras,
        index.problems,
    )


def _lerobot_summary(listing: Listing) -> tuple[LeRobotInfo, DatasetSummary]:
    problems = list(listing.problems)
    if _INFO in listing.files:
        try:
            info = lerobot_info(read_json(listing.files[_INFO].path))
            problems += info.problems
        except Unreadable as error:
            info = lerobot_info({})
            problems.append(problem_of(error, "meta/"))
    else:
        info = lerobot_info({})
        problems.append(Problem("file-missing", "meta/info.json is missing."))
    kind = _version(info, listing, problems)
    if kind is DatasetFormat.LEROBOT_V30:
        count = info.total_episodes or 0
    else:
        listed, list_problems = list_episodes_v2(listing)
        problems += list_problems
        count = len(listed)
        if info.total_episodes not in (None, count):
            problems.append(_wrong_total(info, count))
    tiny = sorted(
        name
        for name, file in listing.files.items()
        if name.endswith((".parquet", ".mp4")) and too_small(file.size)
    )
    if tiny:
        problems.append(
            Problem("lfs-pointer", f"Files are empty or mere Git LFS pointers: {some(tiny)}.")
        )
    cameras = _cameras(info, listing, problems)
    summary = DatasetSummary(
        kind, info.rate, count, listing.size_bytes, cameras, tuple(dict.fromkeys(problems))
    )
    return info, summary


def _version(info: LeRobotInfo, listing: Listing, problems: list[Problem]) -> DatasetFormat:
    """The version that the files have; what info.json says decides only where they don't."""
    names = listing.files
    kind: DatasetFormat | None = None
    if any(name.startswith("meta/episodes/") for name in names) or any(
        name.startswith("data/chunk-") and "/file-" in name for name in names
    ):
        kind = DatasetFormat.LEROBOT_V30
    elif "meta/episodes_stats.jsonl" in names:
        kind = DatasetFormat.LEROBOT_V21
    elif "meta/stats.json" in names:
        kind = DatasetFormat.LEROBOT_V20
    version = info.version.removeprefix("v")
    declared = {
        "2.0": DatasetFormat.LEROBOT_V20,
        "2.1": DatasetFormat.LEROBOT_V21,
        "3.0": DatasetFormat.LEROBOT_V30,
    }.get(version)
    if declared is None or (kind is not None and kind is not declared):
        kind = kind or DatasetFormat.LEROBOT_V21
        problems.append(
            Problem(
                "version-differs",
                f"codebase_version is {quoted(info.version)}, but the files are those of "
                f"{kind.value.removeprefix('lerobot-')}; it is read as that.",
            )
        )
    return kind or declared or DatasetFormat.LEROBOT_V21


def _cameras(info: LeRobotInfo, listing: Listing, problems: list[Problem]) -> tuple[str, ...]:
    """The declared cameras that have files."""
    folders = {name.rpartition("/")[0] for name in listing.files if name.endswith(".mp4")}
    absent = [
        camera.name
        for camera in info.cameras
        if camera.dtype == "video"
        and not any(f"/{camera.name}/" in f"/{folder}/" for folder in folders)
    ]
    if absent:
        problems.append(
            Problem(
                "camera-missing",
                f"Cameras are declared, but have no video files: {', '.join(absent)}.",
            )
        )
    return tuple(camera.name for camera in info.cameras if camera.name not in absent)


def _wrong_total(info: LeRobotInfo, count: int) -> Problem:
    return Problem(
        "count-differs", f"total_episodes is {info.total_episodes}, but there are {count} episodes."
    )
