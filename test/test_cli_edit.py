from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from strategies import DatasetSpec

from training_manager_ros.cli import main
from training_manager_ros.datasets import DatasetFormat, FactCache, open_dataset
from training_manager_ros.jobs import SkillLocks


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def skills_dir(tmp_path: Path) -> Path:
    """Two skills with four and three raw recordings."""
    root = tmp_path / "skills"
    for name, lengths, label in (("red", (1, 2, 3, 4), 0), ("blue", (5, 6, 7), 10)):
        cameras = ("camera_1",)
        DatasetSpec(DatasetFormat.H5, 30.0, cameras, lengths, label=label).write(root / name)
    return root


def run(skills_dir: Path, *words: str) -> int:
    return main([*words, "--skills-dir", str(skills_dir)])


def frames(skills_dir: Path, skill: str) -> list[int]:
    dataset = open_dataset(skills_dir / skill, FactCache(None))
    return [episode.frames for episode in dataset.episodes()]


def names(skills_dir: Path) -> list[str]:
    return sorted(name for name in os.listdir(skills_dir) if name != ".training_manager")


def test_delete(skills_dir: Path, capsys: pytest.CaptureFixture[str]):
    assert run(skills_dir, "delete", "red", "0,2-3", "--name", "Red clean") == 0
    assert capsys.readouterr().out == "red-clean: 1 episode\n"
    assert frames(skills_dir, "red-clean") == [2]
    assert names(skills_dir) == ["blue", "red", "red-clean"]


def test_merge(skills_dir: Path, capsys: pytest.CaptureFixture[str]):
    words = ["merge", "All", "blue:2,0", "red", "--json", "--file-mode", "copy"]
    assert run(skills_dir, *words) == 0
    assert json.loads(capsys.readouterr().out) == {"skill": "all", "episodes": 6}
    assert frames(skills_dir, "all") == [7, 5, 1, 2, 3, 4]


