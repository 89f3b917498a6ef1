"""Defects of real datasets, each made by hand and found where it is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from strategies import DatasetSpec

from training_manager_ros.datasets import DatasetFormat
from training_manager_ros.samples.encoding import encode

from .checked import check, codes, places

_FRAMES = 40
_MAIN = "observation.images.main"
_H5 = DatasetSpec(DatasetFormat.H5, 30.0, ("main",), (_FRAMES, _FRAMES))
_H264 = replace(_H5, format=DatasetFormat.H264, converted=frozenset({0, 1}))
_V21 = replace(_H5, format=DatasetFormat.LEROBOT_V21)
_V30 = replace(_H5, format=DatasetFormat.LEROBOT_V30)
_SECOND = "data/episode_1.h5"
_SECOND_V21 = "data/data/chunk-000/episode_000001.parquet"

Make = Callable[[DatasetSpec], Path]
Picture = npt.NDArray[np.uint8]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def write(spec: DatasetSpec) -> Path:
        skill = tmp_path / "skills/skill"
        spec.write(skill)
        return skill

    return write


def _set(path: Path, dataset: str, change: Callable[[Any], Any]) -> None:
    with h5py.File(path, "r+") as file:
        file[dataset][...] = change(file[dataset][...])


def _set_column(path: Path, name: str, change: Callable[[Any], Any]) -> None:
    table = pq.read_table(path)
    place = table.column_names.index(name)
    values = change(np.array(table.column(name).to_pylist()))
    kind = table.schema.field(name).type
    pq.write_table(table.set_column(place, name, pa.array(values.tolist(), kind)), path)


def _change_json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _pictures(spec: DatasetSpec, episode: int) -> list[Picture]:
    return list(spec.recording(episode).pictures(spec.cameras[0]))


def _encode(path: Path, pictures: Sequence[Picture], **how: Any) -> None:
    """Any codec, pixel format and rate."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(how.get("codec", "libx264"), rate=Fraction(how["rate"]))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = how.get("pix_fmt", "yuv420p")
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def test_nan(make: Make) -> None:
    def spoil(values: Any) -> Any:
        values[7, 2] = np.nan
        return values

    skill = make(_H5)
    _set(skill / _SECOND, "/observations/qpos", spoil)
    (finding,) = check(skill)
    assert (finding.code, finding.episode, finding.severity) == ("not-finite", 1, "error")
    assert "first at 7 (joint_3)" in finding.message


def test_nan_in_parquet(make: Make) -> None:
    def spoil(values: Any) -> Any:
        values[0, 0] = np.inf
        return values

    skill = make(_V21)
    _set_column(skill / _SECOND_V21, "action", spoil)
    assert places(skill) == {("not-finite", 1, None)}


def test_a_joint_that_stood_still(make: Make) -> None:
    def stick(values: Any) -> Any:
        values[:, 4] = 1.5
        return values

    skill = make(_H5)
    _set(skill / _SECOND, "/observations/qpos", stick)
    assert places(skill) == {("joint-constant", 1, None)}
    _set(skill / "data/episode_0.h5", "/observations/qpos", stick)
    (finding,) = check(skill)
    assert (finding.severity, finding.episode) == ("note", None)


def test_actions_of_other_width(make: Make, tmp_path: Path) -> None:
    skill, other = make(_H5), tmp_path / "skills/other"
    replace(_H5, action_width=8).write(other)
    (other / _SECOND).rename(skill / _SECOND)
    assert places(skill) in ({("width-differs", 1, None)}, {("width-differs", 0, None)})


def test_unusual_lengths(make: Make) -> None:
    skill = make(replace(_H5, lengths=(30, 30, 30, 4, 1)))
    assert places(skill) == {("length-unusual", 3, None), ("too-short", 4, None)}


