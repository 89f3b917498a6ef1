from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.errors import InvalidInput, NotFound, TrainingManagerError
from training_manager_ros.skills import folder_name, skill_folder
from training_manager_ros.skills.folders import candidate_names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Pick up cup", "pick-up-cup"),
        ("Pick up cup!", "pick-up-cup"),
        ("pick_up_cup", "pickupcup"),
        ("  Two   blanks\tand\na line ", "two-blanks-and-a-line"),
        ("a-b--c", "a-b--c"),
        ("CR5 reach v2.1", "cr5-reach-v21"),
        ("Öffne die Tür", "ffne-die-tr"),
        ("../../etc/passwd", "etcpasswd"),
    ],
)
def test_the_brains_rule_for_folder_names(name: str, expected: str) -> None:
    assert folder_name(name) == expected


@pytest.mark.parametrize("name", ["", "   ", "!?", "日本", "..", "x" * 256])
def test_names_that_give_no_folder(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        folder_name(name)
    assert list(caught.value.fields) == ["name"]


@settings(deadline=None)
@given(st.text())
def test_a_folder_name_is_always_an_id(name: str) -> None:
    try:
        folder = folder_name(name)
    except InvalidInput:
        return
    assert set(folder) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert folder_name(folder) == folder


@pytest.fixture
def outside(root: Path) -> Path:
    """A skill beside the skills directory, and links of all kinds."""
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "metadata.json").write_text("{}")
    (root / "real").mkdir()
    (root / "file").write_text("")
    for link, target in {
        "inside": root / "real",
        "relative": Path("real"),
        "leads-out": elsewhere,
        "leads-up": Path(".."),
        "leads-to-root": Path("."),
        "leads-far": Path("/etc"),
        "dangling": root / "gone",
        "loop": root / "loop",
        "to-file": root / "file",
        "twice": root / "leads-out",
    }.items():
        (root / link).symlink_to(target)
    return elsewhere


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("name", ["real", "inside", "relative"])
def test_folders_and_links_inside_are_found(root: Path, name: str) -> None:
    assert skill_folder(root, name) == root / name


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize(
    "name",
    ["gone", "file", "leads-out", "leads-up", "leads-to-root", "leads-far", "dangling", "loop",
     "to-file", "twice", "%2e%2e", "real%2fdata", "réal"],
)  # fmt: skip
def test_what_is_no_folder_below_is_not_found(root: Path, name: str) -> None:
    with pytest.raises(NotFound):
        skill_folder(root, name)


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/", "/etc", "../elsewhere", "real/", "real/data", "real/../real", "./real",
     "a\0b", "real\0", ".hidden", "__pycache__", "x" * 256, "\ud800", "ü" * 128],
)  # fmt: skip
def test_what_is_no_name_is_refused(root: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        skill_folder(root, name)


def test_a_skills_directory_that_is_a_link_or_absent(root: Path, outside: Path) -> None:
    link = root.parent / "link"
    link.symlink_to(root)
    assert skill_folder(link, "inside") == link / "inside"
    with pytest.raises(NotFound):
        skill_folder(link, "leads-out")
    with pytest.raises(NotFound):
        skill_folder(root / "nowhere", "real")
    with pytest.raises(NotFound):
        skill_folder(root / "file", "real")


@settings(deadline=None)
@given(st.text())
def test_no_name_leads_anywhere_else(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    root = tmp_path_factory.getbasetemp()
    try:
        folder = skill_folder(root, name)
    except TrainingManagerError:
        return
    assert folder.parent == root


def test_hidden_entries_and_files_are_no_candidates(
    root: Path, make_skill: Callable[..., Path]
) -> None:
    for name in ("b", "a", ".staging", "__pycache__"):
        make_skill(name)
    (root / "notes.txt").write_text("")
    (root / "to-file").symlink_to(root / "notes.txt")
    (root / "dangling").symlink_to("gone")
    os.mkfifo(root / "fifo")
    assert sorted(candidate_names(root)) == ["a", "b", "dangling"]
