from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from training_manager_ros.datasets import (
    DatasetFormat,
    FactCache,
    Hdf5Frames,
    VideoFrames,
    open_dataset,
    summarise,
)
from training_manager_ros.samples import make_samples, read_frame_number
from training_manager_ros.samples.encoding import encode
from training_manager_ros.skills import read_metadata
from training_manager_ros.skills.validation import find_errors

_FORMATS = {
    "fold-towel": DatasetFormat.H264,
    "look-around": None,
    "pick-up-cup": DatasetFormat.H5,
    "sort-fruit": DatasetFormat.LEROBOT_V21,
    "stack-blocks": DatasetFormat.MIXED,
    "wave-hello": None,
    "wipe-table": DatasetFormat.LEROBOT_V30,
}


def _contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_there_is_one_in_every_format(sample_skills: Path) -> None:
    assert sorted(path.name for path in sample_skills.iterdir()) == sorted(_FORMATS)
    for name, kind in _FORMATS.items():
        summary = summarise(sample_skills / name)
        assert (summary.format if summary else None) is kind
        assert not summary or (summary.episode_count >= 2 and summary.problems == ())


def test_metadata_is_sound(sample_skills: Path) -> None:
    types = set()
    for name in _FORMATS:
        value = read_metadata(sample_skills / name).value
        assert value is not None
        assert find_errors(value) == {}
        types.add(value["type"])
    assert types == {"learned", "replay", "poses"}
    assert (sample_skills / "wave-hello/episode_0.h5").is_file()


@pytest.mark.parametrize("name", [name for name, kind in _FORMATS.items() if kind])
def test_every_frame_of_every_camera_bears_its_number(sample_skills: Path, name: str) -> None:
    import av
    import h5py

    dataset = open_dataset(sample_skills / name, FactCache(None))
    assert len(dataset.cameras()) == 2
    for episode in dataset.episodes():
        assert episode.problems == ()
        for camera in episode.cameras:
            source = dataset.frames(episode.id, camera)
            if isinstance(source, VideoFrames):
                with av.open(str(source.path)) as container:
                    pictures = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
                pictures = pictures[source.first_frame : source.first_frame + source.count]
            else:
                assert isinstance(source, Hdf5Frames)
                with h5py.File(source.path) as file:
                    pictures = list(file[source.dataset])
            numbers = [read_frame_number(picture) for picture in pictures]
            assert numbers == [(episode.id, frame) for frame in range(episode.frames)]


def test_every_episode_of_the_shared_video_begins_on_a_keyframe(sample_skills: Path) -> None:
    import av

    dataset = open_dataset(sample_skills / "wipe-table", FactCache(None))
    for camera in dataset.cameras():
        sources = [dataset.frames(number, camera.name) for number in dataset.episode_ids]
        assert isinstance(sources[0], VideoFrames)
        with av.open(str(sources[0].path)) as container:
            keys = [frame.key_frame for frame in container.decode(video=0)]
        assert all(keys[source.first_frame] for source in sources if hasattr(source, "first_frame"))


def test_raw_images_are_bgr(sample_skills: Path) -> None:
    import h5py

    with h5py.File(sample_skills / "pick-up-cup/data/episode_0.h5") as file:
        window = file["/observations/images/camera_1"][0, 30, 280]
    assert window[0] > window[2]  # the sky in it is blue


def test_signals_move(sample_skills: Path) -> None:
    for name, kind in _FORMATS.items():
        if kind:
            dataset = open_dataset(sample_skills / name, FactCache(None))
            for signal in dataset.signals(0):
                assert np.ptp(signal.values, axis=0).max() > 0.05


def test_the_same_bytes_every_time(sample_skills: Path, tmp_path: Path) -> None:
    names = ("sort-fruit", "stack-blocks", "look-around")
    assert make_samples(tmp_path / "skills", names) == tuple(sorted(names))
    for name in names:
        assert _contents(tmp_path / "skills" / name) == _contents(sample_skills / name)


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "look-around").mkdir()
    (tmp_path / "wave-hello").symlink_to(tmp_path / "nowhere")
    assert make_samples(tmp_path, ("look-around", "wave-hello")) == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["look-around", "wave-hello"]
    assert list((tmp_path / "look-around").iterdir()) == []
    assert make_samples(tmp_path, ("look-around", "wave-hello")) == ()


def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    made: list[str] = []
    start = threading.Barrier(4)

    def make() -> None:
        start.wait(10)
        made.extend(make_samples(tmp_path, ("wave-hello",)))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert made == ["wave-hello"]
    assert [path.name for path in tmp_path.iterdir()] == ["wave-hello"]


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training_manager_ros.samples", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def test_from_a_shell_it_says_what_is_new_and_what_is_in_the_way(
    sample_skills: Path, tmp_path: Path
) -> None:
    again = _run(str(sample_skills))
    assert (again.returncode, again.stderr) == (0, "")
    assert "all samples are there already" in again.stdout
    (tmp_path / "file").write_text("")
    failed = _run(str(tmp_path / "file/skills"))
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "Not a directory" in failed.stderr
    assert _run().returncode == 2


def test_encoding_leaves_its_caller_the_priority_it_had(tmp_path: Path) -> None:
    before = os.sched_getscheduler(0)
    picture = np.zeros((64, 64, 3), np.uint8)
    encode(tmp_path / "film.mp4", [[picture] * 3], 30.0, "av1", 10)
    assert os.sched_getscheduler(0) == before
