from __future__ import annotations

import json
from pathlib import Path

import pytest
from strategies import DatasetSpec

from training_manager_ros.datasets import DatasetFormat
from training_manager_ros.datasets.check import Finding
from training_manager_ros.datasets.check.gathered import gathered

from .checked import check


def _slow(skill: Path, rate: float) -> None:
    path = skill / "data/dataset_metadata.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"data_frequency": rate}))


def test_a_rate_that_is_wrong_for_all_is_told_once_a_camera(tmp_path: Path):
    skill = tmp_path / "skills/skill"
    lengths = (5, 1, 6, 7)  # a video of one frame has no rate
    kind, cameras = DatasetFormat.H264, ("front", "wrist")
    DatasetSpec(kind, 30.0, cameras, lengths, frozenset(range(4))).write(skill)
    _slow(skill, 10.0)
    clock, front, wrist = [one for one in check(skill) if one.code == "rate-differs"]
    assert [one.episode for one in (clock, front, wrist)] == [None] * 3
    assert [one.camera for one in (clock, front, wrist)] == [None, "front", "wrist"]
    assert clock.message.startswith("In episodes 0, 2-3, such as 0: By its clock")
    start = "In episodes 0, 2-3, such as 0: episode_0_wrist.mp4 has 30 frames a second"
    assert wrist.message.startswith(start)


@pytest.mark.parametrize(
    ("code", "concerned", "episodes"),
    [("rate-differs", (0, 1), 3), ("rate-differs", (0, 1, 2), 6), ("black", (0, 1, 2), 3)],
)
def test_what_can_be_deleted_is_told_of_each(code: str, concerned: tuple[int, ...], episodes: int):
    found = [Finding("warning", code, one, "front", "It is so.", "Look.") for one in concerned]
    assert list(gathered(found, episodes)) == found
