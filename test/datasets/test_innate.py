from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pytest
from strategies import DatasetSpec

from training_manager_ros.datasets import (
    Camera,
    Dataset,
    DatasetFormat,
    FactCache,
    Hdf5Frames,
    VideoFrames,
    open_dataset,
    summarise,
)
from training_manager_ros.errors import NotFound, Unreadable

_RAW = DatasetSpec(DatasetFormat.H5, 30.0, ("main", "wrist"), (5, 3))
_VIDEO = replace(_RAW, format=DatasetFormat.H264, converted=frozenset({0, 1}))
_MIXED = replace(_RAW, format=DatasetFormat.MIXED, converted=frozenset({0}))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[DatasetSpec], Path]:
    def write(spec: DatasetSpec) -> Path:
        spec.write(tmp_path / "skills/skill")
        return tmp_path / "skills/skill"

    return write


Write = Callable[[DatasetSpec], Path]


def _open(skill: Path) -> Dataset:
    return open_dataset(skill, FactCache(None))


def _edit(skill: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = skill / "data/dataset_metadata.json"
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def _set_rate(rate: object) -> Callable[[dict[str, Any]], None]:
    return lambda value: value.update(data_frequency=rate)


def test_cameras_say_what_they_are(write: Write) -> None:
    skill = write(_MIXED)
    assert _open(skill).cameras() == (
        Camera("main", 120, 64, "h264", "yuv420p"),
        Camera("wrist", 120, 64, "h264", "yuv420p"),
    )
    shutil.rmtree(skill)
    assert _open(write(_RAW)).cameras()[0] == Camera("main", 120, 64, "raw", "bgr24")


def test_a_camera_that_only_a_later_episode_has_is_found(write: Write) -> None:
    skill = write(_MIXED)
    with h5py.File(skill / "data/episode_1.h5", "r+") as file:
        file.move("/observations/images/wrist", "/observations/images/elbow")
    assert [camera.name for camera in _open(skill).cameras()] == ["elbow", "main", "wrist"]


def test_a_camera_is_listed_even_if_none_of_its_videos_can_be_read(write: Write) -> None:
    skill = write(_VIDEO)
    for path in (skill / "data").glob("*_wrist.mp4"):
        path.write_bytes(b"")
    dataset = _open(skill)
    assert dataset.cameras()[1] == Camera("wrist")
    assert dataset.episode(0).cameras == ("main",)
    assert "episode_0_wrist.mp4 is empty." in dataset.episode(0).problems


def test_an_episode_that_has_both_shows_its_videos(write: Write) -> None:
    skill = write(_VIDEO)
    with h5py.File(skill / "data/episode_0.h5", "r+") as file:
        file["/observations/images/main"] = np.zeros((5, 64, 120, 3), np.uint8)
    dataset = _open(skill)
    assert isinstance(dataset.frames(0, "main"), VideoFrames)
    assert dataset.episode(0).converted


def test_a_broken_episode_does_not_hide_another(write: Write) -> None:
    skill = write(_RAW)
    (skill / "data/episode_0.h5").write_bytes(b"nonsense" * 100)
    broken, sound = _open(skill).episodes()
    assert (broken.frames, broken.cameras, broken.duration) == (0, (), 0.0)
    assert broken.problems == ("episode_0.h5 can't be opened as HDF5; it is cut off or damaged.",)
    assert (sound.frames, sound.problems) == (3, ())
    for ask in (_open(skill).signals, _open(skill).timestamps):
        with pytest.raises(Unreadable, match="cut off or damaged"):
            ask(0)


def test_a_missing_file_is_a_problem_of_its_episode_and_of_the_dataset(write: Write) -> None:
    skill = write(_RAW)
    (skill / "data/episode_1.h5").unlink()
    dataset = _open(skill)
    assert dataset.summary.problems == ("Files that the list names are missing: episode_1.h5.",)
    assert dataset.episode(1).problems == ("episode_1.h5 is missing.",)
    with pytest.raises(Unreadable, match=r"episode_1\.h5 is missing"):
        dataset.frames(1, "main")


def test_a_file_that_vanishes_after_opening_is_a_problem(write: Write) -> None:
    skill = write(_VIDEO)
    dataset = _open(skill)
    (skill / "data/episode_1.h5").unlink()
    (skill / "data/episode_1_main.mp4").unlink()
    said = " ".join(dataset.episode(1).problems)
    assert "episode_1.h5 can't be read: No such file" in said
    assert "episode_1_main.mp4 can't be read: No such file" in said
    with pytest.raises(Unreadable, match="No such file"):
        dataset.signals(1)
    with pytest.raises(Unreadable, match="No such file"):
        dataset.frames(1, "main")


def test_videos_of_another_length_are_a_problem(write: Write) -> None:
    skill = write(_VIDEO)
    shutil.copy(skill / "data/episode_1_main.mp4", skill / "data/episode_0_main.mp4")
    assert _open(skill).episode(0).problems == (
        "episode_0_main.mp4 has 3 frames, but the episode has 5 timesteps.",
    )
    assert _open(skill).frames(0, "main").count == 3


def test_a_rate_that_is_not_the_videos_is_a_problem(write: Write) -> None:
    skill = write(_VIDEO)
    _edit(skill, _set_rate(25))
    assert _open(skill).episode(0).problems[0] == (
        "episode_0_main.mp4 has 30 frames a second, but the dataset says 25."
    )


def test_an_interrupted_conversion_shows_the_original(write: Write) -> None:
    skill = write(_RAW)
    (skill / "raw_data").mkdir()
    (skill / "data/episode_0.h5").rename(skill / "raw_data/episode_0.h5")
    (skill / "data/episode_0_main.mp4").write_bytes(b"half a video")
    dataset = _open(skill)
    episode = dataset.episode(0)
    assert (episode.file, episode.frames) == ("raw_data/episode_0.h5", 5)
    assert "its conversion was interrupted" in episode.problems[0]
    source = dataset.frames(0, "main")
    assert isinstance(source, Hdf5Frames)
    assert source.path == skill / "raw_data/episode_0.h5"
    assert "Files in data/ are not in the list of episodes: episode_0_main.mp4." in (
        dataset.summary.problems
    )


def test_the_original_is_not_followed_out_of_the_skills_folder(
    write: Write, tmp_path: Path
) -> None:
    skill = write(_RAW)
    outside = tmp_path / "outside"
    outside.mkdir()
    (skill / "data/episode_0.h5").rename(outside / "episode_0.h5")
    (skill / "raw_data").symlink_to(outside)
    assert _open(skill).episode(0).problems == ("episode_0.h5 is missing.",)


def test_a_recording_in_progress_is_never_looked_at(write: Write) -> None:
    skill = write(_RAW)
    before = summarise(skill)
    (skill / "data/.episode_recording.h5.tmp").write_bytes(b"half an episode" * 100)
    assert summarise(skill) == before


def test_a_list_that_is_being_written_is_unreadable_now_and_whole_later(write: Write) -> None:
    skill = write(_RAW)
    path = skill / "data/dataset_metadata.json"
    whole = path.read_text()
    facts = FactCache(None)
    for torn in ("", whole[: len(whole) // 2]):
        path.write_text(torn)
        with pytest.raises(Unreadable, match=r"dataset_metadata\.json.*will be read again"):
            open_dataset(skill, facts)
        summary = summarise(skill)
        assert summary is not None
        assert (summary.format, summary.rate, summary.episode_count) == (DatasetFormat.H5, 0, 2)
        assert "will be read again" in summary.problems[0]
    path.write_text(whole)
    assert open_dataset(skill, facts).summary.problems == ()


def test_files_without_a_list_are_no_episodes(write: Write) -> None:
    skill = write(_RAW)
    (skill / "data/dataset_metadata.json").unlink()
    summary = summarise(skill)
    assert summary is not None
    assert summary.episode_count == 0
    assert summary.problems == (
        "dataset_metadata.json is missing, so these files are no episodes: "
        "episode_0.h5, episode_1.h5.",
    )
    assert _open(skill).episodes() == []


def test_an_empty_list_is_a_sound_dataset(write: Write) -> None:
    skill = write(replace(_RAW, lengths=()))
    dataset = _open(skill)
    assert (dataset.summary.episode_count, dataset.summary.problems) == (0, ())
    assert dataset.episodes() == []
    assert dataset.cameras() == ()


@pytest.mark.parametrize("rate", [0, None, "30"])
def test_without_a_rate_time_comes_from_the_recording(write: Write, rate: object) -> None:
    skill = write(_MIXED)
    _edit(skill, _set_rate(rate))
    dataset = _open(skill)
    assert dataset.summary.rate == 0
    assert any("rate is unknown" in problem for problem in dataset.summary.problems)
    assert dataset.episode(0).duration == pytest.approx(5 / 30, abs=1e-5)  # from start to end
    assert dataset.frames(0, "main").rate == pytest.approx(30)  # as the video says
    assert dataset.frames(1, "main").rate == pytest.approx(30)  # as the recorder's clock says


def test_without_any_clock_frames_come_at_the_recorders_rate(write: Write) -> None:
    skill = write(_RAW)
    _edit(skill, _set_rate(0))
    with h5py.File(skill / "data/episode_0.h5", "r+") as file:
        del file["/timestamps"]
    dataset = _open(skill)
    assert dataset.frames(0, "main").rate == 30
    assert len(dataset.timestamps(0)) == 0


def test_timestamps_begin_at_zero_and_zero_stands_for_none(write: Write) -> None:
    skill = write(_RAW)
    with h5py.File(skill / "data/episode_0.h5", "r+") as file:
        file["/timestamps/arm"][:] = [0.0, 100.0, 100.1, 0.0, 100.3]
    np.testing.assert_allclose(
        _open(skill).timestamps(0), [np.nan, 0.0, 0.1, np.nan, 0.3], atol=1e-9
    )
    with h5py.File(skill / "data/episode_0.h5", "r+") as file:
        file["/timestamps/arm"][:] = 0.0
    assert len(_open(skill).timestamps(0)) == 0


def test_signals_bear_names_and_units(write: Write) -> None:
    dataset = _open(write(_RAW))
    action, qpos, qvel = dataset.signals(0)
    assert (action.name, qpos.name, qvel.name) == ("action", "qpos", "qvel")
    assert action.names[6:] == ("linear_x", "angular_z", "progress", "termination")
    assert (qpos.units[0], qvel.units[0]) == ("rad", "rad/s")


def test_what_is_not_there_is_not_found(write: Write) -> None:
    skill = write(_VIDEO)
    dataset = _open(skill)
    with pytest.raises(NotFound, match="no episode 2 in skill"):
        dataset.episode(2)
    with pytest.raises(NotFound, match="no camera 'elbow'"):
        dataset.frames(0, "elbow")
    with pytest.raises(NotFound, match="no dataset yet"):
        _open(skill.parent / "nothing")


def test_pages_are_parts_of_the_whole(write: Write) -> None:
    dataset = _open(write(replace(_RAW, lengths=(1, 2, 3, 4))))
    whole = dataset.episodes()
    assert dataset.episodes(1, 2) == whole[1:3]
    assert dataset.episodes(3) == whole[3:]
    assert dataset.episodes(9) == []


def test_size_is_that_of_the_episodes_own_files(write: Write) -> None:
    skill = write(_VIDEO)
    expected = sum(path.stat().st_size for path in (skill / "data").glob("episode_0*"))
    assert _open(skill).episode(0).size_bytes == expected


def test_what_an_older_converter_made_is_read_as_it_is(write: Write) -> None:
    skill = write(_VIDEO)
    path = skill / "data/episode_0_main.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 120, 64, "yuv444p"
        stream.options = {"g": "250", "bf": "2"}
        for number in range(5):
            picture = np.full((64, 120, 3), number * 40, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    dataset = _open(skill)
    assert dataset.cameras()[0].pix_fmt == "yuv444p"
    assert dataset.episode(0).problems == ()
    assert dataset.frames(0, "main").count == 5
