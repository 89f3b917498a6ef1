"""Delete and merge of LeRobot v2.0 and v2.1, and both into v3.0."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DatasetSpec, datasets

from training_manager_ros.datasets import Dataset, DatasetFormat, FactCache, open_dataset
from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.edit.lerobot_v2 import join_v2
from training_manager_ros.datasets.edit.lerobot_v3 import join_v3
from training_manager_ros.datasets.edit.parts import JoinRules, Part
from training_manager_ros.datasets.edit.steps import Place
from training_manager_ros.errors import InvalidInput

from .test_lerobot_v3 import apply, check_numbers, check_same_episode, check_stats, lines_of

some_examples = settings(max_examples=6, deadline=None)
V20, V21 = DatasetFormat.LEROBOT_V20, DatasetFormat.LEROBOT_V21


def opened(spec: DatasetSpec, folder: Path) -> Dataset:
    spec.write(folder)
    return open_dataset(folder, FactCache(None))


def rows_of(folder: Path, name: str) -> list[Any]:
    """A column over all episodes."""
    files = sorted((folder / "data/data").rglob("*.parquet"))
    return [value for path in files for value in pq.read_table(path).column(name).to_pylist()]


def check_meta(folder: Path, lengths: list[int]) -> None:
    """Numbers and statistics of a v2.x dataset, by the book."""
    total, count = sum(lengths), len(lengths)
    assert rows_of(folder, "index") == list(range(total))
    assert rows_of(folder, "episode_index") == [i for i, n in enumerate(lengths) for _ in range(n)]
    info = json.loads((folder / "data/meta/info.json").read_text())
    assert (info["total_episodes"], info["total_frames"]) == (count, total)
    assert (info["total_chunks"], info["splits"]) == (1, {"train": f"0:{count}"})
    listed = lines_of(folder, "episodes.jsonl")
    assert [(one["episode_index"], one["length"]) for one in listed] == list(enumerate(lengths))
    together = folder / "data/meta/stats.json"
    if together.is_file():
        for name, found in json.loads(together.read_text()).items():
            if not name.startswith("observation.images."):
                check_moments(found, rows_of(folder, name))
        return
    start = 0
    for one, length in zip(lines_of(folder, "episodes_stats.jsonl"), lengths, strict=True):
        for name, found in one["stats"].items():
            if not name.startswith("observation.images."):
                check_moments(found, rows_of(folder, name)[start : start + length])
        start += length


def check_moments(found: dict[str, Any], rows: list[Any]) -> None:
    values = np.asarray(rows, float).reshape(len(rows), -1)
    mean = sum(values) / len(values)
    spread = (sum((row - mean) ** 2 for row in values) / len(values)) ** 0.5
    np.testing.assert_allclose(found["mean"], mean, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found["std"], spread, rtol=1e-5, atol=1e-6)
    # a recorder may know its numbers better than the float32 that it stores
    np.testing.assert_allclose(found["min"], np.sort(values, axis=0)[0], rtol=1e-6)
    np.testing.assert_allclose(found["max"], np.sort(values, axis=0)[-1], rtol=1e-6)
    assert found["count"] == [len(rows)]


@pytest.mark.parametrize("kind", [V20, V21])
def test_keeps_what_is_not_deleted(kind: DatasetFormat) -> None:
    @some_examples
    @given(datasets(formats=[kind], min_episodes=2), st.data())
    def check(spec: DatasetSpec, data: st.DataObject) -> None:
        kept = sorted(data.draw(st.sets(st.sampled_from(range(len(spec.lengths))), min_size=1)))
        with tempfile.TemporaryDirectory() as root:
            old = opened(spec, Path(root) / "old")
            joined = join_v2([Part(old, tuple(kept))], JoinRules())
            videos = [one for one in joined.steps if one.target.endswith(".mp4")]
            assert [type(one) for one in videos] == [Place] * len(kept) * len(spec.cameras)
            new = apply(joined, Path(root) / "new")
            assert new.summary.format is kind
            for new_id, old_id in enumerate(kept):
                check_same_episode(old, old_id, new, new_id)
            check_meta(new.root, [spec.lengths[i] for i in kept])

    check()


def test_merges_and_tells_tasks_apart(tmp_path: Path) -> None:
    spec = DatasetSpec(V21, 30.0, ("wrist",), (5, 1, 4))
    one = opened(spec, tmp_path / "one")
    other = opened(replace(spec, lengths=(6, 2), label=9, task="Undo it"), tmp_path / "other")
    new = apply(join_v2([Part(one, (2, 0)), Part(other, (0, 1))], JoinRules()), tmp_path / "new")
    for new_id, (source, old_id) in enumerate([(one, 2), (one, 0), (other, 0), (other, 1)]):
        check_same_episode(source, old_id, new, new_id)
    check_meta(new.root, [4, 5, 6, 2])
    tasks = [(line["task_index"], line["task"]) for line in lines_of(new.root, "tasks.jsonl")]
    assert tasks == [(0, "Do it"), (1, "Undo it")]
    assert rows_of(new.root, "task_index") == [0] * 9 + [1] * 8


def test_falls_back_to_v20_where_a_source_has_no_statistics_of_episodes(tmp_path: Path) -> None:
    spec = DatasetSpec(V21, 30.0, ("wrist",), (5, 4))
    one = opened(spec, tmp_path / "one")
    other = opened(replace(spec, format=V20, label=9), tmp_path / "other")
    joined = join_v2([Part(one, (0, 1)), Part(other, (1,))], JoinRules())
    assert any("no statistics of" in problem.message for problem in joined.problems)
    new = apply(joined, tmp_path / "new")
    assert new.summary.format is V20
    check_meta(new.root, [5, 4, 4])


@pytest.mark.parametrize("kind", [V20, V21])
def test_repacks_into_v30(kind: DatasetFormat, tmp_path: Path) -> None:
    spec = DatasetSpec(kind, 30.0, ("wrist", "front"), (5, 1, 7))
    old = opened(spec, tmp_path / "old")
    modern = replace(spec, format=DatasetFormat.LEROBOT_V30, label=20, task="Undo it")
    other = opened(modern, tmp_path / "other")
    for name, parts in {"a": [Part(old, (0, 2))], "b": [Part(other, (1,)), Part(old, (2, 0))],
                        "c": [Part(old, (0, 1)), Part(other, (0, 1, 2))]}.items():  # fmt: skip
        joined = join_v3(parts, JoinRules())
        new = apply(joined, tmp_path / name)
        for origin in joined.origins:
            source = {"old": old, "other": other}[origin.skill]
            check_same_episode(source, origin.episode, new, origin.new_id)
        lengths = [new.episode(i).frames for i in new.episode_ids]
        check_numbers(new.root, lengths, 30)
        check_stats(new.root)


def test_keeps_real_recordings(real_skills: Path, tmp_path: Path) -> None:
    old = open_dataset(real_skills / "cr5-reach-v21", FactCache(None))
    joined = join_v2([Part(old, (0, 2, 3, 5))], JoinRules())
    assert [one for one in joined.problems if one.blocks] == []
    new = apply(joined, tmp_path / "new")
    camera = old.cameras()[0].name
    for new_id, old_id in enumerate((0, 2, 3, 5)):
        before, after = old.frames(old_id, camera).path, new.frames(new_id, camera).path
        assert before.samefile(after) or before.read_bytes() == after.read_bytes()
        np.testing.assert_array_equal(old.timestamps(old_id), new.timestamps(new_id))
    check_meta(new.root, [new.episode(i).frames for i in new.episode_ids])


def test_repacks_real_recordings(real_skills: Path, tmp_path: Path) -> None:
    old = open_dataset(real_skills / "cr5-reach-v21", FactCache(None))
    joined = join_v3([Part(old, (1, 4))], JoinRules())
    assert [one for one in joined.problems if one.blocks] == []
    new = apply(joined, tmp_path / "new")
    check_numbers(new.root, [old.episode(1).frames, old.episode(4).frames], 10)
    check_stats(new.root)


def test_notes_columns_that_may_number_tasks(tmp_path: Path) -> None:
    spec = DatasetSpec(V21, 30.0, ("wrist",), (3,))
    one = opened(spec, tmp_path / "one")
    other = opened(replace(spec, label=9, task="Undo it"), tmp_path / "other")
    for skill in (one, other):
        path = next((skill.root / "data/data").rglob("*.parquet"))
        rows = pq.read_table(path)
        pq.write_table(rows.append_column("annotation.human.task", rows["task_index"]), path)
    joined = join_v2([Part(one, (0,)), Part(other, (0,))], JoinRules())
    notes = [problem for problem in joined.problems if "annotation.human.task" in problem.message]
    assert [note.blocks for note in notes] == [False]
    new = apply(joined, tmp_path / "new")
    assert rows_of(new.root, "annotation.human.task") == [0] * 6


def move_away(folder: Path) -> None:
    """Let the episodes lie elsewhere than usual, as info.json then says."""
    path = folder / "data/meta/info.json"
    paths = {
        "data_path": "episodes/{episode_chunk}/{episode_index}.parquet",
        "video_path": "films/{video_key}/{episode_index}.mp4",
    }
    info = json.loads(path.read_text()) | paths | {"chunks_size": 2}
    path.write_text(json.dumps(info))
    for old in [*(folder / "data").rglob("episode_*.parquet"), *(folder / "data").rglob("*.mp4")]:
        number = int(old.stem.removeprefix("episode_"))
        new = f"episodes/{number // 2}/{number}.parquet"
        if old.suffix == ".mp4":
            new = f"films/{old.parent.name}/{number}.mp4"
        (folder / "data" / new).parent.mkdir(parents=True, exist_ok=True)
        old.rename(folder / "data" / new)


def test_keeps_other_paths_and_other_files(tmp_path: Path) -> None:
    spec = DatasetSpec(V21, 30.0, ("wrist",), (3, 5, 2, 4))
    spec.write(tmp_path / "old")
    move_away(tmp_path / "old")
    others = ("meta/info.json.before", "docs/demo.mp4", "README.md")
    for name in others:
        path = tmp_path / "old/data" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    old = open_dataset(tmp_path / "old", FactCache(None))
    joined = join_v2([Part(old, (1, 2, 3))], JoinRules())
    for step in joined.steps:
        step.apply(tmp_path / "new", Files())
    new = open_dataset(tmp_path / "new", FactCache(None))
    for new_id, old_id in enumerate((1, 2, 3)):
        check_same_episode(old, old_id, new, new_id)
    assert [(new.root / "data" / name).read_text() for name in others] == list(others)
    assert [
        str(one.relative_to(new.root / "data")) for one in sorted(new.root.rglob("*.parquet"))
    ] == ["episodes/0/0.parquet", "episodes/0/1.parquet", "episodes/1/2.parquet"]


def test_counts_the_frames_of_an_episode_anew(tmp_path: Path) -> None:
    old = opened(DatasetSpec(V21, 30.0, ("wrist",), (3, 4)), tmp_path / "old")
    for path in (old.root / "data/data").rglob("*.parquet"):
        rows = pq.read_table(path)
        place = rows.column_names.index("frame_index")
        pq.write_table(rows.set_column(place, "frame_index", rows["index"]), path)
    new = apply(join_v2([Part(old, (1,))], JoinRules()), tmp_path / "new")
    assert rows_of(new.root, "frame_index") == [0, 1, 2, 3]


@pytest.mark.parametrize("join", [join_v2, join_v3])
@pytest.mark.parametrize("name", ["action", "timestamp"])
def test_refuses_to_call_a_camera_like_another_feature(
    tmp_path: Path, join: Any, name: str
) -> None:
    old = opened(DatasetSpec(V21, 30.0, ("wrist",), (3, 4)), tmp_path / "old")
    part = Part(old, (1,), {"observation.images.wrist": name})
    with pytest.raises(InvalidInput, match=f"has {name} already"):
        join([part], JoinRules())
