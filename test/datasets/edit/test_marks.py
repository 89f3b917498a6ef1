from __future__ import annotations

import json
from pathlib import Path

import pytest

from training_manager_ros.datasets.edit.marks import (
    MARKS_FILE,
    Mark,
    Verdict,
    mark_episodes,
    read_marks,
)


@pytest.mark.parametrize(
    "odd",
    [
        {"verdict": ["keep"], "note": 3},
        {"verdict": "maybe", "note": None},
        {"verdict": {}, "note": []},
        "keep",
        None,
    ],
)
def test_what_somebody_wrote_by_hand_hides_no_other_mark(tmp_path: Path, odd: object):
    path = tmp_path / MARKS_FILE
    path.parent.mkdir()
    marks = {"0": odd, "9" * 5000: {"verdict": "keep"}, "²": {}, "7": {"verdict": "reject"}}
    path.write_text(json.dumps({"marks": marks}))
    assert read_marks(tmp_path).get(0, Mark()) == Mark()
    assert read_marks(tmp_path)[7] == Mark(Verdict.REJECT)
    mark_episodes(tmp_path, [0], Verdict.KEEP, "good")
    assert read_marks(tmp_path) == {0: Mark(Verdict.KEEP, "good"), 7: Mark(Verdict.REJECT)}
