from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.datasets import DatasetFormat
from training_manager_ros.datasets.innate_index import (
    InnateIndex,
    innate_index,
    seconds_between,
)
from training_manager_ros.datasets.listing import FileEntry, Listing


def _listing(*names: str, size: int = 5000) -> Listing:
    return Listing({name: FileEntry(f"/d/{name}", size, 1) for name in names}, ())


def _entry(number: int, *videos: str, **more: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {"episode_id": number, "file_name": f"episode_{number}.h5"}
    if videos:
        entry["video_files"] = list(videos)
    return entry | more


def _index(entries: object, listing: Listing, **more: Any) -> InnateIndex:
    count = len(entries) if isinstance(entries, list) else 0
    value = {
        "data_frequency": 30,
        "dataset_type": "h5",
        "number_of_episodes": count,
        "episodes": entries,
    }
    return innate_index(value | more, listing)


def test_a_sound_list_has_no_problems() -> None:
    index = _index([_entry(0, start_timestamp="a", end_timestamp="b")], _listing("episode_0.h5"))
    assert (index.format, index.rate, index.problems) == (DatasetFormat.H5, 30.0, ())
    (entry,) = index.entries
    assert (entry.id, entry.file, entry.start, entry.end) == (0, "episode_0.h5", "a", "b")
    assert (entry.videos, entry.problems) == ((), ())


def test_episode_1_is_not_episode_10() -> None:
    names = ["episode_1.h5", "episode_10.h5", "episode_1_0.mp4", "episode_10_0.mp4"]
    entries = [_entry(1, "episode_1_0.mp4"), _entry(10, "episode_10_0.mp4")]
    index = _index(entries, _listing(*names), dataset_type="h264")
    assert [entry.videos for entry in index.entries] == [
        (("0", "episode_1_0.mp4"),),
        (("0", "episode_10_0.mp4"),),
    ]
    assert index.problems == ()
    assert index.cameras == ("0",)


def test_cameras_are_in_the_order_of_the_trainer() -> None:
    videos = ["episode_0_wrist.mp4", "episode_0_main.mp4"]
    index = _index([_entry(0, *videos)], _listing("episode_0.h5", *videos), dataset_type="h264")
    assert [camera for camera, _ in index.entries[0].videos] == ["main", "wrist"]


@pytest.mark.parametrize(
    ("declared", "converted", "kind", "says"),
    [
        ("h5", [False, False], DatasetFormat.H5, ""),
        ("h264", [True, True], DatasetFormat.H264, ""),
        ("h264", [True, False], DatasetFormat.MIXED, ""),
        ("h264", [False, False], DatasetFormat.H5, ""),
        ("h5", [True, False], DatasetFormat.MIXED, "dataset_type is h5, but 1 episodes have"),
        ("h5", [True, True], DatasetFormat.H264, "dataset_type is h5, but 2 episodes have"),
        ("hdf5", [False, False], DatasetFormat.H5, "dataset_type is 'hdf5'; it must be"),
        (None, [True, True], DatasetFormat.H264, "dataset_type is null; it must be"),
        ("h5", [], DatasetFormat.H5, ""),
        ("h264", [], DatasetFormat.H264, ""),
    ],
)
def test_the_files_say_which_format_it_is(
    declared: str | None, converted: list[bool], kind: DatasetFormat, says: str
) -> None:
    entries, names = [], []
    for number, one in enumerate(converted):
        videos = [f"episode_{number}_main.mp4"] if one else []
        entries.append(_entry(number, *videos))
        names += [f"episode_{number}.h5", *videos]
    index = _index(entries, _listing(*names), dataset_type=declared)
    assert index.format is kind
    assert [says in problem for problem in index.problems] == ([True] if says else [])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"number_of_episodes": 3}, "lists 1 episodes, but its number_of_episodes is 3"),
        ({"number_of_episodes": "1"}, "number_of_episodes is no whole number"),
        ({"data_frequency": 0}, "The frame rate is unknown"),
        ({"data_frequency": None}, "The frame rate is unknown"),
        ({"data_frequency": float("nan")}, "The frame rate is unknown"),
        ({"episodes": {"0": {}}}, "has no list of episodes"),
    ],
)
def test_what_is_wrong_with_the_list_is_said(change: dict[str, Any], says: str) -> None:
    value = {
        "data_frequency": 30,
        "dataset_type": "h5",
        "number_of_episodes": 1,
        "episodes": [_entry(0)],
    }
    index = innate_index(value | change, _listing("episode_0.h5"))
    assert any(says in problem for problem in index.problems)


