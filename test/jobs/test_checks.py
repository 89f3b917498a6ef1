from __future__ import annotations

import os
from pathlib import Path

import pytest

from training_manager_ros.datasets.check import Finding
from training_manager_ros.datasets.edit.marks import Verdict, mark_episodes
from training_manager_ros.errors import Cancelled, InvalidInput, NotFound
from training_manager_ros.jobs import Control, Locks
from training_manager_ros.jobs.checks import CheckResult, Checks, fingerprint
from training_manager_ros.jobs.kinds.check import CheckDataset
from training_manager_ros.levers import Levers

FINDINGS = (
    Finding("error", "rows-differ", 3, "wrist ☹", "It has too few rows.", "Delete it."),
    Finding("note", "no-episodes", None, None, "None there.", ""),
)


@pytest.fixture
def skill(tmp_path: Path) -> Path:
    folder = tmp_path / "cup"
    (folder / "data" / "videos").mkdir(parents=True)
    for name in ("a.h5", "videos/b.mp4"):
        (folder / "data" / name).write_text(name)
    return folder


def test_a_result_is_kept_as_it_was(skill: Path):
    checks = Checks(skill.parent)
    assert checks.load("cup") is None
    result = CheckResult(12.5, fingerprint(skill), FINDINGS)
    checks.save("cup", result)
    assert Checks(skill.parent).load("cup") == result


@pytest.mark.parametrize("text", ["", "{", "[]", '{"time": 1}', '{"findings": [{"a": 1}]}', "\0"])
def test_what_can_not_be_read_counts_as_never_checked(skill: Path, text: str):
    checks = Checks(skill.parent)
    checks.save("cup", CheckResult(1.0, "", ()))
    (skill.parent / ".training_manager" / "checks" / "cup.json").write_text(text)
    assert checks.load("cup") is None


def test_results_of_skills_that_are_gone_are_forgotten(skill: Path):
    checks = Checks(skill.parent)
    (skill.parent / "towel").mkdir()
    checks.save("towel", CheckResult(1.0, "", ()))
    (skill.parent / "towel").rmdir()
    checks.save("cup", CheckResult(1.0, "", ()))
    assert [path.name for path in (skill.parent / ".training_manager/checks").iterdir()] == [
        "cup.json"
    ]


def test_the_fingerprint_shows_every_change_of_the_data_and_no_other(skill: Path):
    seen = [fingerprint(skill)]
    mark_episodes(skill, [0], Verdict.KEEP)
    (skill / "metadata.json").write_text("{}")
    assert fingerprint(skill) == seen[0]
    file = skill / "data" / "videos" / "b.mp4"
    for change in (
        lambda: file.write_text("longer than it was"),
        lambda: os.utime(file, ns=(1, 1)),
        lambda: file.rename(file.with_name("c.mp4")),
        lambda: (skill / "data" / "d.json").touch(),
        lambda: (skill / "data" / "a.h5").unlink(),
    ):
        change()
        seen.append(fingerprint(skill))
    assert len(set(seen)) == len(seen)


def test_a_check_by_a_job(copy_sample, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = copy_sample("fold-towel")
    kind = CheckDataset(folder.parent)
    assert kind.locks({"skill": "fold-towel"}) == Locks(reads=("fold-towel",))
    clean = {"skill": "fold-towel", "errors": 0, "warnings": 0, "notes": 0}
    assert kind.run({"skill": "fold-towel"}, Control()) == clean
    os.truncate(folder / "data" / "episode_1_camera_1.mp4", 1000)
    found = kind.run({"skill": "fold-towel"}, Control())
    result = Checks(folder.parent).load("fold-towel")
    assert result is not None
    assert found["errors"] == sum(one.severity == "error" for one in result.findings) > 0
    assert result.fingerprint == fingerprint(folder)
    levers = Levers()
    levers.cancel()
    with pytest.raises(Cancelled):
        kind.run({"skill": "fold-towel"}, Control(levers=levers))
    assert Checks(folder.parent).load("fold-towel") == result


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, InvalidInput),
        ({"skill": 3}, InvalidInput),
        ({"skill": "a/b"}, InvalidInput),
        ({"skill": "cup", "more": 1}, InvalidInput),
        ({"skill": "nothing"}, NotFound),
    ],
)
def test_wrong_arguments(skill: Path, arguments, error):
    with pytest.raises(error):
        CheckDataset(skill.parent).locks(arguments)