def test_the_recorders_clock(make: Make) -> None:
    skill = make(_H5)
    _set(skill / _SECOND, "/timestamps/arm", lambda times: times[0] + (times - times[0]) * 2)
    assert places(skill) == {("rate-differs", 1, None)}

    def jump(times: Any) -> Any:
        times = np.linspace(0, 1.3, _FRAMES) + 5
        times[20:] += 0.4
        return times

    _set(skill / _SECOND, "/timestamps/arm", jump)
    assert places(skill) == {("time-gap", 1, None)}
    _set(skill / _SECOND, "/timestamps/arm", lambda times: times[::-1])
    assert places(skill) == {("time-backwards", 1, None)}
    _set(skill / _SECOND, "/timestamps/arm", lambda times: times * 0)  # recorded none: no harm
    assert places(skill) == set()


def test_declared_rate_of_innate(make: Make) -> None:
    skill = make(_H264)
    _change_json(skill / "data/dataset_metadata.json", data_frequency=15)
    assert {("rate-differs", 0, "main"), ("rate-differs", 1, "main")} <= places(skill)


def test_wall_clock_timestamps(make: Make) -> None:
    skill = make(_V21)
    _set_column(skill / _SECOND_V21, "timestamp", lambda times: times * 1.05 + 3)
    assert places(skill) == {("time-irregular", 1, None)}
    _set_column(skill / _SECOND_V21, "timestamp", lambda times: times * 0)
    assert places(skill) == {("time-backwards", 1, None)}


@pytest.mark.parametrize("spec", [_V21, _V30], ids=lambda spec: spec.format.value)
def test_declared_rate_of_lerobot(make: Make, spec: DatasetSpec) -> None:
    skill = make(spec)
    _change_json(skill / "data/meta/info.json", fps=10)
    found = places(skill)
    assert ("rate-differs", 1, _MAIN) in found
    assert ("time-irregular", 1, None) in found


def test_counting_columns(make: Make) -> None:
    skill = make(_V21)
    _set_column(skill / _SECOND_V21, "frame_index", lambda values: values + 1)
    assert places(skill) == {("numbers-wrong", 1, None)}
    _set_column(skill / _SECOND_V21, "frame_index", lambda values: values - 1)
    _set_column(skill / _SECOND_V21, "index", lambda values: values * 2)
    assert places(skill) == {("numbers-wrong", None, None)}


def test_totals_shapes_and_metadata_of_lerobot(make: Make) -> None:
    skill = make(_V30)
    info = skill / "data/meta/info.json"
    _change_json(info, total_frames=7)
    (finding,) = check(skill)
    assert finding.code == "count-differs"
    assert "is 7, but the episodes have 80" in finding.message
    features = json.loads(info.read_text())["features"]
    features["action"]["shape"] = [3]
    features[_MAIN]["shape"] = [10, 20, 3]
    features[_MAIN].pop("info", None)
    _change_json(info, total_frames=80, features=features)
    assert places(skill) == {("width-undeclared", None, None), ("size-undeclared", None, _MAIN)}
    (skill / "data/meta/tasks.parquet").unlink()
    assert ("metadata-missing", None, None) in places(skill)


def _frozen(pictures: list[Picture]) -> Iterator[Picture]:
    return (pictures[0] for _ in pictures)


def _black(pictures: list[Picture]) -> Iterator[Picture]:
    return (picture * 0 for picture in pictures)


