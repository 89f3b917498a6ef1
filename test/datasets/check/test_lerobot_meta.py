"""Statistics, splits, counts and tasks of LeRobot datasets, and pictures that lie in parquet."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from strategies import LEROBOT, DatasetSpec

from training_manager_ros.datasets import DatasetFormat, FactCache
from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.edit.plan import apply_plan
from training_manager_ros.editing import plan_delete

from ..matrices import add_matrix
from .checked import check, codes, places

_SPEC = DatasetSpec(DatasetFormat.LEROBOT_V21, 30.0, ("main",), (12, 9, 11))
_MAIN = "observation.images.main"
_EACH = "data/meta/episodes_stats.jsonl"
_ALL = "data/meta/stats.json"
_TABLE = "data/meta/episodes/chunk-000/file-000.parquet"
Make = Callable[[DatasetFormat], Path]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def write(kind: DatasetFormat) -> Path:
        skill = tmp_path / "skills/skill"
        replace(_SPEC, format=kind).write(skill)
        assert check(skill) == ()
        return skill

    return write


def _change(path: Path, change: Change) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def _change_line(path: Path, number: int, change: Change) -> None:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines[number])
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def _scaled(key: str, name: str = "action") -> Change:
    def change(stats: dict[str, Any]) -> None:
        stats[name][key][0] += 0.7

    return change


@pytest.mark.parametrize("key", ["min", "max", "mean", "std", "count"])
@pytest.mark.parametrize("kind", [DatasetFormat.LEROBOT_V20, DatasetFormat.LEROBOT_V30])
def test_statistics_that_are_not_those_of_the_rows(make: Make, kind: DatasetFormat, key: str):
    skill = make(kind)
    _change(skill / _ALL, _scaled(key))
    (finding,) = check(skill)
    assert (finding.code, finding.severity) == ("stats-differ", "warning")
    assert finding.message.startswith(f"{key} of action in meta/stats.json is not")


def test_statistics_of_an_episode_that_are_not_those_of_its_rows(make: Make):
    skill = make(DatasetFormat.LEROBOT_V21)
    _change_line(skill / _EACH, 1, lambda line: _scaled("mean")(line["stats"]))
    (finding,) = check(skill)
    assert finding.code == "stats-differ"
    assert "in episodes 1." in finding.message


@pytest.mark.parametrize("key", ["min", "max", "mean", "std", "count", "q01"])
def test_statistics_of_an_episode_in_a_table(make: Make, key: str):
    skill = make(DatasetFormat.LEROBOT_V30)
    path = skill / _TABLE
    table = pq.read_table(path)
    known = table.column(f"stats/action/{'min' if key == 'q01' else key}").to_pylist()
    listed = f"stats/action/{key}"
    if listed in table.column_names:
        table = table.drop_columns(listed)
    pq.write_table(table.append_column(listed, pa.array(known)), path)
    assert check(skill) == ()
    known[1][0] -= 1
    table = table.drop_columns("stats/observation.state/mean")  # nobody misses it
    pq.write_table(table.append_column(listed, pa.array(known)), path)
    (finding,) = check(skill)
    assert (finding.code, finding.severity) == ("stats-differ", "warning")
    start = f"{key} of action in meta/episodes is not what the rows hold in episodes 1."
    assert finding.message.startswith(start)


def test_statistics_of_matrices_as_lerobot_has_them(make: Make):
    skill = make(DatasetFormat.LEROBOT_V30)
    values = add_matrix(skill)
    assert check(skill) == ()
    rows = np.concatenate(values)

    def change(stats: dict[str, Any]) -> None:
        stats["matrix"]["max"] = rows.max(axis=0).tolist()  # for each value, as it was before

    _change(skill / _ALL, change)
    assert check(skill) == ()
    _change(skill / _ALL, _scaled("mean", "matrix"))
    assert codes(skill) == {"stats-differ"}


def test_statistics_of_another_width(make: Make):
    skill = make(DatasetFormat.LEROBOT_V30)
    _change(skill / _ALL, lambda stats: stats["action"]["mean"].append(0.0))
    assert codes(skill) == {"stats-differ"}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), None, "0.5"])
@pytest.mark.parametrize("name", ["action", _MAIN])
def test_statistics_that_are_no_numbers(make: Make, name: str, bad: object):
    def spoil(stats: dict[str, Any]) -> None:
        stats[name]["std"][0] = [[bad]] if name == _MAIN else bad

    skill = make(DatasetFormat.LEROBOT_V30)
    _change(skill / _ALL, spoil)
    assert "stats-not-finite" in codes(skill)
    skill = shutil.rmtree(skill) or make(DatasetFormat.LEROBOT_V21)
    _change_line(skill / _EACH, 2, lambda line: spoil(line["stats"]))
    assert ("stats-not-finite", 2, None) in places(skill)


def test_statistics_that_are_missing(make: Make):
    skill = make(DatasetFormat.LEROBOT_V30)
    _change(skill / _ALL, lambda stats: stats.pop("action"))
    assert codes(skill) == {"stats-missing"}
    (skill / _ALL).write_text("{")
    assert codes(skill) == {"metadata-broken"}
    skill = shutil.rmtree(skill) or make(DatasetFormat.LEROBOT_V21)
    lines = (skill / _EACH).read_text().splitlines(keepends=True)
    (skill / _EACH).write_text("".join(lines[:2]))
    assert codes(skill) == {"stats-missing"}
    (skill / _EACH).write_text("".join(lines))
    _change_line(skill / _EACH, 1, lambda line: line.update(stats={}))
    assert codes(skill) == {"stats-missing"}


@pytest.mark.parametrize("kind", [DatasetFormat.LEROBOT_V20, DatasetFormat.LEROBOT_V30])
@pytest.mark.parametrize("text", ["{", "{}", '{"action": {"mean": "x"}}'])
def test_a_cleaned_copy_computes_statistics_anew(make: Make, kind: DatasetFormat, text: str):
    skill = make(kind)
    (skill / _ALL).write_text(text)
    assert all("cleaned copy, which" in one.remedy for one in check(skill))
    facts = FactCache(None)
    plan = plan_delete(skill.parent, skill.name, [0], "Cleaned", facts)
    apply_plan(skill.parent, plan, Files())
    assert check(skill.parent / "cleaned") == ()


@pytest.mark.parametrize(
    "splits", [{"train": "0:100"}, {"train": "2:1"}, {"train": "0:2", "test": "x"}, "0:3", [1]]
)
@pytest.mark.parametrize("kind", LEROBOT)
def test_splits_that_can_not_be(make: Make, kind: DatasetFormat, splits: object):
    skill = make(kind)
    _change(skill / "data/meta/info.json", lambda info: info.update(splits=splits))
    assert codes(skill) == {"splits-wrong"}


@pytest.mark.parametrize("splits", [{"train": "0:2", "val": "2:3"}, {"train": "0:0"}, {}, None])
def test_splits_that_can_be(make: Make, splits: object):
    skill = make(DatasetFormat.LEROBOT_V30)
    _change(skill / "data/meta/info.json", lambda info: info.update(splits=splits))
    assert check(skill) == ()


@pytest.mark.parametrize("key", ["total_videos", "total_chunks"])
def test_totals_that_only_older_versions_have(make: Make, key: str):
    skill = make(DatasetFormat.LEROBOT_V21)
    _change(skill / "data/meta/info.json", lambda info: info.update({key: 7}))
    (finding,) = check(skill)
    assert (finding.code, finding.severity) == ("count-differs", "note")
    assert key in finding.message


@pytest.mark.parametrize("kind", LEROBOT)
def test_a_task_that_is_not_listed(make: Make, kind: DatasetFormat):
    skill = make(kind)
    path = sorted((skill / "data/data").rglob("*.parquet"))[-1]
    table = pq.read_table(path)
    tasks = pa.array([*[0] * (len(table) - 1), 3], pa.int64())
    place = table.column_names.index("task_index")
    pq.write_table(table.set_column(place, "task_index", tasks), path)
    (finding,) = check(skill)
    assert (finding.code, finding.severity) == ("task-unknown", "error")
    assert "episodes 2 have the task_index 3" in finding.message


def test_a_list_of_tasks_that_is_cut_off(make: Make):
    skill = make(DatasetFormat.LEROBOT_V30)
    path = skill / "data/meta/tasks.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    assert "metadata-broken" in codes(skill)


def _png(picture: npt.NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="image2pipe") as container:
        stream = container.add_stream("png", rate=30)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "rgb24"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return out.getvalue()


def _with_images(skill: Path, pictures: Sequence[Sequence[npt.NDArray[np.uint8]]]) -> None:
    """Turn a v2.1 dataset with videos into one with pictures in its rows."""
    shutil.rmtree(skill / "data/videos")
    for path, episode in zip(
        sorted((skill / "data/data").rglob("*.parquet")), pictures, strict=True
    ):
        data = pa.array([_png(picture) for picture in episode])
        paths = pa.array([None] * len(episode), pa.string())
        column = pa.StructArray.from_arrays([data, paths], names=["bytes", "path"])
        pq.write_table(pq.read_table(path).append_column(_MAIN, column), path)

    def change(info: dict[str, Any]) -> None:
        info["features"][_MAIN] |= {"dtype": "image"}
        info["features"][_MAIN].pop("info")
        info |= {"total_videos": 0, "video_path": None}

    _change(skill / "data/meta/info.json", change)


def test_pictures_in_parquet(make: Make):
    skill = make(DatasetFormat.LEROBOT_V21)
    shown = [list(_SPEC.recording(i).pictures("main")) for i in range(3)]
    _with_images(skill, shown)
    assert check(skill) == ()


def test_pictures_in_parquet_that_are_black_frozen_or_broken(make: Make):
    skill = make(DatasetFormat.LEROBOT_V21)
    shown = [list(_SPEC.recording(i).pictures("main")) for i in range(3)]
    shown[0] = [np.zeros_like(shown[0][0])] * len(shown[0])
    shown[1] = [shown[1][0]] * len(shown[1])
    _with_images(skill, shown)
    path = sorted((skill / "data/data").rglob("*.parquet"))[2]
    table = pq.read_table(path)
    cells = table.column(_MAIN).to_pylist()
    cells[0] = {"bytes": b"no picture", "path": None}
    place = table.column_names.index(_MAIN)
    kind = table.schema.field(_MAIN).type
    pq.write_table(table.set_column(place, _MAIN, pa.array(cells, kind)), path)
    found = {(code, episode) for code, episode, _ in places(skill)}
    assert {("black", 0), ("frozen", 1)} < found
    assert {episode for code, episode in found if code not in ("black", "frozen")} == {2}
