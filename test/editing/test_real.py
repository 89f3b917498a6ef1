"""The real recordings through every edit; what comes out is decoded and compared with the source.

pick-place is h264 with B-frames, pick-place-v20 and -v30 are the same recordings as they were
found, cr5-reach-v21 is AV1 with a clock that drifts, insertion-raw holds pictures in HDF5.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import av
import h5py
import pytest

from training_manager_ros.datasets import (
    DatasetFormat,
    FactCache,
    FrameSource,
    Hdf5Frames,
    VideoFrames,
)
from training_manager_ros.datasets.check import check_dataset
from training_manager_ros.datasets.edit.files import FileMode, Files
from training_manager_ros.datasets.edit.plan import EditPlan, apply_plan
from training_manager_ros.editing import (
    MergeRules,
    MergeSource,
    Verdict,
    mark_episodes,
    plan_delete,
    plan_merge,
    read_marks,
)
from training_manager_ros.jobs import Control

from .seen import leftovers, open_skill, tree, visible

NAMES = ("cr5-reach-v21", "insertion-raw", "pick-place", "pick-place-v20", "pick-place-v30")


class Episode(NamedTuple):
    """An episode without its number and the names of its files."""

    frames: int
    duration: float
    task: str
    pictures: Mapping[str, tuple[str, ...]]
    values: list[tuple[str, bytes]]
    times: bytes


Contents = dict[str, list[Episode]]


@pytest.fixture(scope="module")
def recorded(
    real_skills: Path, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Contents]:
    """A skills folder of the module's own, and what all episodes of it show."""
    root = tmp_path_factory.mktemp("recorded") / "skills"
    shutil.copytree(real_skills, root)
    v20 = root / "pick-place-v20"
    shutil.copytree(real_data / "gr1_pick_lerobot_v20", v20 / "data")
    shutil.copy(root / "pick-place/metadata.json", v20)
    return root, {name: found(root / name) for name in NAMES}


def found(skill: Path) -> list[Episode]:
    """What all episodes hold: values, times, and every picture as it is decoded."""
    dataset = open_skill(skill)
    episodes: list[Episode] = []
    for number in dataset.episode_ids:
        one = dataset.episode(number)
        shown = {camera: pictures(dataset.frames(number, camera)) for camera in one.cameras}
        assert shown
        assert {len(frames) for frames in shown.values()} == {one.frames}
        values = [(signal.name, signal.values.tobytes()) for signal in dataset.signals(number)]
        times = dataset.timestamps(number).tobytes()
        episodes.append(Episode(one.frames, one.duration, one.task, shown, values, times))
    return episodes


def pictures(source: FrameSource) -> tuple[str, ...]:
    """A digest of each picture of an episode. A file that is known, or linked, is decoded once."""
    status = source.path.stat()
    file = (status.st_ino, status.st_size, status.st_mtime_ns)
    if isinstance(source, VideoFrames):
        every = _decoded(file, source.path)
        return every[source.first_frame : source.first_frame + source.count]
    assert isinstance(source, Hdf5Frames)
    with h5py.File(source.path, "r") as content:
        return tuple(digest(row.tobytes()) for row in content[source.dataset])


def _decoded(file: tuple[int, int, int], path: Path) -> tuple[str, ...]:
    if file not in _known:
        with av.open(str(path)) as container:
            container.streams.video[0].thread_type = "AUTO"
            frames = container.decode(video=0)
            _known[file] = tuple(digest(frame.to_ndarray().tobytes()) for frame in frames)
    return _known[file]


_known: dict[tuple[int, int, int], tuple[str, ...]] = {}


def digest(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def codes(skill: Path) -> set[str]:
    return {finding.code for finding in check_dataset(skill, FactCache(None), Control())}


def made(root: Path, plan: EditPlan, mode: FileMode = FileMode.AUTO) -> Path:
    """The result of a plan; the sources are the same as before, and nothing else is left."""
    sources, names = set(plan.sources), visible(root)
    before = [tree(root / name) for name in sources]
    skill = apply_plan(root, plan, Files(mode))
    assert [tree(root / name) for name in sources] == before
    assert visible(root) == sorted([*names, plan.name])
    assert leftovers(root) == []
    return skill


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gone", [[0], [1]])
def test_delete(recorded: tuple[Path, Contents], name: str, gone: Sequence[int]):
    root, contents = recorded
    mark_episodes(root / name, [1 - gone[0]], Verdict.KEEP)
    plan = plan_delete(root, name, gone, "Clean", FactCache(None))
    mode = FileMode.COPY if name == "pick-place" else FileMode.AUTO
    skill = made(root, plan, mode)
    try:
        assert found(skill) == [
            one for number, one in enumerate(contents[name]) if number not in gone
        ]
        assert [mark.verdict for mark in read_marks(skill).values()] == [Verdict.KEEP]
        if gone == [1]:
            assert codes(skill) <= codes(root / name)
    finally:
        shutil.rmtree(skill)


def merged(root: Path, sources: Sequence[MergeSource]) -> tuple[EditPlan, list[Episode]]:
    plan = plan_merge(root, sources, "Both", MergeRules(), FactCache(None))
    skill = made(root, plan)
    try:
        return plan, found(skill)
    finally:
        shutil.rmtree(skill)


@pytest.mark.parametrize("name", NAMES)
def test_merge_in_another_order(recorded: tuple[Path, Contents], name: str):
    root, contents = recorded
    last = len(contents[name]) - 1
    sources = [MergeSource(name, [last]), MergeSource(name, range(last))]
    _, result = merged(root, sources)
    assert result == [contents[name][last], *contents[name][:last]]


def test_merge_of_versions(recorded: tuple[Path, Contents]):
    root, contents = recorded
    sources = [MergeSource("pick-place-v20", [3, 1]), MergeSource("pick-place-v30", [0, 4])]
    plan, result = merged(root, sources)
    assert plan.format is DatasetFormat.LEROBOT_V30
    v20, v30 = contents["pick-place-v20"], contents["pick-place-v30"]
    assert result == [v20[3], v20[1], v30[0], v30[4]]
    # they are the same recordings, so this is how they look in the other version
    assert [one.pictures for one in result] == [v30[i].pictures for i in (3, 1, 0, 4)]


def test_merge_of_different_robots_is_refused_with_every_reason(recorded: tuple[Path, Contents]):
    root, _ = recorded
    sources = [MergeSource("pick-place-v30"), MergeSource("cr5-reach-v21")]
    plan = plan_merge(root, sources, "Both", MergeRules(), FactCache(None))
    blocking = " ".join(one.message for one in plan.problems if one.blocks)
    for words in ("frame rates differ", "cameras differ", "action", "observation.state"):
        assert words in blocking
    assert all(one.remedy for one in plan.problems if one.blocks)
