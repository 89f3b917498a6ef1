from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from strategies import LEROBOT, DatasetSpec

from training_manager_ros.datasets import (
    Camera,
    Dataset,
    DatasetFormat,
    FactCache,
    ImageFrames,
    VideoFrames,
    open_dataset,
    summarise,
)
from training_manager_ros.errors import NotFound, Unreadable
from training_manager_ros.samples import read_frame_number

from .decoding import decoded

_V21 = DatasetSpec(DatasetFormat.LEROBOT_V21, 30.0, ("main", "wrist"), (5, 3, 4))
_V20 = replace(_V21, format=DatasetFormat.LEROBOT_V20)
_V30 = replace(_V21, format=DatasetFormat.LEROBOT_V30)
_MAIN, _WRIST = "observation.images.main", "observation.images.wrist"

Write = Callable[[DatasetSpec], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(spec: DatasetSpec) -> Path:
        spec.write(tmp_path / "skills/skill")
        return tmp_path / "skills/skill"

    return write


def _open(skill: Path) -> Dataset:
    return open_dataset(skill, FactCache(None))


def _edit_info(skill: Path, **changes: Any) -> None:
    path = skill / "data/meta/info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _rows_file(skill: Path, spec: DatasetSpec, episode: int) -> Path:
    if spec.format is DatasetFormat.LEROBOT_V30:
        return skill / "data/data/chunk-000/file-000.parquet"
    return skill / f"data/data/chunk-000/episode_{episode:06d}.parquet"


def _change_rows(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(path)), path)


