from __future__ import annotations

import io
import os
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.tables import Column, plain, print_table, size_text, time_text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(columns: list[Column], out: io.StringIO) -> list[str]:
    print_table(columns, out)
    return out.getvalue().splitlines()


def test_columns_line_up_and_empty_ones_are_left_out() -> None:
    columns = [
        Column("NAME", ["a", "日本", "c"]),
        Column("NOTHING", ["", "", ""]),
        Column("N", ["1", "", "100"], right=True),
    ]
    assert lines(columns, io.StringIO()) == [
        "NAME    N",
        "a       1",
        "日本",
        "c     100",
    ]
    assert lines([Column("A", [])], io.StringIO()) == []


def test_into_a_pipe_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    long = "x" * 500
    assert long in lines([Column("A", [long], gives_way=True)], io.StringIO())[1]
    assert len(lines([Column("A", [long], gives_way=True)], Terminal())[1]) == 20


def test_the_least_important_columns_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [
        Column("SKILL", ["pick-up-cup"], gives_way=True),
        Column("NAME", ["Pick up cup"], gives_way=True, importance=1),
        Column("STATE", ["in training"], importance=8),
    ]
    for width, expected in (
        (37, "pick-up-cup  Pick up cup  in training"),
        (35, "pick-up-c…  Pick up c…  in training"),
        (31, "pick-up…  Pick up…  in training"),
        (30, "pick-up-cup  in training"),
        (21, "pick-up…  in training"),
        (20, "pick-up-cup"),
        (8, "pick-up…"),
        (3, "pi…"),
    ):
        monkeypatch.setenv("COLUMNS", str(width))
        line = lines(columns, Terminal())[1]
        assert len(line) <= width
        assert line == expected


TITLES = st.text("ABC", min_size=1, max_size=12)


@settings(deadline=None)
@given(
    st.lists(st.tuples(TITLES, st.text(), st.booleans(), st.integers(0, 9)), min_size=1),
    st.integers(1, 120),
)
def test_no_line_is_wider_than_the_terminal(
    cells: list[tuple[str, str, bool, int]], width: int
) -> None:
    columns = [Column(title, [cell], False, way, rank) for title, cell, way, rank in cells]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "COLUMNS", str(width))
        for line in lines(columns, Terminal()):
            shown = sum(
                0
                if unicodedata.combining(c)
                else 2
                if unicodedata.east_asian_width(c) in "WF"
                else 1
                for c in line
            )
            assert shown <= max(width, 1)
            assert line.isprintable()


def test_nothing_moves_the_cursor() -> None:
    assert plain("a\x1b[2J\nb\r\u202ec\u200b\x9b日") == "a�[2J�b��c��日"


def test_sizes_and_times() -> None:
    sizes = {0: "0 B", 999: "999 B", 1000: "1.0 kB", 99_499: "99.5 kB", 99_500: "100 kB"}
    sizes |= {999_499: "999 kB", 999_500: "1.0 MB", 314 * 10**6: "314 MB", 25 * 10**11: "2.5 TB"}
    assert {size: size_text(size) for size in sizes} == sizes
    times = {0: "0:00.0", 5.24: "0:05.2", 59.96: "1:00.0", 754: "12:34.0", 3723: "1:02:03.0"}
    assert {seconds: time_text(seconds) for seconds in times} == times
