from __future__ import annotations

import os
from pathlib import Path

import pytest

from training_manager_ros.datasets.listing import Listing, ranges, scan, shown, some


def _scan(root: Path) -> Listing:
    return scan(str(root / "skill/data"), os.path.realpath(root))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    data = tmp_path / "skills/skill/data"
    (data / "chunk-000").mkdir(parents=True)
    (data / "a.h5").write_bytes(b"12345")
    (data / "chunk-000/b.mp4").write_bytes(b"123")
    (data / ".episode_recording.h5.tmp").write_bytes(b"1")
    (data / "__pycache__").mkdir()
    (data / "__pycache__/x.pyc").write_bytes(b"1")
    (data / ".hidden").mkdir()
    (data / ".hidden/c.h5").write_bytes(b"1")
    return tmp_path / "skills"


def test_lists_files_with_size_and_time_and_leaves_out_what_is_hidden(root: Path) -> None:
    listing = _scan(root)
    assert sorted(listing.files) == ["a.h5", "chunk-000/b.mp4"]
    assert listing.size_bytes == 8
    assert listing.problems == ()
    entry = listing.files["a.h5"]
    status = (root / "skill/data/a.h5").stat()
    assert (entry.path, entry.size) == (str(root / "skill/data/a.h5"), 5)
    assert entry.mtime_ns == status.st_mtime_ns


@pytest.mark.parametrize("target", ["file", "folder"])
def test_a_link_out_of_the_skills_folder_is_a_problem(root: Path, target: str) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "secret.h5").write_bytes(b"secret")
    to = outside if target == "folder" else outside / "secret.h5"
    (root / "skill/data/link.h5").symlink_to(to)
    listing = _scan(root)
    assert sorted(listing.files) == ["a.h5", "chunk-000/b.mp4"]
    assert len(listing.problems) == 1
    assert "link.h5 is a link that leads out of the skills folder" in listing.problems[0]


def test_a_sibling_whose_name_begins_alike_is_outside(root: Path) -> None:
    other = root.parent / "skills-private"
    other.mkdir()
    (other / "x.h5").write_bytes(b"1")
    (root / "skill/data/x.h5").symlink_to(other / "x.h5")
    assert "x.h5" not in _scan(root).files


def test_links_below_the_skills_folder_are_followed_once(root: Path) -> None:
    shared = root / "other/data"
    shared.mkdir(parents=True)
    (shared / "d.h5").write_bytes(b"1234")
    data = root / "skill/data"
    (data / "more").symlink_to(shared)
    (data / "single.h5").symlink_to(shared / "d.h5")
    (data / "loop").symlink_to(data)
    assert sorted(_scan(root).files) == ["a.h5", "chunk-000/b.mp4", "more/d.h5", "single.h5"]


def test_a_dangling_link_and_a_link_in_place_of_data_are_problems(root: Path) -> None:
    (root / "skill/data/gone.h5").symlink_to(root / "nowhere.h5")
    assert _scan(root).problems == ("gone.h5 can't be read: No such file or directory.",)
    (root / "second").mkdir()
    (root / "second/data").symlink_to(root.parent)
    listing = scan(str(root / "second/data"), os.path.realpath(root))
    assert not listing.files
    assert "data is a link that leads out" in listing.problems[0]


def test_what_is_no_regular_file_is_left_out(root: Path) -> None:
    os.mkfifo(root / "skill/data/pipe.h5")
    assert "pipe.h5" not in _scan(root).files


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_a_problem(root: Path) -> None:
    folder = root / "skill/data/chunk-000"
    folder.chmod(0)
    try:
        listing = _scan(root)
    finally:
        folder.chmod(0o755)
    assert listing.problems == ("The folder chunk-000 can't be read: Permission denied.",)
    assert sorted(listing.files) == ["a.h5"]


def test_a_file_in_place_of_data_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    listing = scan(str(tmp_path / "data"), str(tmp_path))
    assert listing.problems == ("The folder data can't be read: Not a directory.",)


def test_names_are_shown_whatever_their_bytes(root: Path) -> None:
    folder = os.fsencode(root / "skill/data")
    with open(folder + b"/caf\xe9.h5", "wb") as file:
        file.write(b"1")
    (name,) = (name for name in _scan(root).files if name.startswith("caf"))
    assert shown(name).encode() == b"caf?.h5"


def test_some_names_the_first_three() -> None:
    assert some(["a", "b", "c"]) == "a, b, c"
    assert some("abcde") == "a, b, c and 2 more"


@pytest.mark.parametrize(
    ("numbers", "text"),
    [((), ""), ((3,), "3"), ((0, 1), "0-1"), ((0, 2, 3, 4, 9), "0, 2-4, 9")],
)
def test_ranges(numbers: tuple[int, ...], text: str):
    assert ranges(numbers) == text
