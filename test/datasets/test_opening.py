from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from strategies import INNATE, LEROBOT, DatasetSpec

from training_manager_ros.datasets import (
    Dataset,
    DatasetFormat,
    DatasetSummary,
    FactCache,
    open_dataset,
    summarise,
)
from training_manager_ros.errors import NotFound, Unreadable

_V21 = DatasetSpec(DatasetFormat.LEROBOT_V21, 30.0, ("main",), (3, 2))
_V20 = replace(_V21, format=DatasetFormat.LEROBOT_V20)
_V30 = replace(_V21, format=DatasetFormat.LEROBOT_V30)
_RAW = replace(_V21, format=DatasetFormat.H5)
_VIDEO = replace(_V21, format=DatasetFormat.H264, converted=frozenset({0, 1}))
_ALL = (_RAW, _VIDEO, _V20, _V21, _V30)
_HEAVY = ("numpy", "h5py", "pyarrow", "av")

Write = Callable[[DatasetSpec], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(spec: DatasetSpec) -> Path:
        spec.write(tmp_path / "skills/skill")
        return tmp_path / "skills/skill"

    return write


def _open(skill: Path) -> Dataset:
    return open_dataset(skill, FactCache(None))


def _summary(skill: Path) -> DatasetSummary:
    summary = summarise(skill)
    assert summary is not None
    return summary


def _edit_info(skill: Path, **changes: Any) -> None:
    path = skill / "data/meta/info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_skill_without_data_has_no_dataset(tmp_path: Path) -> None:
    skill = tmp_path / "skill"
    for make in (lambda: None, skill.mkdir, (skill / "data").mkdir):
        make()
        assert summarise(skill) is None
        with pytest.raises(NotFound, match="skill has no dataset yet"):
            _open(skill)
    (skill / "data/notes.txt").write_text("nothing of a dataset")
    (skill / "data/.episode_recording.h5.tmp").write_bytes(b"x" * 1000)
    assert summarise(skill) is None


@pytest.mark.parametrize("what", ["file", "dangling link", "link out"])
def test_data_that_is_no_folder_is_unreadable(tmp_path: Path, what: str) -> None:
    skill = tmp_path / "skills/skill"
    skill.mkdir(parents=True)
    if what == "file":
        (skill / "data").write_text("x")
    else:
        (skill / "data").symlink_to(tmp_path if what == "link out" else skill / "nowhere")
    with pytest.raises(Unreadable, match="data"):
        summarise(skill)
    with pytest.raises(Unreadable, match="data"):
        _open(skill)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_unreadable(write: Write) -> None:
    skill = write(_RAW)
    (skill / "data").chmod(0)
    try:
        with pytest.raises(Unreadable, match="Permission denied"):
            summarise(skill)
    finally:
        (skill / "data").chmod(0o755)


def test_lerobot_v1_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "skill/data/meta_data").mkdir(parents=True)
    (tmp_path / "skill/data/meta_data/info.json").write_text("{}")
    with pytest.raises(Unreadable, match="LeRobot v1"):
        summarise(tmp_path / "skill")


@pytest.mark.parametrize("declared", ["v2.0", "v2.1", "v3.0", "v1.6", "", None, 3, "2.1", "3.0"])
@pytest.mark.parametrize("spec", [_V20, _V21, _V30], ids=lambda spec: spec.format.value)
def test_the_files_say_which_version_it_is(
    write: Write, spec: DatasetSpec, declared: object
) -> None:
    skill = write(spec)
    _edit_info(skill, codebase_version=declared)
    dataset = _open(skill)
    assert dataset.summary.format is spec.format
    right = str(declared).removeprefix("v") == spec.format.value.removeprefix("lerobot-v")
    assert any("codebase_version" in text for text in dataset.summary.problems) == (not right)
    assert [episode.problems for episode in dataset.episodes()] == [(), ()]


def test_where_the_files_do_not_tell_the_declared_version_counts(write: Write) -> None:
    skill = write(_V21)
    (skill / "data/meta/episodes_stats.jsonl").unlink()
    for declared, kind in [("v2.0", "lerobot-v2.0"), ("v2.1", "lerobot-v2.1")]:
        _edit_info(skill, codebase_version=declared)
        assert _summary(skill).format.value == kind
        assert _summary(skill).problems == ()


