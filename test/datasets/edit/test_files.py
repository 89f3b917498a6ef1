from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest

from training_manager_ros.datasets.edit.files import DiskProblem, FileMode, Files, explained
from training_manager_ros.datasets.edit.selection import (
    kept_episodes,
    named_episodes,
    parse_selection,
)
from training_manager_ros.datasets.edit.staging import staged
from training_manager_ros.errors import Conflict, InvalidInput


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.h5"
    path.write_bytes(os.urandom(100_000))
    os.utime(path, ns=(1, 1_700_000_000_123_456_789))
    return path


@pytest.mark.parametrize("mode", [FileMode.AUTO, FileMode.HARDLINK, FileMode.COPY])
@pytest.mark.parametrize("linkable", [True, False])
def test_a_placed_file_holds_the_same(tmp_path: Path, source: Path, mode, linkable):
    done: list[int] = []
    target = tmp_path / "new" / "data" / "target.h5"
    Files(mode, done.append).place(source, target, linkable=linkable)
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_mtime_ns == source.stat().st_mtime_ns
    assert sum(done) == 100_000
    same_file = target.stat().st_ino == source.stat().st_ino
    assert not same_file or (linkable and mode is not FileMode.COPY)
    if mode is FileMode.HARDLINK and linkable:
        assert same_file


def test_a_placed_file_that_may_be_written_is_never_the_same_file(tmp_path: Path, source: Path):
    target = tmp_path / "target.json"
    Files(FileMode.AUTO).place(source, target, linkable=False)
    before = source.read_bytes()
    with target.open("r+b") as file:
        file.write(b"changed")
    assert source.read_bytes() == before


def test_an_existing_target_is_left_alone(tmp_path: Path, source: Path):
    target = tmp_path / "target"
    target.write_text("mine")
    for mode in (FileMode.HARDLINK, FileMode.COPY):
        with pytest.raises(DiskProblem, match="exists already"):
            Files(mode).place(source, target, linkable=True)
    with pytest.raises(DiskProblem, match="exists already"):
        Files().write(target, b"yours")
    assert target.read_text() == "mine"


def test_links_that_can_not_be_are_refused_where_they_were_asked_for(tmp_path: Path, source: Path):
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system to link to")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        target = Path(folder) / "target.h5"
        with pytest.raises(DiskProblem, match="choose the file mode auto or copy"):
            Files(FileMode.HARDLINK).place(source, target, linkable=True)
        assert not target.exists()
        Files(FileMode.AUTO).place(source, target, linkable=True)
        assert target.read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "only be read"), (errno.EIO, "can't be")],
)
def test_errors_of_the_disk_say_what_to_do(code, words):
    with pytest.raises(DiskProblem, match=words), explained(Path("/x/episode_0.h5")):
        raise OSError(code, os.strerror(code))


def test_a_skill_appears_whole_or_not_at_all(tmp_path: Path):
    files = Files()
    seen = []
    with staged(tmp_path, "new", files) as stage:
        files.write(stage / "data" / "a", b"1")
        seen = [path.name for path in tmp_path.iterdir() if not path.name.startswith(".")]
    assert seen == []
    assert (tmp_path / "new" / "data" / "a").read_bytes() == b"1"
    with pytest.raises(DiskProblem), staged(tmp_path, "broken", files) as stage:
        files.place(tmp_path / "missing", stage / "a", linkable=True)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("count", [1, 40])
def test_copies_are_on_disk_before_they_appear(tmp_path: Path, source: Path, count: int):
    done: list[str] = []
    files = Files(FileMode.COPY, before=lambda what, path: done.append(what))
    with staged(tmp_path, "new", files) as stage:
        for number in range(count):
            files.place(source, stage / f"{number}", linkable=True)
    assert done.count("settle") == 1
    assert done.index("settle") < done.index("publish")
    assert len(list((tmp_path / "new").iterdir())) == count


def test_what_a_crash_left_is_cleaned_and_an_existing_skill_is_not(tmp_path: Path):
    (tmp_path / ".new.staging" / "data").mkdir(parents=True)
    (tmp_path / ".new.staging" / "data" / "half").write_text("")
    with staged(tmp_path, "new", Files()) as stage:
        assert list(stage.iterdir()) == []
        (stage / "whole").write_text("")
    with pytest.raises(Conflict, match="choose another name"), staged(tmp_path, "new", Files()):
        pytest.fail("must not be entered")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["whole"]


@pytest.mark.parametrize("leads", ["nowhere", "."])
def test_a_link_in_the_place_of_a_stage_is_removed_alone(tmp_path: Path, leads: str):
    (tmp_path / "mine").write_text("")
    (tmp_path / ".new.staging").symlink_to(leads)
    with staged(tmp_path, "new", Files()) as stage:
        (stage / "whole").write_text("")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "new"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["whole"]


def test_a_name_that_is_too_long_is_told(tmp_path: Path, source: Path):
    with pytest.raises(DiskProblem, match="too long"):
        Files().place(source, tmp_path / ("x" * 300) / "y", linkable=True)


@pytest.mark.parametrize(
    ("text", "ids"),
    [("3", (3,)), ("3,7-9", (3, 7, 9)), (" 7 - 9 , 3", (7, 9, 3)), ("3,3,1-3", (3, 1))],
)
def test_selections(text, ids):
    assert parse_selection(text, (0, 1, 3, 7, 9)) == ids


@pytest.mark.parametrize("text", ["", "a", "3-", "-3", "9-7", "3;7", "1e3", "2", "7-8", "0x3", ","])
def test_what_is_no_selection_is_refused(text):
    with pytest.raises(InvalidInput):
        parse_selection(text, (0, 1, 3, 7, 9))


def test_deleting_nothing_everything_or_what_is_not_there_is_refused():
    assert kept_episodes([1], (0, 1, 2)) == (0, 2)
    for ids in ([], [0, 1, 2], [0, 7]):
        with pytest.raises(InvalidInput):
            kept_episodes(ids, (0, 1, 2))
    assert named_episodes([2, 0, 2], (0, 1, 2)) == (2, 0)