def _change_list(skill: Path, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    """Change the rows of meta/episodes of a v3.0 dataset."""
    path = skill / "data/meta/episodes/chunk-000/file-000.parquet"
    rows = pq.read_table(path).to_pylist()
    rows = change(rows) or rows
    pq.write_table(pa.Table.from_pylist(rows), path)


def _numbers(source: VideoFrames) -> list[tuple[int, int]]:
    frames = decoded(source.path)[source.first_frame : source.first_frame + source.count]
    return [read_frame_number(picture) for picture in frames]


@pytest.mark.parametrize("spec", [_V20, _V21, _V30], ids=lambda spec: spec.format.value)
def test_an_episode_has_its_task_and_its_cameras_what_they_are(
    write: Write, spec: DatasetSpec
) -> None:
    dataset = _open(write(spec))
    assert dataset.episode(1).task == "Do it"
    assert dataset.cameras() == (
        Camera(_MAIN, 120, 64, "h264", "yuv420p"),
        Camera(_WRIST, 120, 64, "h264", "yuv420p"),
    )


@pytest.mark.parametrize("spec", [_V21, _V30], ids=lambda spec: spec.format.value)
def test_sizes_add_up_to_the_files(write: Write, spec: DatasetSpec) -> None:
    skill = write(spec)
    files = [*(skill / "data/data").rglob("*.parquet"), *(skill / "data").rglob("*.mp4")]
    total = sum(episode.size_bytes for episode in _open(skill).episodes())
    assert total == pytest.approx(sum(path.stat().st_size for path in files), abs=5)


@pytest.mark.parametrize("spec", [_V20, _V21, _V30], ids=lambda spec: spec.format.value)
def test_what_is_not_there_is_not_found(write: Write, spec: DatasetSpec) -> None:
    dataset = _open(write(spec))
    with pytest.raises(NotFound, match="no episode 3"):
        dataset.episode(3)
    with pytest.raises(NotFound, match="no camera 'elbow'"):
        dataset.frames(0, "elbow")


def test_each_signal_has_its_names_or_numbers(write: Write) -> None:
    skill = write(replace(_V21, action_width=8, state_width=7))
    features = json.loads((skill / "data/meta/info.json").read_text())["features"]
    features["observation.state"]["names"] = {"motors": ["too", "few"]}
    _edit_info(skill, features=features)
    action, state = _open(skill).signals(0)
    assert action.names == (*(f"joint_{i}" for i in range(1, 7)), "linear_x", "angular_z")
    assert state.names == tuple(f"observation.state[{i}]" for i in range(7))
    assert set(state.units) == {""}


def test_signals_begin_with_action_and_state_and_leave_out_bookkeeping(write: Write) -> None:
    skill = write(_V21)
    reward = pa.array([0.5] * 5)
    _change_rows(
        _rows_file(skill, _V21, 0),
        lambda table: (
            table.append_column("next.reward", reward)
            .append_column("next.done", pa.array([False] * 4 + [True]))
            .append_column("note", pa.array(["x"] * 5))
        ),
    )
    signals = _open(skill).signals(0)
    assert [signal.name for signal in signals] == [
        "action", "observation.state", "next.reward", "next.done",
    ]  # fmt: skip
    assert signals[2].names == ("next.reward",)
    np.testing.assert_array_equal(signals[3].values[:, 0], [0, 0, 0, 0, 1])


@pytest.mark.parametrize("spec", [_V20, _V21, _V30], ids=lambda spec: spec.format.value)
def test_timestamps_begin_at_zero_whatever_the_clock(write: Write, spec: DatasetSpec) -> None:
    skill = write(spec)
    clock = pa.array(1.7e9 + np.arange(12 if spec is _V30 else 5) * 0.1)

    def change(table: pa.Table) -> pa.Table:
        return table.set_column(table.column_names.index("timestamp"), "timestamp", clock)

    _change_rows(_rows_file(skill, spec, 0), change)
    np.testing.assert_allclose(_open(skill).timestamps(0), np.arange(5) * 0.1, atol=1e-6)


def test_chunks_are_counted_by_chunks_size(write: Write) -> None:
    skill = write(_V21)
    _edit_info(skill, chunks_size=2)
    for kind in ("data", "videos"):
        for path in sorted((skill / "data" / kind).rglob("episode_000002.*")):
            target = Path(str(path).replace("chunk-000", "chunk-001"))
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
    dataset = _open(skill)
    assert [episode.problems for episode in dataset.episodes()] == [(), (), ()]
    assert dataset.episode(2).file == "data/data/chunk-001/episode_000002.parquet"


@pytest.mark.parametrize("spec", [_V21, _V30], ids=lambda spec: spec.format.value)
@pytest.mark.parametrize("template", ["elsewhere/{episode_index}.x", "", "../../{video_key}.mp4"])
def test_files_are_found_where_the_template_does_not_lead(
    write: Write, spec: DatasetSpec, template: str
) -> None:
    skill = write(spec)
    _edit_info(skill, data_path=template, video_path=template)
    dataset = _open(skill)
    assert [episode.problems for episode in dataset.episodes()] == [(), (), ()]
    assert bool(dataset.summary.problems) == (".." in template)


def test_a_template_leads_to_no_file_outside(write: Write, tmp_path: Path) -> None:
    skill = write(_V21)
    secret = tmp_path / "skills/secret.mp4"
    shutil.move(skill / f"data/videos/chunk-000/{_MAIN}/episode_000000.mp4", secret)
    for template in ("../../secret.mp4", str(secret), "videos/../../../secret.mp4"):
        _edit_info(skill, video_path=template)
        dataset = _open(skill)
        assert any("leads out of the dataset" in text for text in dataset.summary.problems)
        with pytest.raises(NotFound):
            dataset.frames(0, _MAIN)


def test_v3_files_are_found_by_their_numbers(write: Write) -> None:
    skill = write(_V30)
    (skill / "data/data/chunk-000").rename(skill / "data/data/part-0")
    for camera in (_MAIN, _WRIST):
        (skill / f"data/videos/{camera}/chunk-000").rename(skill / f"data/videos/{camera}/part-0")
    dataset = _open(skill)
    assert [episode.problems for episode in dataset.episodes()] == [(), (), ()]


def test_v3_frames_are_cut_by_number(write: Write) -> None:
    skill = write(_V30)
    dataset = _open(skill)
    sources = [dataset.frames(i, _MAIN) for i in range(3)]
    assert all(isinstance(source, VideoFrames) for source in sources)
    assert [(one.first_frame, one.count) for one in sources] == [(0, 5), (5, 3), (8, 4)]


@pytest.mark.parametrize("drift", [5e-5, -5e-5, 2e-3])
def test_v3_times_that_drifted_a_little_still_mean_the_same_frames(
    write: Write, drift: float
) -> None:
    skill = write(_V30)

    def change(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            for edge in ("from", "to"):
                key = f"videos/{_MAIN}/{edge}_timestamp"
                row[key] = max(row[key] + drift * row["episode_index"], 0.0)

    _change_list(skill, change)
    dataset = _open(skill)
    for number in range(3):
        source = dataset.frames(number, _MAIN)
        assert isinstance(source, VideoFrames)
        assert _numbers(source) == [(number, frame) for frame in range(_V30.lengths[number])]
        problems = " ".join(dataset.episode(number).problems)
        assert ("ms off a frame" in problems) == (drift * number > 1e-3)


@pytest.mark.parametrize(
    ("edge", "frames", "says"),
    [
        ("to", 9.0, "overlaps that of episode 2"),
        ("from", 4.0, "overlaps that of episode 0"),
        ("from", 5.4, "starts 13.3 ms off a frame"),
        ("to", 7.0, "has 2 frames, but the episode has 3 timesteps"),
        ("to", 99.0, "goes beyond the end of videos/"),
    ],
)
def test_v3_clips_that_disagree_with_their_neighbours(
    write: Write, edge: str, frames: float, says: str
) -> None:
    skill = write(_V30)

    def change(rows: list[dict[str, Any]]) -> None:
        rows[1][f"videos/{_MAIN}/{edge}_timestamp"] = frames / 30

    _change_list(skill, change)
    problems = " ".join(_open(skill).episode(1).problems)
    assert says in problems
    assert _WRIST not in problems


def test_v3_frames_of_a_video_that_is_not_steady_are_found_by_their_times(
    write: Write, tmp_path: Path
) -> None:
    import av

    skill = write(_V30)
    path = skill / f"data/videos/{_MAIN}/chunk-000/file-000.mp4"
    pictures = decoded(path)
    ticks = [0, 1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14]  # a pause within the first episode
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 120, 64, "yuv420p"
        for tick, picture in zip(ticks, pictures, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    def change(rows: list[dict[str, Any]]) -> None:
        for row, (start, end) in zip(rows, [(0, 8), (8, 11), (11, 15)], strict=True):
            row[f"videos/{_MAIN}/from_timestamp"] = start / 30
            row[f"videos/{_MAIN}/to_timestamp"] = end / 30

    _change_list(skill, change)
    _edit_info(skill, fps=12 * 30 / 15)
    dataset = _open(skill)
    for number, length in enumerate(_V30.lengths):
        source = dataset.frames(number, _MAIN)
        assert isinstance(source, VideoFrames)
        assert _numbers(source) == [(number, frame) for frame in range(length)]
    assert "do not follow each other at a steady rate" in " ".join(dataset.episode(0).problems)


def test_v3_a_rate_that_is_not_the_videos_is_a_problem_but_frames_are_right(write: Write) -> None:
    skill = write(_V30)
    _edit_info(skill, fps=25)
    dataset = _open(skill)
    source = dataset.frames(1, _MAIN)
    assert isinstance(source, VideoFrames)
    assert (source.first_frame, source.count) == (5, 3)
    assert source.rate == pytest.approx(30)
    assert "has 30 frames a second, but the dataset says 25" in " ".join(
        dataset.episode(1).problems
    )


def test_v2_a_rate_that_is_not_the_videos_is_a_problem(write: Write) -> None:
    skill = write(_V21)
    _edit_info(skill, fps=25)
    dataset = _open(skill)
    assert dataset.frames(0, _MAIN).rate == 25
    assert "has 30 frames a second, but the dataset says 25" in dataset.episode(0).problems[0]


def test_v3_rows_are_found_by_place_where_they_bear_no_number(write: Write) -> None:
    skill = write(_V30)
    _change_rows(_rows_file(skill, _V30, 0), lambda table: table.drop(["episode_index"]))
    dataset = _open(skill)
    for number in range(3):
        np.testing.assert_array_equal(dataset.signals(number)[0].values, _V30.action(number))
        assert dataset.episode(number).frames == _V30.lengths[number]


def test_v3_rows_in_another_file_of_the_dataset(write: Write) -> None:
    skill = write(_V30)
    table = pq.read_table(_rows_file(skill, _V30, 0))
    folder = skill / "data/data/chunk-000"
    pq.write_table(table.slice(0, 5), folder / "file-000.parquet")
    pq.write_table(table.slice(5), folder / "file-001.parquet")

    def change(rows: list[dict[str, Any]]) -> None:
        for row in rows[1:]:
            row["data/file_index"] = 1

    _change_list(skill, change)
    dataset = _open(skill)
    for number in range(3):
        np.testing.assert_array_equal(dataset.signals(number)[0].values, _V30.action(number))
    _change_rows(folder / "file-001.parquet", lambda table: table.drop(["episode_index"]))
    dataset = _open(skill)
    for number in range(3):
        np.testing.assert_array_equal(dataset.signals(number)[0].values, _V30.action(number))


def test_v3_rows_in_two_pieces(write: Write) -> None:
    skill = write(_V30)

    def change(table: pa.Table) -> pa.Table:
        return pa.concat_tables([table.slice(1), table.slice(0, 1)])

    _change_rows(_rows_file(skill, _V30, 0), change)
    episode = _open(skill).episode(0)
    assert episode.frames == 4
    assert "Its rows are not in one piece; the first is shown." in episode.problems


@pytest.mark.parametrize("damage", ["gone", "truncated", "empty"])
def test_v3_without_a_list_the_rows_are_the_list(write: Write, damage: str) -> None:
    skill = write(_V30)
    path = skill / "data/meta/episodes/chunk-000/file-000.parquet"
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: 0 if damage == "empty" else 700])
    dataset = _open(skill)
    assert list(dataset.episode_ids) == [0, 1, 2]
    assert [episode.frames for episode in dataset.episodes()] == [5, 3, 4]
    assert any("meta/episodes" in problem for problem in dataset.summary.problems)
    assert dataset.summary.format is DatasetFormat.LEROBOT_V30


def test_v3_position_in_the_list_is_compared_with_the_number(write: Write) -> None:
    skill = write(_V30)

    def swap(rows: list[dict[str, Any]]) -> Any:
        return [rows[1], rows[0], rows[2]]

    _change_list(skill, swap)
    dataset = _open(skill)
    assert list(dataset.episode_ids) == [0, 1, 2]
    assert "Row 0 of meta/episodes is episode 1" in " ".join(dataset.summary.problems)
    np.testing.assert_array_equal(dataset.signals(1)[0].values, _V30.action(1))


def test_v2_without_a_list_the_files_are_the_list(write: Write) -> None:
    skill = write(_V21)
    (skill / "data/meta/episodes.jsonl").unlink()
    dataset = _open(skill)
    assert [episode.frames for episode in dataset.episodes()] == [5, 3, 4]
    assert "meta/episodes.jsonl is missing" in dataset.summary.problems[0]
    shutil.rmtree(skill / "data/data")
    assert list(_open(skill).episode_ids) == [0, 1, 2]


def test_v2_list_and_files_are_compared_both_ways(write: Write) -> None:
    skill = write(_V21)
    path = skill / "data/meta/episodes.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1].replace("3", "9"), lines[1], "nonsense"]))
    (skill / "data/data/chunk-000/episode_000000.parquet").unlink()
    summary = summarise(skill)
    assert summary is not None
    said = " ".join(summary.problems)
    assert "lines that are no JSON objects: 4" in said
    assert "lists episode 1 twice" in said
    assert "Files of listed episodes are missing: episode_000000.parquet" in said
    assert "Files are not in the list of episodes: episode_000002.parquet" in said
    dataset = _open(skill)
    assert dataset.episode(0).problems[0] == "Its parquet file is missing."
    assert "listed with 9 timesteps, but has 3 rows" in " ".join(dataset.episode(1).problems)
    with pytest.raises(Unreadable, match="parquet file of episode 0 is missing"):
        dataset.signals(0)
    assert dataset.frames(0, _MAIN).count == 5


def test_images_in_rows_are_where_they_are(write: Write) -> None:
    skill = write(_V30)
    png = pa.array(
        [{"bytes": b"png", "path": None}] * 12, pa.struct([("bytes", "binary"), ("path", "string")])
    )
    _change_rows(
        _rows_file(skill, _V30, 0), lambda table: table.append_column("observation.image", png)
    )
    features = json.loads((skill / "data/meta/info.json").read_text())["features"]
    features["observation.image"] = {"dtype": "image", "shape": [64, 120, 3], "names": None}
    _edit_info(skill, features=features)
    dataset = _open(skill)
    assert Camera("observation.image", 120, 64, "png") in dataset.cameras()
    assert "observation.image" in dataset.episode(1).cameras
    path = skill / "data/data/chunk-000/file-000.parquet"
    assert dataset.frames(1, "observation.image") == ImageFrames(
        path, "observation.image", 5, 3, 30.0
    )
    assert "observation.image" not in [signal.name for signal in dataset.signals(1)]


def test_a_task_may_be_several(write: Write) -> None:
    skill = write(_V21)
    path = skill / "data/meta/episodes.jsonl"
    path.write_text(
        '{"episode_index": 0, "tasks": ["Pick", "Place", 3], "length": 5}\n'
        '{"episode_index": 1, "tasks": "Alone", "length": 3}\n'
        '{"episode_index": 2, "length": 4}\n'
    )
    assert [one.task for one in _open(skill).episodes()] == ["Pick; Place", "Alone", ""]


@pytest.mark.parametrize("kind", LEROBOT)
def test_an_empty_dataset_is_no_error(write: Write, kind: DatasetFormat) -> None:
    skill = write(_V21)
    for folder in ("data", "videos"):
        shutil.rmtree(skill / "data" / folder)
    (skill / "data/meta/episodes.jsonl").write_text("")
    _edit_info(skill, total_episodes=0, total_frames=0, codebase_version=kind.value[8:])
    dataset = _open(skill)
    assert dataset.episodes() == []
    assert dataset.cameras() == ()
