"""Damage that real datasets have: reading survives every one, says which, and shows the rest."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import INNATE, LEROBOT, DatasetSpec, datasets

from training_manager_ros.datasets import DatasetFormat, FactCache, open_dataset, summarise
from training_manager_ros.errors import TrainingManagerError

_MAIN = "observation.images.main"
_V21 = DatasetSpec(DatasetFormat.LEROBOT_V21, 30.0, ("main", "wrist"), (5, 3))
_V30 = replace(_V21, format=DatasetFormat.LEROBOT_V30)
_LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 123456\n" + b"\n" * 50


def _look_at_everything(skill: Path) -> tuple[str, ...]:
    """All problems; raises nothing but the package's own errors from any question."""
    summary = summarise(skill)
    assert summary is not None
    problems = list(summary.problems)
    dataset = open_dataset(skill, FactCache(None))
    problems += dataset.summary.problems
    cameras = [camera.name for camera in dataset.cameras()]
    for number in dataset.episode_ids:
        episode = dataset.episode(number)
        problems += episode.problems
        assert set(episode.cameras) <= set(cameras)
        for ask in (dataset.signals, dataset.timestamps):
            try:
                ask(number)
            except TrainingManagerError as error:
                problems.append(str(error))
        for camera in cameras:
            try:
                source = dataset.frames(number, camera)
                assert source.count >= 0
                assert source.rate > 0
            except TrainingManagerError as error:
                problems.append(str(error))
    assert all(problem.endswith(".") for problem in problems), problems
    return tuple(dict.fromkeys(problems))


def _rows_files(skill: Path) -> list[Path]:
    return sorted((skill / "data/data").rglob("*.parquet"))


def _videos(skill: Path) -> list[Path]:
    return sorted((skill / "data/videos").rglob("*.mp4"))


def _with_rows(change: Callable[[pa.Table], pa.Table]) -> Callable[[Path], None]:
    def damage(skill: Path) -> None:
        for path in _rows_files(skill):
            pq.write_table(change(pq.read_table(path)), path)

    return damage


def _without(*names: str) -> Callable[[Path], None]:
    return _with_rows(lambda table: table.drop(list(names)))


def _with_info(**changes: Any) -> Callable[[Path], None]:
    def damage(skill: Path) -> None:
        path = skill / "data/meta/info.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return damage


def _put(name: str, values: Callable[[int], pa.Array]) -> Callable[[Path], None]:
    def change(table: pa.Table) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, values(len(table)))

    return _with_rows(change)


def _twice(table: pa.Table) -> pa.Table:
    return table.append_column("action", table.column("action"))


def _lfs_videos(skill: Path) -> None:
    for path in _videos(skill):
        path.write_bytes(_LFS)


def _lfs_rows(skill: Path) -> None:
    for path in _rows_files(skill):
        path.write_bytes(_LFS)


def _truncated_rows(skill: Path) -> None:
    for path in _rows_files(skill):
        path.write_bytes(path.read_bytes()[:-100])


def _no_rows(skill: Path) -> None:
    shutil.rmtree(skill / "data/data")


def _ghost_camera(skill: Path) -> None:
    features = json.loads((skill / "data/meta/info.json").read_text())["features"]
    _with_info(features=features | {"observation.images.ghost": features[_MAIN]})(skill)


def _black(skill: Path) -> None:
    """Videos of one frame more than there are rows."""
    from training_manager_ros.samples.encoding import encode

    picture = np.zeros((64, 120, 3), np.uint8)
    for path in _videos(skill):
        encode(path, [[picture] * 9], 30, "h264", 10)


_DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "LFS pointers for videos": (_lfs_videos, "Git LFS pointer"),
    "LFS pointers for rows": (_lfs_rows, "Git LFS pointer"),
    "missing index": (_without("index"), "lacks the column index"),
    "missing bookkeeping": (
        _without("frame_index", "task_index"),
        "lacks the columns frame_index, task_index",
    ),
    "missing action": (_without("action"), "lacks the declared column action"),
    "truncated parquet": (_truncated_rows, "can't be read as parquet"),
    "no parquet at all": (_no_rows, "arquet file"),
    "duplicate column": (_with_rows(_twice), "has columns twice: action"),
    "string as action": (
        _put("action", lambda rows: pa.array(["a"] * rows)),
        "action in data/chunk-000/",
    ),
    "ragged action": (
        _put("action", lambda rows: pa.array([[1.0] * (1 + i % 2) for i in range(rows)])),
        "rows of different lengths",
    ),
    "null action": (
        _put("action", lambda rows: pa.array([None] * rows, pa.list_(pa.float32()))),
        "rows without values",
    ),
    "string as timestamp": (
        _put("timestamp", lambda rows: pa.array(["a"] * rows)),
        "timestamp in data/chunk-000/",
    ),
    "declared camera without files": (_ghost_camera, "have no video files"),
    "wrong totals": (_with_info(total_episodes=99), "total_episodes is 99"),
    "no totals": (_with_info(total_episodes=None, total_frames="x"), ""),
    "templates that lead nowhere": (_with_info(data_path="x/{y}", video_path=3), ""),
    "templates that lead out": (_with_info(data_path="../../x"), "leads out of the dataset"),
    "contradicting version": (_with_info(codebase_version="v1.0"), "codebase_version is 'v1.0'"),
    "no rate": (_with_info(fps=None), "frame rate is unknown"),
    "wrong chunk size": (_with_info(chunks_size=0), ""),
    "no features": (_with_info(features=None), "declares no features"),
    "frames are more than rows": (_black, "frames, but the episode has"),
}


