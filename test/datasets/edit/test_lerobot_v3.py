"""Delete and merge of LeRobot v3.0: packets, pictures, rows, numbers and statistics."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
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
from training_manager_ros.datasets.edit.join import join
from training_manager_ros.datasets.edit.lerobot_v3 import join_v3
from training_manager_ros.datasets.edit.movies import Clip, films
from training_manager_ros.datasets.edit.parts import Joined, JoinRules, Part
from training_manager_ros.datasets.edit.steps import Place
from training_manager_ros.datasets.video.cut import plan_piece, write_movie
from training_manager_ros.datasets.video.index import read_index

from ..decoding import pictures
from ..matrices import add_matrix
from ..video.films import B_FRAMES, write_film

some_examples = settings(max_examples=6, deadline=None)
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


def lines_of(folder: Path, name: str) -> list[dict[str, Any]]:
    """The objects of a file in meta/ that has one a line."""
    text = (folder / "data/meta" / name).read_text()
    return [json.loads(line) for line in text.splitlines()]


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
            check_rows(found, rows[name])
            for i, (start, end) in enumerate(
                zip(listed["dataset_from_index"], listed["dataset_to_index"], strict=True)
            ):
                own = {key: f"stats/{name}/{key}" for key in found}
                of_one = {key: listed[one][i] for key, one in own.items() if one in listed}
                check_rows(of_one, rows[name][start:end])
        else:
            check_pictures(found, {key: listed[f"stats/{name}/{key}"] for key in found})


def check_rows(found: dict[str, Any], rows: list[Any]) -> None:
    assert found.get("count", [len(rows)]) == [len(rows)]
    # of a matrix, LeRobot takes each row for one
    values = np.asarray(rows, float).reshape(-1, len(found["mean"]))
    count = len(values)
    mean = sum(values) / count
    ordered = np.sort(values, axis=0)
    # a recorder may know its numbers better than the float32 that it stores
    np.testing.assert_allclose(found["min"], ordered[0], rtol=1e-6)
    np.testing.assert_allclose(found["max"], ordered[-1], rtol=1e-6)
    np.testing.assert_allclose(found["mean"], mean, rtol=1e-5, atol=1e-7)
    spread = (sum((row - mean) ** 2 for row in values) / count) ** 0.5
    np.testing.assert_allclose(found["std"], spread, rtol=1e-5, atol=1e-6)
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


def test_keeps_what_is_merged() -> None:
    @some_examples
    @given(st.data(), datasets(formats=[V30], max_episodes=3))
    def check(data: st.DataObject, spec: DatasetSpec) -> None:
        other = replace(spec, label=spec.label + 5, task=data.draw(st.sampled_from(["Do it", "x"])))
        with tempfile.TemporaryDirectory() as root:
            sources = []
            for name, one in {"a": spec, "b": other}.items():
                one.write(Path(root) / name)
                sources.append(open_dataset(Path(root) / name, FactCache(None)))
            joined = join_v3([Part(one, tuple(one.episode_ids)) for one in sources], JoinRules())
            # nothing of the videos is written: every frame of both is kept
            videos = [one for one in joined.steps if one.target.endswith(".mp4")]
            assert [type(one) for one in videos] == [Place] * 2 * len(spec.cameras)
            merged = apply(joined, Path(root) / "new")
            count = len(spec.lengths)
            for new_id in merged.episode_ids:
                source = sources[new_id // count]
                check_same_episode(source, new_id % count, merged, new_id)
            check_numbers(merged.root, spec.lengths * 2, spec.rate)
            check_stats(merged.root)
            tasks = table(merged.root, "meta/tasks.parquet")["__index_level_0__"]
            assert tasks == list(dict.fromkeys([spec.task, other.task]))
            rows = table(merged.root, "data")
            half = sum(spec.lengths)
            assert {tasks[i] for i in rows["task_index"][half:]} == {other.task}

            again = join_v3([Part(merged, tuple(range(count)))], JoinRules())
            first = apply(again, Path(root) / "first")
            for number in range(count):
                check_same_episode(sources[0], number, first, number)
            for name in ("data", "meta/episodes"):
                assert table(first.root, name) == table(sources[0].root, name)
            assert (first.root / "data/meta/stats.json").is_file()

    check()


def test_keeps_matrices_and_quantiles(tmp_path: Path) -> None:
    parts = []
    for name, lengths in {"one": (5, 1, 9), "other": (4, 7)}.items():
        DatasetSpec(V30, 30.0, ("wrist",), lengths).write(tmp_path / name)
        add_matrix(tmp_path / name)
        episodes = (2, 0) if name == "one" else (0, 1)
        parts.append(Part(open_dataset(tmp_path / name, FactCache(None)), episodes))
    new = apply(join_v3(parts, JoinRules()), tmp_path / "new")
    check_numbers(new.root, [9, 5, 4, 7], 30)
    check_stats(new.root)
    stats = json.loads((new.root / "data/meta/stats.json").read_text())
    assert stats["matrix"].keys() == {"min", "max", "mean", "std", "count", "q10", "q90"}
    assert np.shape(stats["matrix"]["mean"]) == (3,)


def test_measures_a_feature_whose_statistics_are_of_another_width(tmp_path: Path) -> None:
    DatasetSpec(V30, 30.0, ("wrist",), (5, 9)).write(tmp_path / "old")
    path = tmp_path / "old/data/meta/stats.json"
    stats = json.loads(path.read_text())
    stats["action"] = {key: value[:1] for key, value in stats["action"].items()}
    path.write_text(json.dumps(stats))
    old = open_dataset(tmp_path / "old", FactCache(None))
    new = apply(join_v3([Part(old, (1,))], JoinRules()), tmp_path / "new")
    check_stats(new.root)
    assert (
        len(json.loads((new.root / path.relative_to(old.root)).read_text())["action"]["mean"]) == 10
    )


def b_frame_skill(
    folder: Path, lengths: Sequence[int], options: Mapping[str, str] = B_FRAMES
) -> Dataset:
    """A v3.0 dataset with one camera whose episodes share a video, with B-frames by default."""
    spec = DatasetSpec(V30, 30.0, ("wrist",), tuple(lengths))
    spec.write(folder)
    films = []
    for number, length in enumerate(lengths):
        path = folder.parent / f"film-{number}.mp4"
        films.append(write_film(path, length, options=options, first=100 * number))
    indices = [read_index(path) for path in films]
    video = next((folder / "data/videos").rglob("*.mp4"))
    write_movie(video, [plan_piece(index, 0, index.frames) for index in indices], 30)
    return open_dataset(folder, FactCache(None))


def test_keeps_pictures_of_videos_with_b_frames(tmp_path: Path) -> None:
    old = b_frame_skill(tmp_path / "old", [20, 31, 1, 26])
    (camera,) = old.episode(0).cameras
    new = apply(join_v3([Part(old, (0, 2, 3))], JoinRules()), tmp_path / "new")
    for new_id, old_id in enumerate((0, 2, 3)):
        check_same_episode(old, old_id, new, new_id)
        before = pictures(old.frames(old_id, camera))
        np.testing.assert_array_equal(before, pictures(new.frames(new_id, camera)))
    index = read_index(new.frames(0, camera).path)
    assert index.index_first
    np.testing.assert_allclose(index.times, np.arange(47) / 30, atol=1e-9)
    assert (index.show_times[0] - index.start, index.start > 0) == (0, True)


def test_refuses_to_cut_within_frames_that_lean_on_each_other(tmp_path: Path) -> None:
    spec = DatasetSpec(V30, 30.0, ("wrist",), (10, 13, 8))
    spec.write(tmp_path / "old")
    video = next((tmp_path / "old/data/videos").rglob("*.mp4"))
    video.unlink()
    write_film(video, 31, options={"g": "250", "bf": "0"})  # one stream: only frame 0 stands alone
    old = open_dataset(tmp_path / "old", FactCache(None))
    blocking = [one for one in join_v3([Part(old, (1, 2))], JoinRules()).problems if one.blocks]
    assert "old, episode 1, observation.images.wrist" in blocking[0].message
    assert "no keyframe" in blocking[0].message
    # what leans on frames that are kept as well can stay
    new = apply(join_v3([Part(old, (0, 1))], JoinRules()), tmp_path / "new")
    camera = spec.camera_keys[0]
    before = pictures(old.frames(1, camera))
    np.testing.assert_array_equal(before, pictures(new.frames(1, camera)))


def test_gives_videos_of_other_encoding_files_of_their_own(tmp_path: Path) -> None:
    one = b_frame_skill(tmp_path / "one", [12, 14])
    other = b_frame_skill(tmp_path / "other", [15, 9], {"preset": "ultrafast", "bf": "0"})
    joined = join_v3([Part(one, (1,)), Part(other, (0,)), Part(one, (0,))], JoinRules())
    new = apply(joined, tmp_path / "new")
    (camera,) = new.episode(0).cameras
    files = [new.frames(number, camera).path.name for number in range(3)]
    assert files == ["file-000.mp4", "file-001.mp4", "file-002.mp4"]
    check_same_episode(other, 0, new, 1)
    check_same_episode(one, 0, new, 2)


def test_shares_files_up_to_the_sizes_that_info_names(tmp_path: Path) -> None:
    old = b_frame_skill(tmp_path / "old", [12, 14, 13])
    path = tmp_path / "old/data/meta/info.json"
    info = json.loads(path.read_text())
    path.write_text(json.dumps(info | {"chunks_size": 1, "recorder": {"firmware": 7}}))
    old = open_dataset(tmp_path / "old", FactCache(None))
    clips = [Clip(one.path, one.first_frame, one.count)
             for one in (old.frames(i, old.cameras()[0].name) for i in (0, 2))]  # fmt: skip
    assert [film.starts for film in films(clips, 30, 10**9, ())[0]] == [(0, 12)]
    assert [film.starts for film in films(clips, 30, 100, ())[0]] == [(0,), (0,)]
    both = join_v3([Part(old, (0,)), Part(old, (2,))], JoinRules())
    new = apply(both, tmp_path / "new")
    kept = json.loads((new.root / "data/meta/info.json").read_text())
    assert (kept["chunks_size"], kept["recorder"]) == (1, {"firmware": 7})
    assert kept["features"] == info["features"]


def test_names_episodes_that_are_broken(tmp_path: Path) -> None:
    spec = DatasetSpec(V30, 30.0, ("wrist", "front"), (10, 13))
    spec.write(tmp_path / "old")
    video = min((tmp_path / "old/data/videos").rglob("*.mp4"))
    video.write_bytes(video.read_bytes()[:1000])
    old = open_dataset(tmp_path / "old", FactCache(None))
    blocking = [one for one in join_v3([Part(old, (1,))], JoinRules()).problems if one.blocks]
    assert [one.message for one in blocking] == [
        "old, episode 1: observation.images.front has 0 frames for 13 rows."
    ]
    assert blocking[0].remedy


@pytest.mark.parametrize("kind", [DatasetFormat.LEROBOT_V21, V30])
@pytest.mark.parametrize("broken", [None, [1], "odd"])
def test_refuses_broken_features_which_would_be_left_behind(
    tmp_path: Path, kind: DatasetFormat, broken: object
) -> None:
    DatasetSpec(kind, 30.0, ("wrist",), (5, 6)).write(tmp_path / "old")
    path = tmp_path / "old/data/meta/info.json"
    info = json.loads(path.read_text())
    info["features"] = {**info["features"], "odd": 1} if broken == "odd" else broken
    path.write_text(json.dumps(info))
    part = Part(open_dataset(tmp_path / "old", FactCache(None)), (1,))
    blocking = [one for one in join([part], JoinRules()).problems if one.blocks]
    assert "meta/info.json" in blocking[0].message
    assert blocking[0].remedy


def test_says_that_nothing_can_be_read(tmp_path: Path) -> None:
    DatasetSpec(V30, 30.0, ("wrist",), (5, 6)).write(tmp_path / "old")
    for rows in (tmp_path / "old/data/data").rglob("*.parquet"):
        rows.write_bytes(rows.read_bytes()[:-100])
    part = Part(open_dataset(tmp_path / "old", FactCache(None)), (0, 1))
    blocking = [one for one in join_v3([part], JoinRules()).problems if one.blocks]
    assert [f"episode {i}" in one.message for i, one in enumerate(blocking)] == [True, True]


def test_refuses_features_that_differ(tmp_path: Path) -> None:
    parts = []
    for name, width in {"one": 8, "other": 10}.items():
        DatasetSpec(V30, 30.0, ("wrist",), (5,), action_width=width).write(tmp_path / name)
        parts.append(Part(open_dataset(tmp_path / name, FactCache(None)), (0,)))
    blocking = [one for one in join_v3(parts, JoinRules()).problems if one.blocks]
    assert [one.message for one in blocking] == [
        "action is float32 [8] in one, float32 [10] in other."
    ]


def test_renames_cameras(tmp_path: Path) -> None:
    DatasetSpec(V30, 30.0, ("wrist",), (5, 6)).write(tmp_path / "one")
    DatasetSpec(V30, 30.0, ("hand",), (7,)).write(tmp_path / "other")
    one, other = (open_dataset(tmp_path / name, FactCache(None)) for name in ("one", "other"))
    names = {"observation.images.hand": "observation.images.wrist"}
    new = apply(join_v3([Part(one, (1,)), Part(other, (0,), names)], JoinRules()), tmp_path / "new")
    assert new.episode(1).cameras == ("observation.images.wrist",)
    before = pictures(other.frames(0, "observation.images.hand"))
    after = pictures(new.frames(1, "observation.images.wrist"))
    np.testing.assert_array_equal(before, after)
    check_stats(new.root)


def test_declares_another_rate_where_asked(tmp_path: Path) -> None:
    parts = []
    for name, rate in {"one": 30.0, "other": 15.0}.items():
        DatasetSpec(V30, rate, ("wrist",), (5, 6)).write(tmp_path / name)
        parts.append(Part(open_dataset(tmp_path / name, FactCache(None)), (0, 1)))
    new = apply(join_v3(parts, JoinRules(rate=30.0)), tmp_path / "new")
    assert new.summary.rate == 30
    for number in new.episode_ids:
        assert new.episode(number).problems == ()
        count = new.episode(number).frames
        np.testing.assert_allclose(new.timestamps(number), np.arange(count) / 30, atol=1e-6)
    check_stats(new.root)


@pytest.mark.parametrize("kept", [(0, 1, 3, 4), (2,), (4, 0)])
def test_keeps_real_recordings(real_skills: Path, tmp_path: Path, kept: tuple[int, ...]) -> None:
    old = open_dataset(real_skills / "pick-place-v30", FactCache(None))
    joined = join_v3([Part(old, kept)], JoinRules())
    assert [problem for problem in joined.problems if problem.blocks] == []
    for step in joined.steps:
        step.apply(tmp_path / "new", Files())
    new = open_dataset(tmp_path / "new", FactCache(None))
    for new_id, old_id in enumerate(kept):
        for camera in old.episode(old_id).cameras:
            assert packets(new, new_id, camera) == packets(old, old_id, camera)
            if len(kept) == 1:
                before = pictures(old.frames(old_id, camera))
                np.testing.assert_array_equal(before, pictures(new.frames(new_id, camera)))
        for one, other in zip(old.signals(old_id), new.signals(new_id), strict=True):
            np.testing.assert_array_equal(one.values, other.values)
    rows = table(new.root, "data")
    assert rows["index"] == list(range(len(rows["index"])))
    check_stats(new.root)


def test_tells_once_what_is_odd_in_many_episodes(tmp_path: Path) -> None:
    DatasetSpec(V30, 30.0, ("wrist",), (3, 4, 2, 5)).write(tmp_path / "old")
    (path,) = (tmp_path / "old/data/data").rglob("*.parquet")
    pq.write_table(pq.read_table(path).drop_columns("frame_index"), path)
    old = open_dataset(tmp_path / "old", FactCache(None))
    (note,) = join_v3([Part(old, (3, 0, 1))], JoinRules()).problems
    start = "old, episodes 0-1, 3: data/chunk-000/file-000.parquet lacks the column frame_index."
    assert (note.message, note.blocks) == (start, False)


def test_tells_once_that_a_source_lacks_a_camera(tmp_path: Path) -> None:
    parts = []
    for name, cameras in {"one": ("wrist", "front"), "other": ("wrist",)}.items():
        DatasetSpec(V30, 30.0, cameras, (5, 3, 4)).write(tmp_path / name)
        parts.append(Part(open_dataset(tmp_path / name, FactCache(None)), (0, 1, 2)))
    text = "other has no observation.images.front, which a LeRobot dataset needs in every episode."
    for chosen in (parts, parts[::-1]):
        (blocking,) = [one for one in join_v3(chosen, JoinRules()).problems if one.blocks]
        assert blocking.message == text
