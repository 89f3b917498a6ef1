"""Which files belong on the server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from training_manager_ros.errors import Unreadable
from training_manager_ros.training.manifest import is_index, scan


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def names(folder: Path) -> list[str]:
    return [file.name for file in scan(folder)]


def test_the_rule(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "metadata.json", "server-skill.json", "notes.txt", ".hidden", ".training_manager/x",
        "data/episode_0.h5", "data/deep/er/x.parquet", "data/.episode_recording.h5.tmp",
        "data/.hidden/x", "data/__pycache__/x", "__pycache__/x", "raw_data/x", "12/x.pth",
        "data/metadata.json",
    )  # fmt: skip
    assert names(tmp_path) == [
        "data/deep/er/x.parquet",
        "data/episode_0.h5",
        "data/metadata.json",
        "notes.txt",
    ]


def test_no_data(tmp_path: Path) -> None:
    touch(tmp_path, "metadata.json")
    assert names(tmp_path) == []
    (tmp_path / "data").write_text("a file")
    assert names(tmp_path) == ["data"]


def test_links(tmp_path: Path) -> None:
    skill, disk = tmp_path / "skill", tmp_path / "disk"
    touch(disk, "data/a.h5")
    touch(skill, "x")
    (skill / "data").symlink_to(disk / "data")
    (disk / "data" / "again").symlink_to(disk / "data")
    (disk / "data" / "nowhere").symlink_to(disk / "nothing")
    (disk / "data" / "itself").symlink_to("itself")
    assert names(skill) == ["data/a.h5", "x"]


def test_links_that_lead_out_are_not_followed(tmp_path: Path) -> None:
    skill, outside = tmp_path / "skills" / "skill", tmp_path / "outside"
    touch(outside, "key", "deep/key")
    touch(skill, "data/a.h5")
    (skill / "key").symlink_to(outside / "key")
    (skill / "data" / "key").symlink_to("../../../outside/key")
    (skill / "data" / "deep").symlink_to(outside / "deep")
    assert names(skill) == ["data/a.h5"]
    other = tmp_path / "skills" / "other"
    other.mkdir()
    (other / "data").symlink_to(outside)
    assert names(other) == []


def test_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "data/a.h5")
    os.mkfifo(tmp_path / "data" / "pipe")
    assert names(tmp_path) == ["data/a.h5"]


@pytest.mark.parametrize("name", [b"\xff.h5", b"a\\b.h5", b"a\nb.h5"])
def test_names_that_can_not_be_sent(tmp_path: Path, name: bytes) -> None:
    touch(tmp_path, os.fsdecode(b"data/" + name))
    with pytest.raises(Unreadable, match="rename"):
        scan(tmp_path)


def test_a_stamp_changes_with_the_file(tmp_path: Path) -> None:
    touch(tmp_path, "data/a")
    (first,) = scan(tmp_path)
    assert scan(tmp_path) == [first]
    os.utime(tmp_path / "data" / "a", ns=(1, 1))
    assert scan(tmp_path) != [first]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("data/dataset_metadata.json", True),
        ("data/meta/info.json", True),
        ("data/meta/episodes/chunk-000/file-000.parquet", True),
        ("data/episode_0.h5", False),
        ("dataset_metadata.json", False),
        ("data/metadata.json", False),
    ],
)
def test_which_files_go_last(name: str, index: bool) -> None:
    assert is_index(name) == index
