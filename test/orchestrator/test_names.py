from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.errors import InvalidInput
from training_manager_ros.orchestrator.names import check_name

GOOD = ["a", "data/episode_0.h5", "data/a b.mp4", "ü/ß", ".hidden", "a..b", "...", "a" * 255]
BAD = [
    "", "/", "/etc/passwd", "..", "../x", "data/../../x", "a//b", "a/", "./a", "a/.", "a\\..\\b",
    "a\0b", "a\nb", "\x7f", "a" * 256, "a/" * 600 + "b", "\ud800", 5, None, ["a"],
]  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_plain_relative_path_is_a_name(name):
    assert check_name(name) == name


@pytest.mark.parametrize("name", BAD, ids=lambda n: repr(n)[:20])
def test_what_climbs_out_or_cannot_be_a_file_is_refused(name):
    with pytest.raises(InvalidInput):
        check_name(name)


@given(st.lists(st.sampled_from(["..", ".", "", "a", "/", "b.h5"]), max_size=6).map("/".join))
def test_an_accepted_name_stays_below_its_folder(name):
    try:
        check_name(name)
    except InvalidInput:
        return
    folder = Path("/srv/run/data")
    path = Path(*(folder / name).parts)
    assert path.is_relative_to(folder)
    assert path != folder
    assert ".." not in path.parts