@pytest.mark.parametrize("damage", ["gone", "torn", "list"])
def test_a_lerobot_dataset_without_its_info_is_still_read(write: Write, damage: str) -> None:
    skill = write(_V21)
    path = skill / "data/meta/info.json"
    if damage == "gone":
        path.unlink()
    else:
        path.write_text("[1]" if damage == "list" else path.read_text()[:50])
    summary = _summary(skill)
    assert (summary.format, summary.rate, summary.episode_count) == (_V21.format, 0.0, 2)
    assert "meta/info.json" in summary.problems[0]
    dataset = _open(skill)
    assert [episode.frames for episode in dataset.episodes()] == [3, 2]


def test_totals_are_compared(write: Write) -> None:
    skill = write(_V21)
    _edit_info(skill, total_episodes=7)
    assert _summary(skill).problems == ("total_episodes is 7, but there are 2 episodes.",)
    shutil.rmtree(skill)
    skill = write(_V30)
    _edit_info(skill, total_episodes=7)
    assert (_summary(skill).episode_count, _summary(skill).problems) == (7, ())
    opened = _open(skill).summary
    assert opened.episode_count == 2
    assert opened.problems == ("total_episodes is 7, but there are 2 episodes.",)


@pytest.mark.parametrize("spec", [_V21, _V30], ids=lambda spec: spec.format.value)
def test_a_declared_camera_without_files_is_a_problem_and_no_camera(
    write: Write, spec: DatasetSpec
) -> None:
    skill = write(spec)
    features = json.loads((skill / "data/meta/info.json").read_text())["features"]
    features["observation.images.ghost"] = features["observation.images.main"]
    _edit_info(skill, features=features)
    says = "Cameras are declared, but have no video files: observation.images.ghost."
    assert _summary(skill).problems == (says,)
    assert _summary(skill).cameras == ("observation.images.main",)
    assert [camera.name for camera in _open(skill).cameras()] == ["observation.images.main"]
    assert _open(skill).episode(0).problems == ()


def test_an_innate_list_wins_over_lerobot_files(write: Write) -> None:
    skill = write(_V21)
    write(_RAW)
    assert _summary(skill).format is DatasetFormat.H5


@pytest.mark.parametrize("spec", _ALL, ids=lambda spec: spec.format.value)
def test_opening_opens_no_data_file_until_asked(
    write: Write, spec: DatasetSpec, tmp_path: Path
) -> None:
    skill = write(spec)
    path = tmp_path / "facts.sqlite"
    warm = FactCache(path, now_ns=lambda: 10**19)
    known = open_dataset(skill, warm).episodes()
    warm.close()

    for heavy in [*skill.rglob("*.h5"), *skill.rglob("*.mp4"), *skill.rglob("data/*.parquet")]:
        status = heavy.stat()
        heavy.write_bytes(b"\0" * status.st_size)  # whoever opens it finds nothing
        os.utime(heavy, ns=(status.st_atime_ns, status.st_mtime_ns))
    facts = FactCache(path, now_ns=lambda: 10**19)
    dataset = open_dataset(skill, facts)
    assert dataset.summary.problems == ()
    assert list(dataset.episode_ids) == [0, 1]
    assert dataset.episodes() == known
    facts.close()
    if spec is not _V30:  # which needs its list of episodes, a parquet file
        cold = open_dataset(skill, FactCache(None))
        assert list(cold.episode_ids) == [0, 1]


def test_a_summary_imports_nothing_heavy(write: Write) -> None:
    folders = []
    for number, spec in enumerate(_ALL):
        skill = write(spec)
        folders.append(str(skill.rename(skill.with_name(f"skill-{number}"))))
    program = (
        "import sys; from pathlib import Path\n"
        "from training_manager_ros.datasets import FactCache, open_dataset, summarise\n"
        "found = [summarise(Path(name)).format.value for name in sys.argv[1:]]\n"
        "open_dataset(Path(sys.argv[1]), FactCache(None))\n"
        f"print(found, [name for name in {_HEAVY} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *folders], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"{[spec.format.value for spec in _ALL]} []"


@pytest.mark.parametrize("kind", [*INNATE, *LEROBOT])
def test_a_summary_counts_what_opening_counts(write: Write, kind: DatasetFormat) -> None:
    converted = {DatasetFormat.H264: {0, 1}, DatasetFormat.MIXED: {0}}.get(kind, set())
    skill = write(replace(_V21, format=kind, converted=frozenset(converted)))
    assert _summary(skill) == _open(skill).summary
