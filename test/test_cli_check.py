"""`training-manager check` on samples."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from training_manager_ros.cli import main


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_clean_skill(sample_skills: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "fold-towel", "--skills-dir", str(sample_skills)]) == 0
    assert capsys.readouterr().out == "fold-towel: nothing found.\n"
    assert main(["check", "fold-towel", "--json", "--skills-dir", str(sample_skills)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {"skill": "fold-towel", "errors": 0, "warnings": 0, "notes": 0, "findings": []}


def test_a_skill_with_a_missing_file(
    copy_sample: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    skill = copy_sample("pick-up-cup")
    (skill / "data/episode_1.h5").unlink()
    words = ["check", skill.name, "--skills-dir", str(skill.parent)]
    assert main(words) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "pick-up-cup: 1 error"
    assert lines[2].startswith("error [file-missing] episode 1: episode_1.h5 is missing.")
    assert lines[3].startswith("  Copy the file again")
    assert main([*words, "--json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    keys = ["severity", "code", "episode", "camera", "message", "remedy"]
    assert list(finding) == keys
    documented = (Path(__file__).parents[1] / "docs/cli.md").read_text()
    assert all(f"| `{key}` |" in documented for key in keys)


def test_a_skill_without_recordings(
    sample_skills: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "look-around", "--skills-dir", str(sample_skills)]) == 3
    assert "has no dataset yet" in capsys.readouterr().err