def _doubled(pictures: list[Picture]) -> Iterator[Picture]:
    return (pictures[i // 2 * 2] for i in range(len(pictures)))


def _failing(pictures: list[Picture]) -> Iterator[Picture]:
    return (picture * (i < 20) for i, picture in enumerate(pictures))


_SIGHTS = {
    "frozen": _frozen,
    "black": _black,
    "frames-repeated": _doubled,
    "black-frames": _failing,
}


@pytest.mark.parametrize("code", _SIGHTS)
def test_what_a_video_shows(make: Make, code: str) -> None:
    skill = make(_H264)
    pictures = _SIGHTS[code](_pictures(_H264, 1))
    encode(skill / "data/episode_1_main.mp4", [pictures], 30, "h264", 10)
    (finding,) = check(skill)
    assert (finding.code, finding.episode, finding.camera) == (code, 1, "main")
    assert "frames were looked at" in finding.message


@pytest.mark.parametrize("code", _SIGHTS)
def test_what_raw_images_show(make: Make, code: str) -> None:
    skill = make(_H5)
    _set(skill / _SECOND, "/observations/images/main", lambda v: np.stack(list(_SIGHTS[code](v))))
    assert places(skill) == {(code, 1, "main")}


def test_a_camera_in_the_shared_video_is_black(make: Make) -> None:
    skill = make(_V30)
    (video,) = (skill / "data/videos").rglob("*.mp4")
    clips = [_pictures(_V30, 0), _black(_pictures(_V30, 1))]
    encode(video, clips, 30, "h264", 10)
    assert places(skill) == {("black", 1, _MAIN)}


def test_a_camera_that_was_slower_by_its_clock(make: Make) -> None:
    skill = make(_H5)
    _set(skill / _SECOND, "/timestamps/images/main", lambda times: times[np.arange(40) // 2 * 2])
    assert places(skill) == {("frames-repeated", 1, "main")}
    _set(skill / _SECOND, "/timestamps/images/main", lambda times: times * (np.arange(40) < 30))
    assert ("picture-missing", 1, "main") in places(skill)


def test_dropped_frames(make: Make) -> None:
    skill = make(_H264)
    encode(skill / "data/episode_1_main.mp4", [_pictures(_H264, 1)[:-3]], 30, "h264", 10)
    assert places(skill) == {("frames-differ", 1, "main")}


def test_damaged_frames(make: Make) -> None:
    skill = make(_H264)
    video = skill / "data/episode_1_main.mp4"
    content = bytearray(video.read_bytes())
    begin = content.index(b"mdat") + 4
    content[begin:] = bytes(len(content) - begin)
    video.write_bytes(content)
    found = check(skill)
    assert {(one.code, one.episode, one.camera) for one in found} == {
        ("picture-damaged", 1, "main")
    }


@pytest.mark.parametrize("how", [{"codec": "mpeg4"}, {"pix_fmt": "yuv444p"}])
def test_videos_that_browsers_refuse(make: Make, how: dict[str, str]) -> None:
    skill = make(_H264)
    _encode(skill / "data/episode_1_main.mp4", _pictures(_H264, 1), rate=30, **how)
    assert ("codec-refused", None, "main") in places(skill)


def test_pictures_of_other_size(make: Make) -> None:
    skill = make(_H264)
    larger = [np.repeat(picture, 2, axis=0) for picture in _pictures(_H264, 1)]
    encode(skill / "data/episode_1_main.mp4", [larger], 30, "h264", 10)
    assert places(skill) == {("size-differs", None, "main")}


def test_an_episode_without_one_camera(make: Make) -> None:
    spec = replace(_H5, cameras=("main", "wrist"))
    skill = make(spec)
    with h5py.File(skill / _SECOND, "r+") as file:
        del file["/observations/images/wrist"]
    assert places(skill) == {("camera-missing", 1, "wrist")}


@pytest.mark.parametrize("name", ["episode_1.h5", "episode_1_main.mp4"])
def test_files_that_are_not_whole(make: Make, name: str) -> None:
    skill = make(_H264)
    path = skill / "data" / name
    content = path.read_bytes()
    for damaged, code in (
        (content[: len(content) // 2], None),
        (b"", "file-damaged"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\n", "lfs-pointer"),
    ):
        path.write_bytes(damaged)
        found = [one for one in check(skill) if one.severity == "error"]
        assert {one.episode for one in found} == {1}
        assert code is None or code in {one.code for one in found}
    path.unlink()
    assert ("file-missing", 1) in {(one.code, one.episode) for one in check(skill)}


def test_what_is_no_file_is_not_waited_for(make: Make) -> None:
    skill = make(replace(_H264, lengths=(12, 13)))
    (skill / "data/episode_1.h5").unlink()
    os.mkfifo(skill / "data/episode_1.h5")
    assert "file-missing" in codes(skill)


def test_the_list_and_the_files_disagree(make: Make) -> None:
    skill = make(_H5)
    _change_json(skill / "data/dataset_metadata.json", number_of_episodes=5)
    (skill / "data/episode_9.h5").write_bytes((skill / _SECOND).read_bytes())
    assert places(skill) == {("count-differs", None, None), ("file-unlisted", None, None)}
