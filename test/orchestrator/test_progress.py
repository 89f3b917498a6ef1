from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.orchestrator.progress import POINTS, LogParser

LOG = (
    b"downloading: 100%|####| 46/46 [00:01<00:00, 40MB/s]\n"
    b"\r  1%|1         | 10/1000 [00:01<01:39, 10it/s, loss=2.5]"
    b"\r  2%|2         | 20/1000 [00:02<01:38, 10it/s, loss=1.25] "
    b"@@INNATE_PROGRESS step=20 total=1000"
    b"\n@@INNATE_PROGRESS step=30 total=1000\n"
    b"Validation at step 30: Loss=0.75\n"
    b"\r  4%|4         | 40/1000 [00:04<01:36, 10it/s, loss=nan]\n"
    b"epoch summary loss=1e-3"
)


def read(pieces):
    parser = LogParser()
    points, progress = [], None
    for piece in pieces:
        parser.feed(piece)
        new, more = parser.take(elapsed=4.0)
        progress = new or progress
        points += more
    parser.finish()
    new, more = parser.take(elapsed=4.0)
    return new or progress, points + more


def test_reads_bars_progress_lines_and_validation():
    progress, points = read([LOG])
    assert (progress.step, progress.total, progress.loss) == (40, 1000, 0.001)
    assert progress.seconds_left == pytest.approx(96.0)
    assert points == [
        ("loss", 10, 2.5), ("loss", 20, 1.25), ("validation_loss", 30, 0.75),
        ("loss", 40, None), ("loss", 40, 0.001),
    ]  # fmt: skip


@given(st.lists(st.integers(0, len(LOG)), max_size=12))
def test_it_does_not_matter_where_the_log_is_cut(cuts):
    edges = [0, *sorted(cuts), len(LOG)]
    progress, points = read([LOG[a:b] for a, b in itertools.pairwise(edges)])
    whole_progress, whole_points = read([LOG])
    assert progress == whole_progress
    assert {p[:2]: p[2] for p in points} == {p[:2]: p[2] for p in whole_points}


@given(st.binary(max_size=300))
def test_any_bytes_are_taken(data):
    read([data, b"\n@@INNATE_PROGRESS step=1 total=2\n"])


def test_bars_without_a_loss_are_no_progress():
    assert read([b"\r 10%|# | 1/10 [00:01<00:09]\n"]) == (None, [])


def test_a_bar_beside_the_runs_own_is_no_progress():
    own = b"@@INNATE_PROGRESS step=30 total=1000\n"
    progress, points = read([own, b"\r 50%|##| 5/10 [00:01<00:01, 5it/s, loss=9.0]\n"])
    assert (progress.step, progress.total, progress.loss) == (30, 1000, None)
    assert points == []


def test_a_long_run_keeps_a_bounded_number_of_points():
    lines = [b"\r|#| %d/120000 [x, loss=0.5]" % step for step in range(1, 120_001)]
    progress, points = read([b"".join(lines)])
    assert progress.step == 120_000
    assert 0.5 * POINTS <= len(points) <= 1.1 * POINTS
    assert points[-1][1] == 120_000


def test_a_line_without_end_takes_no_memory():
    parser = LogParser()
    for _ in range(100):
        parser.feed(b"x" * 100_000)
    assert parser.waiting <= 1 << 16
    parser.feed(b"@@INNATE_PROGRESS step=5 total=9\r")
    assert parser.take(1.0)[0].step == 5


def test_numbers_of_a_thousand_digits_are_no_progress():
    assert read([b"@@INNATE_PROGRESS step=" + b"9" * 1000 + b" total=1\n"])[1] == []
