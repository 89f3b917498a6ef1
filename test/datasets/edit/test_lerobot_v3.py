"""Delete and merge of LeRobot v3.0: packets, pictures, rows, numbers and statistics."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DatasetSpec, datasets

from training_manager_ros.datasets import Dataset, DatasetFormat, FactCache, open_dataset
from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.edit.lerobot_v3 import join_v3
from training_manager_ros.datasets.edit.parts import Joined, JoinRules, Part
from training_manager_ros.datasets.video.index import read_index

from ..decoding import pictures

some_examples = settings(max_examples=8, deadline=None)
V30 = DatasetFormat.LEROBOT_V30


def apply(joined: Joined, folder: Path) -> Dataset:
    """The result, opened without any complaint."""
    assert [problem for problem in joined.problems if problem.blocks] == []
    for step in joined.steps:
        step.apply(folder, Files())
    dataset = open_dataset(folder, FactCache(None))
    assert dataset.summary.problems == ()
    return dataset


def packets(dataset: Dataset, episode: int, camera: str) -> list[bytes]:
    """An episode's packets in decode order."""
    where = dataset.frames(episode, camera)
    index = read_index(where.path)
    data = where.path.read_bytes()
    shown = np.sort(index.shown[where.first_frame :][: where.count])
    return [data[index.offsets[i] :][: index.sizes[i]] for i in shown]


def table(folder: Path, name: str) -> dict[str, list[Any]]:
    """The rows of all parquet files below a folder of the dataset."""
    return pq.read_table(folder / "data" / name).to_pydict()


def check_same_episode(old: Dataset, old_id: int, new: Dataset, new_id: int) -> None:
    """Everything that was recorded is the same, and nothing is wrong with the copy."""
    before, after = old.episode(old_id), new.episode(new_id)
    assert after.problems == ()
    assert (after.frames, after.task) == (before.frames, before.task)
    np.testing.assert_array_equal(old.timestamps(old_id), new.timestamps(new_id))
    for one, other in zip(old.signals(old_id), new.signals(new_id), strict=True):
        assert (one.name, one.names) == (other.name, other.names)
        np.testing.assert_array_equal(one.values, other.values)
    for camera in before.cameras:
        assert packets(new, new_id, camera) == packets(old, old_id, camera)


def check_numbers(folder: Path, lengths: Sequence[int], rate: float) -> None:
    """The numbers in rows, meta/episodes and info.json, by the book."""
    rows = table(folder, "data")
    total = sum(lengths)
    assert rows["index"] == list(range(total))
    assert rows["episode_index"] == [i for i, n in enumerate(lengths) for _ in range(n)]
    listed = table(folder, "meta/episodes")
    starts = np.cumsum([0, *lengths]).tolist()
    assert listed["episode_index"] == list(range(len(lengths)))
    assert listed["length"] == list(lengths)
    assert listed["dataset_from_index"] == starts[:-1]
    assert listed["dataset_to_index"] == starts[1:]
    for name in listed:
        if name.endswith("/from_timestamp"):
            camera = name.split("/")[1]
            spans = np.array(listed[f"videos/{camera}/to_timestamp"]) - listed[name]
            np.testing.assert_allclose(spans * rate, lengths, atol=1e-6)
    info = json.loads((folder / "data/meta/info.json").read_text())
    assert (info["total_episodes"], info["total_frames"]) == (len(lengths), total)
    assert info["splits"] == {"train": f"0:{len(lengths)}"}


def check_stats(folder: Path) -> None:
    """All statistics against a formula of the test's own."""
    stats = json.loads((folder / "data/meta/stats.json").read_text())
    rows = table(folder, "data")
    listed = table(folder, "meta/episodes")
    for name, found in stats.items():
        if name in rows:
            check_rows(found, np.asarray(rows[name], float).reshape(len(rows["index"]), -1))
            for i, (start, end) in enumerate(
                zip(listed["dataset_from_index"], listed["dataset_to_index"], strict=True)
            ):
                of_one = {key: listed[f"stats/{name}/{key}"][i] for key in found}
                values = np.asarray(rows[name][start:end], float).reshape(end - start, -1)
                check_rows(of_one, values)
        else:
            check_pictures(found, {key: listed[f"stats/{name}/{key}"] for key in found})


def check_rows(found: dict[str, Any], values: np.ndarray) -> None:
    count = len(values)
    mean = sum(values) / count
    ordered = np.sort(values, axis=0)
    np.testing.assert_array_equal(found["min"], ordered[0])
    np.testing.assert_array_equal(found["max"], ordered[-1])
    np.testing.assert_allclose(found["mean"], mean, rtol=1e-5, atol=1e-7)
    spread = (sum((row - mean) ** 2 for row in values) / count) ** 0.5
    np.testing.assert_allclose(found["std"], spread, rtol=1e-5, atol=1e-6)
    assert found["count"] == [count]
    for key in found.keys() - {"min", "max", "mean", "std", "count"}:
        place = int(key[1:]) / 100 * (count - 1)
        low = int(place)
        high = min(low + 1, count - 1)
        expected = ordered[low] + (ordered[high] - ordered[low]) * (place - low)
        np.testing.assert_allclose(found[key], expected, rtol=1e-4, atol=1e-5)


def check_pictures(found: dict[str, Any], episodes: dict[str, list[Any]]) -> None:
    counts = [count for (count,) in episodes["count"]]
    total = sum(counts)
    means, stds = np.array(episodes["mean"]), np.array(episodes["std"])
    mean = sum(n * one for n, one in zip(counts, means, strict=True)) / total
    # E[x²] - E[x]²: another way than that of the package
    square = sum(n * (s**2 + m**2) for n, s, m in zip(counts, stds, means, strict=True)) / total
    np.testing.assert_allclose(found["mean"], mean, atol=1e-9)
    np.testing.assert_allclose(found["std"], np.sqrt(square - mean**2), atol=1e-6)
    assert found["min"] == np.min(episodes["min"], axis=0).tolist()
    assert found["max"] == np.max(episodes["max"], axis=0).tolist()
    assert found["count"] == [total]


def test_keeps_what_is_not_deleted() -> None:
    @some_examples
    @given(datasets(formats=[V30], min_episodes=2), st.data())
    def check(spec: DatasetSpec, data: st.DataObject) -> None:
        kept = data.draw(st.sets(st.sampled_from(range(len(spec.lengths))), min_size=1))
        with tempfile.TemporaryDirectory() as root:
            spec.write(Path(root) / "old")
            old = open_dataset(Path(root) / "old", FactCache(None))
            joined = join_v3([Part(old, tuple(sorted(kept)))], JoinRules())
            new = apply(joined, Path(root) / "new")
            assert [one.episode for one in joined.origins] == sorted(kept)
            for new_id, old_id in enumerate(sorted(kept)):
                check_same_episode(old, old_id, new, new_id)
                for camera in spec.camera_keys:
                    before = pictures(old.frames(old_id, camera))
                    after = pictures(new.frames(new_id, camera))
                    np.testing.assert_array_equal(before, after)
            check_numbers(new.root, [spec.lengths[i] for i in sorted(kept)], spec.rate)
            check_stats(new.root)

    check()
