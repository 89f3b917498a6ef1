"""The list of episodes takes up videos while the recorder, without a lock, appends to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.editing.convert_list import LIST, list_videos
from training_manager_ros.errors import Unreadable

VIDEOS = {"episode_0.h5": ("episode_0_a.mp4",)}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write(tmp_path, [entry(0), entry(1)])
    for number in range(4):
        (tmp_path / f"episode_{number}.h5").write_bytes(b"rows")
    return tmp_path


def entry(number: int) -> dict[str, Any]:
    return {"episode_id": number, "file_name": f"episode_{number}.h5", "more": {"b": 1, "a": 2}}


def text(episodes: list[dict[str, Any]]) -> str:
    return json.dumps(
        {
            "own": 1,
            "dataset_type": "h5",
            "number_of_episodes": len(episodes),
            "episodes": episodes,
        }
    )


def write(data: Path, episodes: list[dict[str, Any]]) -> None:
    (data / LIST).write_text(text(episodes))


def read(data: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((data / LIST).read_text())
    return value


def names(data: Path) -> list[str]:
    return [item["file_name"] for item in read(data)["episodes"]]


def test_all_else_stays(data: Path):
    list_videos(data, VIDEOS, Files())
    assert read(data) == {
        "own": 1,
        "dataset_type": "h264",
        "number_of_episodes": 2,
        "episodes": [{**entry(0), "video_files": ["episode_0_a.mp4"]}, entry(1)],
    }
    assert sorted(path.name for path in data.glob("*")) == sorted(
        [LIST, *(f"episode_{i}.h5" for i in range(4))]
    )


def test_what_is_listed_already_is_not_written_again(data: Path):
    list_videos(data, VIDEOS, Files())
    before = (data / LIST).stat()
    list_videos(data, VIDEOS, Files())
    list_videos(data, {"episode_7.h5": ("x.mp4",)}, Files())
    assert (data / LIST).stat().st_ino == before.st_ino


def test_an_episode_that_is_appended_just_before_the_rename_is_kept(data: Path):
    written: list[str] = []

    def record(what: str, path: Path) -> None:
        if not written:
            write(data, [entry(0), entry(1), entry(2)])
        written.append(what)

    list_videos(data, VIDEOS, Files(before=record))
    assert names(data) == [f"episode_{i}.h5" for i in range(3)]
    assert read(data)["episodes"][0]["video_files"] == ["episode_0_a.mp4"]


def test_an_episode_that_is_written_into_the_old_file_after_the_rename_is_taken_over(data: Path):
    old = (data / LIST).open("r+")
    late: list[bool] = []

    def record(what: str, path: Path) -> None:
        if late:  # the next change after the list was put in place
            old.seek(0)
            old.write(text([entry(0), entry(1), entry(2)]))
            old.close()
            late.clear()
        elif not old.closed and (data / LIST).exists():
            late.append(True)

    list_videos(data, VIDEOS, Files(before=record))
    if not old.closed:
        old.close()
    assert names(data) == [f"episode_{i}.h5" for i in range(3)]
    assert read(data)["number_of_episodes"] == 3
    assert read(data)["episodes"][0]["video_files"] == ["episode_0_a.mp4"]


def test_a_list_that_stays_broken_is_told(data: Path):
    (data / LIST).write_text("{")
    with pytest.raises(Unreadable, match=LIST):
        list_videos(data, VIDEOS, Files(), patience=0.1)
    assert (data / LIST).read_text() == "{"