def test_list_and_disk_are_compared_both_ways() -> None:
    entries = [_entry(0), _entry(1), _entry(2, "episode_2_main.mp4")]
    listing = _listing("episode_0.h5", "episode_2.h5", "episode_7.h5", "episode_0_main.mp4")
    problems = _index(entries, listing, dataset_type="h264").problems
    assert problems == (
        "Files that the list names are missing: episode_1.h5, episode_2_main.mp4.",
        "Files in data/ are not in the list of episodes: episode_0_main.mp4, episode_7.h5.",
    )


def test_empty_files_and_lfs_pointers_are_seen_by_their_size() -> None:
    index = _index([_entry(0)], _listing("episode_0.h5", size=132))
    assert index.problems == ("Files are empty or mere Git LFS pointers: episode_0.h5.",)


@pytest.mark.parametrize(
    "name",
    ["../secret.h5", "/etc/passwd", "a/b.h5", "", ".hidden.h5", "a\0.h5", "\ud800.h5", 3, []],
)
def test_a_file_name_leads_nowhere_else(name: object) -> None:
    index = _index([_entry(0, file_name=name)], _listing())
    (entry,) = index.entries
    assert entry.file == ""
    assert any("is not allowed" in problem for problem in entry.problems)
    index = _index([_entry(0, video_files=[name])], _listing("episode_0.h5"))
    assert index.entries[0].videos == ()


def test_ids_that_are_wrong_or_twice() -> None:
    entries = [_entry(1), _entry(1), {"file_name": "x.h5"}, _entry(-5), _entry(True), "nonsense"]
    index = _index(entries, _listing())
    assert [entry.id for entry in index.entries] == [0, 1, 2, 3]
    assert [bool(entry.problems) for entry in index.entries] == [True, False, True, True]
    assert "no valid episode_id and is shown as 0" in index.entries[0].problems[0]
    said = " ".join(index.problems)
    assert "lists episode 1 twice" in said
    assert "Entry 5 of dataset_metadata.json is no episode" in said


def test_a_video_of_another_name_is_a_camera_all_the_same() -> None:
    index = _index([_entry(0, "front.mp4")], _listing("episode_0.h5", "front.mp4"))
    assert index.entries[0].videos == (("front", "front.mp4"),)
    assert "not named episode_0_<camera>.mp4" in index.entries[0].problems[0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["episode_id", "file_name", "video_files", "start_timestamp"]), inner
        )
    ),
    max_leaves=12,
)
keys = st.sampled_from(["data_frequency", "dataset_type", "number_of_episodes", "episodes"])


@given(st.dictionaries(keys, json_values))
def test_no_list_of_any_shape_raises(value: dict[str, Any]) -> None:
    index = innate_index(value, _listing("episode_0.h5"))
    ids = [entry.id for entry in index.entries]
    assert ids == sorted(set(ids))
    assert all(0 <= number < 2**31 for number in ids)
    "".join(index.problems).encode()


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("2026-03-02T09:00:00", "2026-03-02T09:00:01.500000", 1.5),
        ("2026-03-02 09:00:00", "2026-03-02 09:01:00", 60.0),
        ("2026-03-02T09:00:02", "2026-03-02T09:00:01", 0.0),
        ("", "2026-03-02T09:00:01", 0.0),
        ("yesterday", "today", 0.0),
        ("2026-03-02T09:00:00+00:00", "2026-03-02T09:00:01", 0.0),
    ],
)
def test_seconds_between(start: str, end: str, seconds: float) -> None:
    assert seconds_between(start, end) == seconds