def test_what_was_odd_is_told_after_it_was_done(
    skills_dir: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(skills_dir, "merge", "All", "red:0", "red:0-1") == 0
    note = "Episodes are in it more than once: red 0. Name each once."
    assert capsys.readouterr().out == f"all: 3 episodes\nNote: {note}\n"
    assert run(skills_dir, "merge", "Other", "red:0", "red:0-1", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"skill": "other", "episodes": 3, "problems": [note]}


def test_cameras_of_a_source_get_other_names(skills_dir: Path):
    words = ["merge", "All", "blue", "red", "--any-cameras", "--camera", "red:camera_1=wrist"]
    assert run(skills_dir, *words) == 0
    dataset = open_dataset(skills_dir / "all", FactCache(None))
    assert [dataset.episode(i).cameras for i in (0, 3)] == [("camera_1",), ("wrist",)]


def test_a_dry_run_shows_the_plan_and_does_nothing(
    skills_dir: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(skills_dir, "delete", "red", "1", "--name", "New", "--dry-run") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "new: 3 episodes, 8 frames, h5, 30 Hz, camera_1"
    assert lines[1].startswith("To write: ")
    assert lines[2:] == ["From: red 0, 2-3"]
    assert run(skills_dir, "merge", "New", "red:0", "blue:2", "--dry-run", "--json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["frames"] == 8
    assert plan["problems"] == []
    assert plan["episodes"] == [
        {"skill": "red", "episode": 0, "new_id": 0},
        {"skill": "blue", "episode": 2, "new_id": 1},
    ]
    assert names(skills_dir) == ["blue", "red"]


def test_a_plan_that_is_blocked_is_told(skills_dir: Path, capsys: pytest.CaptureFixture[str]):
    (skills_dir / "red/data/episode_0.h5").unlink()
    assert run(skills_dir, "delete", "red", "1", "--name", "New", "--dry-run") == 2
    assert "Blocks: red, episode 0: episode_0.h5 is missing." in capsys.readouterr().out
    assert run(skills_dir, "delete", "red", "1", "--name", "New") == 2
    assert "episode 0" in capsys.readouterr().err
    assert names(skills_dir) == ["blue", "red"]


def test_a_plan_for_which_the_disk_has_no_room_is_blocked(
    skills_dir: Path, capsys: pytest.CaptureFixture[str]
):
    # A hole takes no room, and counts like data: HDF5 does not mind what follows its last block.
    os.truncate(skills_dir / "red/data/episode_0.h5", shutil.disk_usage(skills_dir).free + 10**9)
    words = ("delete", "red", "1", "--name", "New", "--dry-run", "--file-mode", "copy")
    assert run(skills_dir, *words) == 2
    assert "Blocks: The disk has too little room." in capsys.readouterr().out


def test_a_dry_run_names_the_option_that_settles_a_difference(
    skills_dir: Path, capsys: pytest.CaptureFixture[str]
):
    cameras = ("camera_1",)
    DatasetSpec(DatasetFormat.H5, 15.0, cameras, (1,)).write(skills_dir / "slow")
    words = ("merge", "New", "red", "slow", "--dry-run")
    assert run(skills_dir, *words) == 2
    assert capsys.readouterr().out.splitlines()[-1].endswith("(--rate)")
    assert run(skills_dir, *words, "--json") == 2
    assert [one["rule"] for one in json.loads(capsys.readouterr().out)["problems"]] == ["rate"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("delete", "red", "9", "--name", "New"), 2),
        (("delete", "red", "0-3", "--name", "New"), 2),
        (("delete", "red", "0", "--name", "!"), 2),
        (("delete", "green", "0", "--name", "New"), 3),
        (("delete", "red", "0", "--name", "Blue"), 4),
        (("merge", "New", "red", "green"), 3),
        (("merge", "New", "red", "--camera", "red"), 2),
        (("merge", "New", "red", "--camera", "blue:a=b"), 2),
        (("merge", "New", "red", "--rate", "-1"), 2),
    ],
)
def test_what_can_not_be_done_has_its_exit_code(
    skills_dir: Path, words: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
):
    assert run(skills_dir, *words) == code
    assert capsys.readouterr().err.startswith("training-manager: ")
    assert names(skills_dir) == ["blue", "red"]


def test_a_skill_in_use_is_left_alone(skills_dir: Path, capsys: pytest.CaptureFixture[str]):
    with SkillLocks(skills_dir / ".training_manager/locks") as locks:
        assert locks.acquire((), ("red",)) == ""
        assert run(skills_dir, "delete", "red", "1", "--name", "New") == 4
    assert "Other work on red" in capsys.readouterr().err
    assert run(skills_dir, "delete", "red", "1", "--name", "New") == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_and_nothing_is_left(skills_dir: Path, number: signal.Signals):
    # so long a copy that the signal comes in the middle of it; sparse, so that it costs no disk
    large = skills_dir / "red/data/episode_1.h5"
    with large.open("ab") as file:
        file.truncate(4 * 2**30)
    command = [sys.executable, "-m", "training_manager_ros", "delete", "red", "0"]
    command += ["--name", "New", "--file-mode", "copy", "--skills-dir", str(skills_dir)]
    main_end, terminal = pty.openpty()
    process = subprocess.Popen(command, stderr=terminal, stdout=subprocess.DEVNULL)
    os.close(terminal)
    stage = skills_dir / ".new.staging/data/episode_0.h5"
    deadline = time.monotonic() + 60
    while not stage.exists():
        assert process.poll() is None, os.read(main_end, 10_000)
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(number)
    assert process.wait(60) == 130
    shown = os.read(main_end, 100_000).decode()
    os.close(main_end)
    assert "placing files" in shown
    assert "Cancelled; nothing of it is left." in shown
    assert names(skills_dir) == ["blue", "red"]


def by_itself(skills_dir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """As a process of its own: converting gives way to other processes."""
    command = [sys.executable, "-m", "training_manager_ros", *words, "--skills-dir", skills_dir]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_convert(skills_dir: Path):
    plan = by_itself(skills_dir, "convert", "red", "--dry-run", "--json")
    assert plan.returncode == 0, plan.stderr
    told = json.loads(plan.stdout)
    assert (told["name"], told["dataset_format"], told["frames"]) == ("red", "h264", 10)
    assert not list((skills_dir / "red/data").glob("*.mp4"))
    done = by_itself(skills_dir, "convert", "red", "--keep-raw")
    assert (done.returncode, done.stdout) == (0, "red: 4 episodes\n")
    dataset = open_dataset(skills_dir / "red", FactCache(None))
    assert dataset.summary.format is DatasetFormat.H264
    assert len(list((skills_dir / "red/raw_data").glob("*.h5"))) == 4
    again = by_itself(skills_dir, "convert", "red", "--to", "h264", "--json")
    result = json.loads(again.stdout)
    assert (result["skill"], result["episodes"], len(result["problems"])) == ("red", 0, 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "lerobot-v3.0"], "--name"),
        (["--to", "lerobot-v3.0", "--name", "x"], "can be h264"),
        (["--name", "x"], "must be empty"),
    ],
)
def test_convert_says_what_is_wrong(skills_dir: Path, words: list[str], message: str):
    done = by_itself(skills_dir, "convert", "red", *words)
    assert done.returncode == 2
    assert message in done.stderr
