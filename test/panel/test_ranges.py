from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.panel.ranges import (
    Part,
    Revision,
    Unsatisfiable,
    is_known,
    part_asked_for,
)

REVISION = Revision('"17-3e8-5"', 1000, 1_700_000_000.9)
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
LATER = "Tue, 14 Nov 2023 22:13:21 GMT"
EARLIER = "Tue, 14 Nov 2023 22:13:19 GMT"


def part(range_header: str, **more: str) -> Part:
    headers = {"Range": range_header, **{name.replace("_", "-"): v for name, v in more.items()}}
    return part_asked_for("GET", headers, REVISION)


WHOLE = Part(0, 1000, True)


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, 1000),
        ("bytes=0-999", 0, 1000),
        ("bytes=0-99999", 0, 1000),
        ("bytes=100-199", 100, 200),
        ("bytes=999-", 999, 1000),
        ("bytes=-1", 999, 1000),
        ("bytes=-1000", 0, 1000),
        ("bytes=-5000", 0, 1000),
        ("Bytes=5-9", 5, 10),
        ("bytes= 5-9 ", 5, 10),
    ],
)
def test_ranges(header: str, start: int, stop: int) -> None:
    assert part(header) == Part(start, stop, False)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=9-5",
        "bytes=0-1,5-6",
        "bytes=1.5-3",
        "bytes=--5",
        "bytes=+1-2",
        "items=0-5",
        "bytes=٣-٤",
        "bytes=0-" + "9" * 40,
    ],
)
def test_what_is_no_single_range_is_ignored(header: str) -> None:
    assert part(header) == WHOLE


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-2000", "bytes=5000-", "bytes=-0"])
def test_ranges_behind_the_end(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        part(header)


def test_an_empty_file_has_no_range() -> None:
    empty = Revision('"0"', 0, 0.0)
    for header in ("bytes=0-", "bytes=-5", "bytes=0-0"):
        with pytest.raises(Unsatisfiable):
            part_asked_for("GET", {"Range": header}, empty)
    assert part_asked_for("GET", {}, empty) == Part(0, 0, True)


def test_head_has_no_range() -> None:
    assert part_asked_for("HEAD", {"Range": "bytes=0-5"}, REVISION) == WHOLE


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ('"17-3e8-5"', True),
        ('"17-3e8-6"', False),
        ('W/"17-3e8-5"', False),  # a range needs a strong one
        (DATE, True),
        (LATER, False),
        (EARLIER, False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_if_range(condition: str, holds: bool) -> None:
    expected = Part(0, 6, False) if holds else WHOLE
    assert part("bytes=0-5", If_Range=condition) == expected


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({}, False),
        ({"If-None-Match": '"17-3e8-5"'}, True),
        ({"If-None-Match": 'W/"17-3e8-5"'}, True),
        ({"If-None-Match": '"a", "17-3e8-5"'}, True),
        ({"If-None-Match": "*"}, True),
        ({"If-None-Match": '"a"'}, False),
        ({"If-None-Match": "17-3e8-5"}, False),
        ({"If-None-Match": '"a"', "If-Modified-Since": DATE}, False),
        ({"If-Modified-Since": DATE}, True),
        ({"If-Modified-Since": LATER}, True),
        ({"If-Modified-Since": EARLIER}, False),
        ({"If-Modified-Since": "yesterday"}, False),
        ({"If-Modified-Since": ""}, False),
    ],
)
def test_conditional_requests(headers: dict[str, str], known: bool) -> None:
    assert is_known(headers, REVISION) is known


@given(
    st.integers(0, 50),
    st.one_of(st.none(), st.integers(0, 60)),
    st.one_of(st.none(), st.integers(0, 60)),
)
def test_a_range_is_what_slicing_gives(size: int, first: int | None, last: int | None) -> None:
    data = bytes(range(size))
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    if first is None:
        expected = data if last is None else data[len(data) - min(last, len(data)) :]
    else:
        expected = data[first:] if last is None else data[first : last + 1]
        if last is not None and last < first:
            expected = data
    try:
        got = part_asked_for("GET", {"Range": header}, Revision('"x"', size, 0.0))
    except Unsatisfiable:
        assert expected == b""
    else:
        assert data[got.start : got.stop] == expected


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_header_is_understood_or_ignored(a: str, b: str, c: str) -> None:
    headers = {"Range": a, "If-Range": b, "If-Modified-Since": c}
    is_known(headers, REVISION)
    assert part_asked_for("GET", headers, REVISION).stop <= 1000
