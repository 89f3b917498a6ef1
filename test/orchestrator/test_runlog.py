from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.orchestrator.engines.runner import SEGMENT, Log
from training_manager_ros.orchestrator.runlog import log_end, log_tail, read_log


def everything(folder, limit=1 << 16):
    offset, pieces, gaps = 0, [], 0
    while (chunk := read_log(folder, offset, limit)).data:
        gaps += chunk.start - offset
        pieces.append(chunk.data)
        offset = chunk.next
    return b"".join(pieces), gaps


def test_a_log_that_is_not_there_is_empty(tmp_path):
    assert read_log(tmp_path / "log", 0, 10).data == b""
    assert log_end(tmp_path / "log") == 0
    assert log_tail(tmp_path / "log") == ""


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=2000), min_size=1, max_size=20), st.integers(1, 999))
def test_what_is_written_is_read_whatever_the_pieces(tmp_path_factory, pieces, limit):
    folder = tmp_path_factory.mktemp("log")
    log = Log(folder, 64 * SEGMENT)
    for piece in pieces:
        log.write(piece)
    log.close()
    assert everything(folder, limit) == (b"".join(pieces), 0)
    assert log_end(folder) == sum(map(len, pieces))


def test_a_log_goes_on_where_it_was_closed(tmp_path):
    for text in (b"one ", b"two ", b"three"):
        log = Log(tmp_path, 64 * SEGMENT)
        log.write(text)
        log.close()
    assert everything(tmp_path)[0] == b"one two three"


def test_of_100_megabytes_the_start_and_the_end_are_kept(tmp_path):
    log = Log(tmp_path, 8 * SEGMENT)
    line = b"x" * 99 + b"\n"
    for number in range(10_000):
        log.write(line * 100 if number else b"first" + line)
    log.write(b"last\n")
    log.close()
    data, gap = everything(tmp_path)
    assert data.startswith(b"first")
    assert data.endswith(b"last\n")
    assert gap > 80_000_000
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 9 * SEGMENT
    assert log_end(tmp_path) == len(data) + gap
    assert log_tail(tmp_path).endswith("last")


def test_the_tail_shows_what_a_terminal_would(tmp_path):
    log = Log(tmp_path, 64 * SEGMENT)
    log.write(b"[training-manager] ours\n 1%\r 2%\r 3%\r\nTraceback\r\n\nValueError: no\xff data\n")
    log.close()
    assert log_tail(tmp_path) == " 3%\nTraceback\nValueError: no\ufffd data"
