"""Names that a server gave."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.errors import Refused
from training_manager_ros.training.names import result_names, unsafe


@pytest.mark.parametrize(
    "name",
    [
        "a.pth",
        "checkpoints/act_step_100.pth",
        "a/b/c/d.txt",
        "with space.txt",
        "ümlaut.txt",
        "日本.pt",
        "a..b",
        "...x/..y"[3:],
        "console.log",
        "x" * 200,
    ],
)
def test_names_that_are_fine(name: str) -> None:
    assert unsafe(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/../x",
        "a/..",
        "a/./b",
        "./a",
        "/etc/passwd",
        "//host/share",
        "a//b",
        "a/",
        "a\\b",
        "..\\x",
        "C:x",
        "c:/x",
        "C:\\x",
        "a\0b",
        "a\nb",
        "a\rb",
        "a\x1bb",
        "a\x7fb",
        "a\u202eb",
        "a\u200bb",
        "a\ud800b",
        "con",
        "CON",
        "nul.txt",
        "com1",
        "a/LPT9.log",
        "trailing.",
        "trailing ",
        " leading",
        "x" * 201,
        "/".join(["x" * 100] * 11),
        "é" * 101,
    ],
)
def test_names_that_are_unsafe(name: str) -> None:
    assert unsafe(name)
    with pytest.raises(Refused):
        result_names(["fine.txt", name])


@pytest.mark.parametrize(
    "names",
    [
        ["model.pth", "Model.pth"],
        ["Dir/a", "dir/A"],
        ["e\u0301.txt", "\u00e9.txt"],
        ["stra\u00dfe", "STRASSE"],
        ["a.pth", "a.pth.zst"],
        ["a", "a/b"],
        ["A/b", "a"],
        ["a.zst/b", "a.zst.zst"],
    ],
)
def test_names_that_collide(names: list[str]) -> None:
    with pytest.raises(Refused, match=r"would be the same|also a folder"):
        result_names(names)


def test_where_files_go() -> None:
    names = result_names(["a.pth.zst", "b/c.txt", ".git/config", "b/.hidden", "d/.zst"])
    assert names.paths == {"a.pth.zst": "a.pth", "b/c.txt": "b/c.txt"}
    assert set(names.skipped) == {".git/config", "b/.hidden", "d/.zst"}


def test_a_long_name_is_not_repeated_whole() -> None:
    with pytest.raises(Refused) as error:
        result_names(["x" * 100_000])
    assert len(str(error.value)) < 300


parts = st.text(st.sampled_from("aA./\\:~ \0é\n"), max_size=8) | st.text(max_size=8)


@settings(deadline=None)
@given(st.lists(parts, max_size=5).map("/".join))
def test_what_is_safe_stays_inside(name: str) -> None:
    try:
        paths = result_names([name]).paths
    except Refused:
        return
    for path in paths.values():
        pure = PurePosixPath(path)
        assert not pure.is_absolute()
        assert ".." not in pure.parts
        assert (Path("/run") / path).resolve().is_relative_to("/run")
        assert not any(part.startswith(".") for part in pure.parts)
