"""Raw recordings become videos in place; LeRobot v2 becomes v3.0 as a copy."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from strategies import datasets

from training_manager_ros.datasets import (
    Dataset,
    DatasetFormat,
    FactCache,
    VideoFrames,
    open_dataset,
)
from training_manager_ros.datasets.video import read_index
from training_manager_ros.datasets.video.decode import VideoReader
from training_manager_ros.editing import (
    EditPlan,
    FileMode,
    estimate,
    plan_convert,
    plan_delete,
    read_provenance,
)
from training_manager_ros.errors import Cancelled, Conflict, InvalidInput, Unreadable
from training_manager_ros.jobs import Control
from training_manager_ros.jobs.kinds.convert import ConvertDataset
from training_manager_ros.jobs.kinds.raw import RawConversion
from training_manager_ros.levers import Levers

from .conftest import spec
from .converting import arguments, convert, numbers, rows, sound, values
from .seen import contents, tree, visible

CAMERAS = ("camera_1", "camera_2")


def plan(root: Path, keep_raw: bool = False, target: str = "h264", name: str = "") -> EditPlan:
    return plan_convert(root, "cup", target, name, keep_raw, FactCache(None))


def listed(root: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((root / "cup/data/dataset_metadata.json").read_text())
    return value


@settings(max_examples=8, deadline=None)
@given(datasets(formats=[DatasetFormat.H5, DatasetFormat.MIXED], max_episodes=3))
def test_every_picture_and_value_is_where_it_was(one):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        one.write(root / "cup")
        pictures, recorded, index = numbers(root / "cup"), values(root / "cup"), listed(root)
        raw = len(one.lengths) - len(one.converted)
        assert convert(root) == {"skill": "cup", "episodes": raw, "problems": []}
        assert numbers(root / "cup") == pictures
        assert pictures[len(one.lengths) - 1]
        assert values(root / "cup") == recorded
        sound(root / "cup", one.rate)
        now = listed(root)
        assert now["dataset_type"] == "h264"
        for before, after in zip(index["episodes"], now["episodes"], strict=True):
            stem = before["file_name"].removesuffix(".h5")
            assert after == {
                **before,
                "video_files": sorted(f"{stem}_{camera}.mp4" for camera in one.cameras),
            }
        with h5py.File(root / "cup/data" / now["episodes"][0]["file_name"]) as file:
            assert "images" not in file["observations"]
        assert not [name for name in tree(root / "cup") if "/." in name]


def test_originals_are_kept_byte_by_byte_if_asked(root: Path):
    spec(DatasetFormat.MIXED).write(root / "cup")
    before = tree(root / "cup")
    convert(root, keep_raw=True)
    after = tree(root / "cup")
    for number in (2, 3):  # the raw ones
        assert after[f"raw_data/episode_{number}.h5"] == before[f"data/episode_{number}.h5"]
    for number in (0, 1):
        assert after[f"data/episode_{number}.h5"] == before[f"data/episode_{number}.h5"]
        assert f"raw_data/episode_{number}.h5" not in after
    sound(root / "cup", 30.0)


def test_originals_are_gone_if_not(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    convert(root)
    assert not (root / "cup/raw_data").exists()
    assert sorted(path.name for path in (root / "cup/data").iterdir()) == [
        "dataset_metadata.json",
        *(
            name
            for i in range(4)
            for name in (f"episode_{i}.h5", *(f"episode_{i}_{camera}.mp4" for camera in CAMERAS))
        ),
    ]


def test_everything_but_the_images_stays_in_the_file(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    path = root / "cup/data/episode_0.h5"
    with h5py.File(path, "r+") as file:
        file.attrs["robot"] = "maurice"
        file["observations"].attrs["note"] = "left"
        file["odom"] = np.arange(6.0).reshape(3, 2)
        file["observations/depth"] = np.full((3, 4, 5), 7, np.uint16)
        file["link"] = h5py.SoftLink("/odom")
    convert(root)
    with h5py.File(path) as file:
        assert file.attrs["robot"] == "maurice"
        assert file["observations"].attrs["note"] == "left"
        assert file["odom"][()].tolist() == [[0, 1], [2, 3], [4, 5]]
        assert file["observations/depth"].dtype == np.uint16
        assert int(file["observations/depth"][()].sum()) == 7 * 60
        assert isinstance(file.get("link", getlink=True), h5py.SoftLink)
        assert sorted(file["timestamps/images"]) == list(CAMERAS)
        assert file["action"].chunks is not None


def test_colours_stay_what_they_are(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    patches = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (128, 128, 128), (250, 250, 5)]
    for number in range(4):
        with h5py.File(root / f"cup/data/episode_{number}.h5", "r+") as file:
            images = file["observations/images/camera_1"]
            for frame in range(len(images)):
                for patch, rgb in enumerate(patches):
                    images[frame, :, patch * 24 : patch * 24 + 24] = rgb[::-1]
    before = rows(root / "cup", 0, "camera_1").astype(int)
    convert(root)
    after = rows(root / "cup", 0, "camera_1").astype(int)
    for patch in range(len(patches)):
        inside = np.s_[:, 8:56, patch * 24 + 6 : patch * 24 + 18]
        off = np.abs(after[inside].mean((0, 1, 2)) - before[inside].mean((0, 1, 2)))
        assert off.max() < 4, patches[patch]  # a step of each of Y, Cb and Cr


def test_a_plan_tells_what_it_costs_and_writes_nothing(root: Path):
    spec(DatasetFormat.MIXED).write(root / "cup")
    before = tree(root)
    made = plan(root)
    assert (made.format, made.frames, made.cameras) == (DatasetFormat.H264, 10, CAMERAS)
    assert [(one.episode, one.new_id) for one in made.episodes] == [(i, i) for i in range(4)]
    assert (made.name, made.sources, made.in_place) == ("cup", ("cup",), True)
    assert made.problems == ()
    assert made.encoded == 120 * 64 * 2 * 6
    cost = estimate(root, made, FileMode.AUTO)
    assert 0 < cost.bytes_to_write < 500_000
    assert cost.seconds > made.encoded * 1e-9
    assert tree(root) == before


def test_what_is_converted_already_is_left_alone(root: Path):
    spec(DatasetFormat.H264).write(root / "cup")
    before = tree(root)
    (problem,) = plan(root).problems
    assert "no raw recordings left" in problem.message
    assert convert(root) == {"skill": "cup", "episodes": 0, "problems": [problem.message]}
    assert tree(root) == before


def test_an_episode_that_cant_be_read_stays_and_the_others_are_converted(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    path = root / "cup/data/episode_1.h5"
    path.write_bytes(path.read_bytes()[:3000])
    broken = path.read_bytes()
    (problem,) = plan(root).problems
    assert "Episode 1 stays as it is" in problem.message
    assert not problem.blocks
    assert plan(root).format is DatasetFormat.MIXED
    assert convert(root) == {"skill": "cup", "episodes": 3, "problems": [problem.message]}
    assert path.read_bytes() == broken
    assert not (root / "cup/data/episode_1_camera_1.mp4").exists()


def test_images_that_are_damaged_half_way_are_not_converted_by_half(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    path = root / "cup/data/episode_2.h5"
    with h5py.File(path, "r+") as file:
        images = file["observations/images/camera_2"][()]
        del file["observations/images/camera_2"]
        shape = (1, *images.shape[1:])
        made = file.create_dataset(
            "observations/images/camera_2", data=images, chunks=shape, fletcher32=True
        )
        offset = made.id.get_chunk_info(2).byte_offset
    with path.open("r+b") as raw:
        raw.seek(offset + 100)
        raw.write(b"damaged")
    before = path.read_bytes()
    with pytest.raises(Unreadable, match=r"^Episode 2 stays as it is: .*camera_2"):
        convert(root)
    assert path.read_bytes() == before
    assert not list((root / "cup/data").glob("episode_2*.mp4"))
    assert "video_files" not in listed(root)["episodes"][2]
    assert all("video_files" in listed(root)["episodes"][i] for i in (0, 1, 3))


def test_a_camera_with_fewer_images_than_timesteps_is_not_converted(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    with h5py.File(root / "cup/data/episode_2.h5", "r+") as file:
        file["observations/images/camera_2"].resize(2, axis=0)
    assert "camera_2 has not one image a timestep" in plan(root).problems[0].message
    convert(root)
    assert not list((root / "cup/data").glob("episode_2*.mp4"))
    assert "video_files" not in listed(root)["episodes"][2]


def test_what_lies_among_the_images_but_is_none_is_not_lost(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    path = root / "cup/data/episode_0.h5"
    with h5py.File(path, "r+") as file:
        file["observations/images/depth"] = np.zeros((3, 4, 5), np.float32)
    before = path.read_bytes()
    with pytest.raises(Unreadable, match=r"Episode 0 stays as it is: .* keeps depth"):
        convert(root)
    assert path.read_bytes() == before
    assert "video_files" in listed(root)["episodes"][3]


def test_an_original_is_never_put_over_another_one(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    (root / "cup/raw_data").mkdir()
    (root / "cup/raw_data/episode_2.h5").write_bytes(b"another recording")
    before = tree(root)
    (problem,) = plan(root, keep_raw=True).problems
    assert problem.blocks
    with pytest.raises(InvalidInput, match=r"raw_data/episode_2\.h5 exists already"):
        convert(root, keep_raw=True)
    assert tree(root) == before
    convert(root)
    assert (root / "cup/raw_data/episode_2.h5").read_bytes() == b"another recording"


@pytest.mark.parametrize("keep_raw", [True, False])
def test_a_conversion_by_another_program_that_moved_the_original_is_finished(
    root: Path, keep_raw: bool
):
    spec(DatasetFormat.H5).write(root / "cup")
    pictures = numbers(root / "cup")
    (root / "cup/raw_data").mkdir()
    original = root / "cup/data/episode_1.h5"
    content = original.read_bytes()
    original.rename(root / "cup/raw_data/episode_1.h5")
    (root / "cup/data/episode_1_camera_1.mp4").write_bytes(b"half a video")
    convert(root, keep_raw)
    sound(root / "cup", 30.0)
    assert numbers(root / "cup") == pictures
    kept = root / "cup/raw_data/episode_1.h5"
    assert (kept.read_bytes() if kept.exists() else None) == (content if keep_raw else None)


def test_videos_that_the_list_forgot_are_named_again(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    before = (root / "cup/data/dataset_metadata.json").read_text()
    pictures = numbers(root / "cup")
    convert(root)
    # a recorder that had read the list before
    (root / "cup/data/dataset_metadata.json").write_text(before)
    convert(root)
    assert numbers(root / "cup") == pictures
    sound(root / "cup", 30.0)


def test_a_recording_of_the_same_name_gets_no_video_of_the_old_one(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")

    def cancel(what: str, path: Path) -> None:
        if what == "make" and path.name.startswith("episode_0_camera_2"):
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        convert(root, before=cancel)
    assert list((root / "cup/data/.conversion").rglob("episode_0_camera_1.mp4"))
    other = root / "other"
    spec(DatasetFormat.H5, label=30).write(other)
    pictures = numbers(other)
    shutil.copy(other / "data/episode_0.h5", root / "cup/data/episode_0.h5")
    convert(root)
    assert numbers(root / "cup")[0] == pictures[0]


def test_what_a_kill_left_is_not_taken_for_a_later_recording_of_the_same_name(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    first = listed(root)

    def stop(what: str, path: Path) -> None:
        if path.name == ".conversion" and what == "change":  # all is done but to tidy up
            raise Cancelled("Cancelled.")

    with pytest.raises(Cancelled):
        convert(root, before=stop)
    assert list((root / "cup/data/.conversion").rglob("ready"))
    spec(DatasetFormat.H5, label=30).write(root / "other")
    shutil.copy(root / "other/data/episode_0.h5", root / "cup/data/episode_0.h5")
    (root / "cup/data/dataset_metadata.json").write_text(json.dumps(first))
    convert(root)
    assert numbers(root / "cup")[0] == numbers(root / "other")[0]


def test_one_at_a_time(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    problems: list[str] = []

    def second(what: str, path: Path) -> None:
        if what == "make" and not problems:
            with pytest.raises(Conflict) as caught:
                convert(root)
            problems.append(str(caught.value))

    convert(root, before=second)
    assert problems == ["cup is being converted already."]
    sound(root / "cup", 30.0)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target": "h265"}, "target"),
        ({"target": ["h264"]}, "target"),
        ({"name": "Other"}, "name"),
        ({"keep_raw": 1}, "keep_raw"),
        ({"target": "lerobot-v3.0"}, "name"),
        ({"file_mode": "move"}, "file_mode"),
        ({"more": 1}, "more"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(root: Path, change: dict[str, Any], field: str):
    spec(DatasetFormat.H5).write(root / "cup")
    with pytest.raises(InvalidInput) as caught:
        ConvertDataset(root, FactCache(None)).locks({**arguments(), **change})
    assert field in caught.value.fields


@pytest.mark.parametrize("kind", [DatasetFormat.LEROBOT_V20, DatasetFormat.LEROBOT_V21])
def test_lerobot_v2_becomes_v3_as_a_copy(root: Path, kind: DatasetFormat):
    replace(spec(DatasetFormat.H5), format=kind).write(root / "cup")
    before, seen = tree(root / "cup"), contents(root / "cup")
    wanted = {"skill": "cup", "target": "lerobot-v3.0", "name": "New cup", "keep_raw": False}
    job = ConvertDataset(root, FactCache(None))
    assert job.locks(wanted).writes == ("new-cup",)
    result = dict(job.run(wanted, Control()))
    notes = result.pop("problems", [])
    assert result == {"skill": "new-cup", "episodes": 4}
    # v2.0 knows no statistics of pictures for each episode
    assert bool(notes) is (kind is DatasetFormat.LEROBOT_V20)
    assert all("no statistics of observation.images." in note for note in notes)
    made = open_dataset(root / "new-cup", FactCache(None))
    assert made.summary.format is DatasetFormat.LEROBOT_V30
    assert contents(root / "new-cup") == seen
    assert tree(root / "cup") == before
    provenance = read_provenance(root / "new-cup")
    assert provenance is not None
    assert (provenance.operation, len(provenance.episodes)) == ("convert", 4)
    assert json.loads((root / "new-cup/metadata.json").read_text())["name"] == "New cup"
    assert job.run(wanted, Control())["episodes"] == 4  # taken up after it was done
    (problem,) = plan_delete(root, "new-cup", [0], "x", FactCache(None)).problems or (None,)
    assert problem is None


def test_formats_that_dont_become_one_another_are_refused(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    with pytest.raises(InvalidInput, match="can be h264"):
        plan(root, target="lerobot-v3.0", name="x")
    shutil.rmtree(root / "cup")
    replace(spec(DatasetFormat.H5), format=DatasetFormat.LEROBOT_V30).write(root / "cup")
    with pytest.raises(InvalidInput, match=r"can be lerobot-v3\.0"):
        plan(root)
    with pytest.raises(InvalidInput, match=r"v3\.0 already"):
        plan(root, target="lerobot-v3.0", name="x")


def test_an_upload_hears_of_each_file_once_it_is_whole(root: Path):
    spec(DatasetFormat.MIXED).write(root / "cup")
    conversion = RawConversion(root, "cup", FactCache(None))
    raw = {f"data/episode_{i}.h5" for i in (2, 3)}
    videos = {f"data/episode_{i}_{camera}.mp4" for i in (2, 3) for camera in CAMERAS}
    assert set(conversion.pending()) == raw
    heard: dict[str, bytes] = {}
    parts: list[float] = []

    def ready(name: str) -> None:
        heard[name] = (root / "cup" / name).read_bytes()

    conversion.run(ready, parts.append, Levers())
    assert heard.keys() == raw | videos
    assert all((root / "cup" / name).read_bytes() == content for name, content in heard.items())
    assert parts == sorted(parts)
    assert parts[-1] > 0.99
    sound(root / "cup", 30.0)
    assert (root / "cup/raw_data/episode_2.h5").is_file()


def test_an_upload_that_is_cancelled_stops_in_the_middle(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    levers = Levers()
    with pytest.raises(Cancelled):
        RawConversion(root, "cup", FactCache(None)).run(
            lambda name: levers.cancel(), lambda part: None, levers
        )
    assert len(list((root / "cup/data").glob("*.mp4"))) == 2
    convert(root)
    sound(root / "cup", 30.0)


def test_real_recordings(real_skills: Path, root: Path):
    shutil.copytree(real_skills / "insertion-raw", root / "cup")
    before = [rows(root / "cup", i, camera) for i in (0, 1) for camera in CAMERAS]
    recorded = values(root / "cup")
    convert(root)
    sound(root / "cup", 50.0)
    assert values(root / "cup") == recorded
    after = [rows(root / "cup", i, camera) for i in (0, 1) for camera in CAMERAS]
    for one, other in zip(before, after, strict=True):
        assert one.shape == other.shape
        for k in range(len(one)):  # each picture is its own rather than a neighbour's
            error = np.abs(one[k].astype(int) - other[k]).mean()
            assert error < 2.5
    assert visible(root) == ["cup"]


def test_a_real_lerobot_dataset(real_skills: Path, root: Path):
    shutil.copytree(real_skills / "cr5-reach-v21", root / "cup")
    wanted = {"skill": "cup", "target": "lerobot-v3.0", "name": "New", "keep_raw": False}
    ConvertDataset(root, FactCache(None)).run(wanted, Control())
    source, made = (open_dataset(root / name, FactCache(None)) for name in ("cup", "new"))
    assert [one.frames for one in made.episodes()] == [one.frames for one in source.episodes()]
    number = source.episode_ids[-1]
    for camera in source.episode(number).cameras:
        seen = [one_of(dataset, number, camera) for dataset in (source, made)]
        assert np.array_equal(seen[0], seen[1])


def one_of(dataset: Dataset, episode: int, camera: str) -> np.ndarray:
    """The 21st picture of an episode."""
    frames = dataset.frames(episode, camera)
    assert isinstance(frames, VideoFrames)
    reader = VideoReader(read_index(frames.path))
    picture = reader.frame(frames.first_frame + 20).to_ndarray(format="rgb24")
    reader.close()
    return picture