@pytest.mark.parametrize("spec", [_V21, _V30], ids=lambda spec: spec.format.value)
@pytest.mark.parametrize("damage", _DAMAGES)
def test_what_real_lerobot_datasets_suffer_from(
    tmp_path: Path, spec: DatasetSpec, damage: str
) -> None:
    apply, says = _DAMAGES[damage]
    skill = tmp_path / "skills/skill"
    spec.write(skill)
    assert _look_at_everything(skill) == ()
    apply(skill)
    problems = _look_at_everything(skill)
    if damage == "frames are more than rows" and spec is _V30:
        return  # a longer shared file is no harm: every episode has its own frames in it
    assert any(says in problem for problem in problems) if says else problems == (), problems


def test_a_single_timestep_is_no_harm(tmp_path: Path) -> None:
    for kind in (*INNATE, *LEROBOT):
        converted = {DatasetFormat.H264: {0, 1}, DatasetFormat.MIXED: {0}}.get(kind, set())
        spec = DatasetSpec(kind, 30.0, ("main",), (1, 1), frozenset(converted))
        skill = tmp_path / "skills" / kind.value
        spec.write(skill)
        assert _look_at_everything(skill) == ()


@settings(max_examples=40, deadline=None)
@given(spec=datasets(max_episodes=3), seed=st.integers(0, 10**6))
def test_files_that_are_cut_off_missing_or_swapped(
    tmp_path_factory: pytest.TempPathFactory, spec: DatasetSpec, seed: int
) -> None:
    """Whatever happens to whole files, only the package's own errors come out."""
    dice = random.Random(seed)
    skill = tmp_path_factory.mktemp("skills") / "skill"
    spec.write(skill)
    files = sorted(path for path in (skill / "data").rglob("*") if path.is_file())
    for _ in range(dice.randint(1, 3)):
        path, other = dice.choice(files), dice.choice(files)
        what = dice.choice(["cut", "gone", "empty", "swap", "zeros"])
        if not (path.exists() and other.exists()):
            continue
        content = path.read_bytes()
        if what == "cut":
            path.write_bytes(content[: dice.randrange(len(content) + 1)])
        elif what == "gone":
            path.unlink()
        elif what == "swap":
            path.write_bytes(other.read_bytes())
        else:
            path.write_bytes(b"" if what == "empty" else b"\0" * len(content))
    try:
        if summarise(skill) is not None:
            _look_at_everything(skill)
    except TrainingManagerError:
        pass


def _mutated(value: Any, dice: random.Random) -> Any:
    """The same JSON with one thing in it exchanged."""
    junk = [None, True, -1, 1e308, 10**30, "", "../x", "\ud800", [], {}, [None], {"a": {}}]
    if isinstance(value, dict) and value and dice.random() < 0.9:
        key = dice.choice(list(value))
        return {**value, key: _mutated(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.9:
        place = dice.randrange(len(value))
        return [*value[:place], _mutated(value[place], dice), *value[place + 1 :]]
    return dice.choice(junk)


@settings(max_examples=60, deadline=None)
@given(spec=datasets(max_episodes=2, cameras=["main"]), seed=st.integers(0, 10**6))
def test_metadata_with_anything_in_it(
    tmp_path_factory: pytest.TempPathFactory, spec: DatasetSpec, seed: int
) -> None:
    dice = random.Random(seed)
    skill = tmp_path_factory.mktemp("skills") / "skill"
    spec.write(skill)
    path = dice.choice(
        [p for p in sorted((skill / "data").rglob("*.json*")) if "stats" not in p.name]
    )
    lines = [path.read_text()] if path.suffix == ".json" else path.read_text().splitlines()
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(lines))
        lines[place] = json.dumps(_mutated(json.loads(lines[place]), dice))
    path.write_text("\n".join(lines))
    try:
        problems = _look_at_everything(skill)
        "".join(problems).encode()
    except TrainingManagerError:
        pass
