"""What is found in the real recordings, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

from .checked import check, places


def _found(skill: Path) -> dict[str, set[int | None]]:
    found: dict[str, set[int | None]] = {}
    for code, episode, _ in places(skill):
        found.setdefault(code, set()).add(episode)
    return found


def test_raw_recordings_are_clean(real_skills: Path) -> None:
    assert check(real_skills / "insertion-raw") == ()


def test_converted_recordings_have_notes_only(real_skills: Path) -> None:
    found = check(real_skills / "pick-place")
    assert {one.severity for one in found} == {"note"}
    assert {one.code for one in found} == {"index-last", "joint-constant", "keyframes-far"}


def test_an_arms_clock_that_drifts(real_skills: Path) -> None:
    found = _found(real_skills / "cr5-reach-v21")
    assert found == {"time-irregular": {0, 1, 2, 3, 4, 5}, "index-last": {None}}
    worst = [one for one in check(real_skills / "cr5-reach-v21") if one.episode == 2]
    assert "off by up to 2.17 s" in worst[0].message


def test_timestamps_that_start_a_frame_late(real_skills: Path) -> None:
    found = _found(real_skills / "pick-place-v30")
    assert found == {
        "time-irregular": {0, 1, 2, 3, 4},
        "column-missing": {None},
        "index-last": {None},
        "joint-constant": {None},
        "keyframes-far": {None},
        "splits-wrong": {None},
    }


def test_the_original_v20(real_data: Path, tmp_path: Path) -> None:
    skill = tmp_path / "skills/skill"
    shutil.copytree(real_data / "gr1_pick_lerobot_v20", skill / "data")
    found = _found(skill)
    assert found["camera-missing"] == {None}
    assert found["splits-wrong"] == {None}
    totals = [one.message for one in check(skill) if one.code == "count-differs"]
    assert [message.split()[0] for message in totals] == ["total_videos", "total_chunks"]
    assert found["column-missing"] == {None}
