"""Parts of a log: cut between characters, and together the whole."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from training_manager_ros.training.run_log import LogBytes, RunLog, read_part

PARAGRAPH = "zwölf Boxkämpfer 🥊 jagen „Viktor“\n"


class Log:
    """A log on a server, which stores it in pieces and gives no more than one at a time."""

    def __init__(self, *pieces: bytes, ended: bool = True, lost: int = 0) -> None:
        self.data = b"".join(pieces)
        self.ends = [sum(map(len, pieces[: n + 1])) for n in range(len(pieces))]
        self.ended = ended
        self.lost = lost  # bytes at the start that are gone
        self.asked = 0

    async def __call__(self, offset: int, limit: int) -> LogBytes:
        assert limit > 0
        self.asked += 1
        size = len(self.data)
        start = max(self.lost, size + offset if offset < 0 else min(offset, size))
        piece_end = next((end for end in self.ends if end > start), size)
        part = self.data[start : min(start + limit, piece_end)]
        return LogBytes(part, start, self.ended and not part)

    def part(self, offset: int, limit: int = 65536) -> RunLog:
        return asyncio.run(read_part(self, offset, limit))

    def parts(self, offset: int, limit: int) -> Sequence[RunLog]:
        found = [self.part(offset, limit)]
        while found[-1].text:
            found.append(self.part(found[-1].next_offset, limit))
        return found


def test_a_character_at_the_limit_comes_whole_with_the_next_part() -> None:
    log = Log(b"x" * 65535 + "é".encode() + b"y")
    first = log.part(0)
    assert (first.text, first.next_offset) == ("x" * 65535, 65535)
    second = log.part(first.next_offset)
    assert (second.text, second.start, second.next_offset) == ("éy", 65535, 65538)
    assert log.asked == 2
    last = log.part(second.next_offset)
    assert (last.text, last.complete, log.asked) == ("", True, 3)


def test_a_part_that_would_begin_within_a_character_begins_behind_it() -> None:
    log = Log("a🥊b".encode())
    for offset, start in ((1, 1), (2, 5), (3, 5), (4, 5), (5, 5)):
        part = log.part(offset)
        assert (part.start, part.text) == (start, "🥊b" if start == 1 else "b")
    assert log.part(-3) == RunLog("b", 5, 6, False)
    # Nothing is missing between a part and the one before it.
    before = log.part(0, log.part(3).start)
    assert (before.text, before.next_offset) == ("a🥊", 5)


def test_a_character_in_two_pieces_of_the_servers() -> None:
    box = "🥊".encode()
    log = Log(b"a" + box[:2], box[2:] + b"b")
    assert [part.text for part in log.parts(0, 9)] == ["a", "🥊b", ""]


def test_a_character_that_is_not_written_whole_yet() -> None:
    box = "🥊".encode()
    log = Log(b"a" + box[:2], ended=False)
    assert log.part(0).next_offset == 1
    assert log.part(1) == RunLog("", 1, 1, False)
    log = Log(b"a" + box, ended=False)
    assert log.part(1).text == "🥊"
    log = Log(b"a" + box[:2])  # nothing more will come
    assert log.part(1) == RunLog("\ufffd", 1, 3, True)


def test_what_was_dropped_in_the_middle_leaves_nothing_hanging() -> None:
    log = Log("a🥊b".encode(), lost=3)  # within the character
    assert log.part(0) == RunLog("\ufffd\ufffdb", 3, 6, False)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 64])
def test_however_short_the_parts_are_they_are_the_whole(limit: int) -> None:
    log = Log((PARAGRAPH * 3).encode())
    assert "".join(part.text for part in log.parts(0, limit)) == PARAGRAPH * 3


anything = st.binary(max_size=12) | st.text(max_size=6).map(lambda text: text.encode())


@settings(deadline=None)
@example([b"ab", b"c\xc2\x80"], 1, 4)  # what is before the part is in two pieces
@given(st.lists(anything, max_size=6), st.integers(1, 9), st.integers(0, 9))
def test_parts_follow_each_other_whatever_is_in_the_log(
    pieces: list[bytes], limit: int, offset: int
) -> None:
    log = Log(*filter(None, pieces))
    parts = log.parts(0, limit)
    assert parts[0].start == 0
    for part, following in pairwise(parts):
        assert following.start == part.next_offset
    assert parts[-1].next_offset == len(log.data)
    # Bytes that are no text may be told by more signs where a part ends among them.
    text, expected = "".join(part.text for part in parts), log.data.decode("utf-8", "replace")
    assert text.replace("\ufffd", "") == expected.replace("\ufffd", "")
    if "\ufffd" not in expected:
        assert text == expected
        rest = log.part(min(offset, len(log.data)), 100)
        assert "\ufffd" not in rest.text
