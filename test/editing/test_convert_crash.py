"""Conversions in place are killed, or fail, ahead of every single change of the disk."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from training_manager_ros.datasets import DatasetFormat, FactCache
from training_manager_ros.datasets.edit.files import DiskProblem
from training_manager_ros.errors import Cancelled, Unreadable
from training_manager_ros.jobs import Control, SkillLocks
from training_manager_ros.jobs.kinds.convert import ConvertDataset
from training_manager_ros.levers import Levers

from .conftest import spec
from .converting import arguments, convert, numbers, sound, values
from .seen import Tree, tree
from .test_crash import at, killed
from .test_recorder import append

Hook = Callable[[str, Path], None]
pytestmark = pytest.mark.timeout(600)  # processes by the dozen, on a machine that may be busy
every_case = pytest.mark.parametrize(
    ("kind", "keep_raw"),
    [(DatasetFormat.H5, False), (DatasetFormat.MIXED, True)],
)


class Case:
    """A skill as it was recorded, to be converted again and again."""

    def __init__(self, root: Path, kind: DatasetFormat, keep_raw: bool) -> None:
        self.root = root
        self.skill = root / "cup"
        self.keep_raw = keep_raw
        self.recorded = root.parent / "recorded"
        converted = frozenset({0} if kind is DatasetFormat.MIXED else ())
        spec(kind, lengths=(2, 3), converted=converted).write(self.recorded)
        self.pictures, self.values = numbers(self.recorded), values(self.recorded)
        self.originals = {
            name.removeprefix("data/"): content[1]
            for name, content in tree(self.recorded).items()
            if name.endswith(".h5") and not name.endswith("_0.h5" if converted else "none")
        }
        self.renew()

    def renew(self) -> None:
        shutil.rmtree(self.skill, ignore_errors=True)
        shutil.copytree(self.recorded, self.skill)

    def run(self, before: Hook | None = None) -> None:
        convert(self.root, self.keep_raw, before)

    def points(self) -> tuple[list[str], Tree]:
        """What a conversion does, step by step, and what comes of it."""
        seen: list[str] = []
        self.run(lambda what, path: seen.append(f"{what} {path.name}"))
        result = tree(self.skill)
        self.renew()
        return seen, result

    def whole(self) -> None:
        """Assert that nothing is lost, and that whoever looks at this moment sees all of it."""
        assert numbers(self.skill) == self.pictures
        assert values(self.skill) == self.values
        if self.keep_raw:
            there = {name.split("/")[-1]: [] for name in self.originals}
            for name, (_, digest) in tree(self.skill).items():
                there.setdefault(name.split("/")[-1], []).append(digest)
            assert all(digest in there[name] for name, digest in self.originals.items())

    def finished(self) -> dict[str, int]:
        """Videos that are done, with their times of change."""
        videos = (self.skill / "data").rglob("*.mp4")
        return {path.name: path.stat().st_mtime_ns for path in videos}


@every_case
def test_killed_anywhere_nothing_is_lost_and_it_goes_on_where_it_was(
    root: Path,
    kind: DatasetFormat,
    keep_raw: bool,
    record_property: Callable[[str, object], None],
):
    case = Case(root, kind, keep_raw)
    points, result = case.points()
    assert len(points) > 15
    record_property("points", len(points))
    for point, what in enumerate(points):
        case.renew()
        assert killed(case.run, point), what
        case.whole()
        finished = case.finished()
        case.run()
        assert tree(case.skill) == result, what
        now = case.finished()
        assert {name: now[name] for name in finished} == finished, what
    sound(case.skill, 30.0)


def test_a_disk_that_refuses_any_step_is_told_and_leaves_nothing_half_made(root: Path):
    case = Case(root, DatasetFormat.MIXED, keep_raw=True)
    points, result = case.points()
    problems = [(errno.ENOSPC, "disk is full"), (errno.EACCES, "No permission")]

    def refuse(code: int) -> None:
        raise OSError(code, os.strerror(code))

    for point in range(len(points)):
        case.renew()
        code, words = problems[point % 2]
        with pytest.raises(DiskProblem, match=words):
            case.run(at(point, partial(refuse, code)))
        case.whole()
        assert not [name for name in tree(case.skill) if name.endswith(".part")]
        case.run()
        assert tree(case.skill) == result


def test_cancelled_anywhere_what_is_finished_is_used(root: Path):
    case = Case(root, DatasetFormat.MIXED, keep_raw=False)
    points, result = case.points()
    for point in range(len(points) - 3):
        case.renew()
        control = Control()
        job = ConvertDataset(root, FactCache(None), at(point, control.levers.cancel))
        try:
            job.run(arguments(case.keep_raw), control)
        except Cancelled:
            case.whole()
            assert not [name for name in tree(case.skill) if name.endswith(".part")]
            finished = case.finished()
            case.run()
            now = case.finished()
            assert {name: now[name] for name in finished} == finished
        assert tree(case.skill) == result


def test_cancelling_ends_the_encoding_of_a_camera_in_the_middle(root: Path):
    spec(DatasetFormat.H5, lengths=(200,)).write(root / "cup")
    told: list[Any] = []
    levers = Levers()

    def report(progress: Any) -> None:
        told.append(progress)
        if len(told) > 2:
            levers.cancel()

    control = Control(report, clock=iter(range(10**6)).__next__, levers=levers)
    with pytest.raises(Cancelled):
        ConvertDataset(root, FactCache(None)).run(arguments(), control)
    assert told[-1].bytes_done < told[-1].bytes_total / 10
    assert sorted(tree(root / "cup")) == [
        "data/dataset_metadata.json",
        "data/episode_0.h5",
        "metadata.json",
    ]


def test_episodes_recorded_meanwhile_are_not_lost(root: Path):
    spec(DatasetFormat.H5, lengths=(2, 3)).write(root / "cup")
    pictures = numbers(root / "cup")
    steps: list[str] = []
    recorded: list[str] = []

    def record(what: str, path: Path) -> None:
        if len(steps) % 3 == 0:  # not at each try to replace the list
            append(root / "cup")
            recorded.append(what)
        steps.append(what)

    convert(root, before=record)
    now = numbers(root / "cup")
    assert len(recorded) > 10
    assert sorted(now) == list(range(2 + len(recorded)))
    assert {number: now[number] for number in pictures} == pictures
    assert all(now[number]["camera_1"][0] == (number, 0) for number in now)
    convert(root)  # what came meanwhile
    assert {i: one["camera_2"] for i, one in numbers(root / "cup").items()} == {
        i: one["camera_2"] for i, one in now.items()
    }
    sound(root / "cup", 30.0)


def test_a_job_needs_the_skill_for_itself(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    assert ConvertDataset(root).locks(arguments()).writes == ("cup",)
    with SkillLocks(root / "locks") as first, SkillLocks(root / "locks") as second:
        assert first.acquire((), ("cup",)) == ""
        assert second.acquire(("cup",), ()) == "cup"


def test_a_recording_that_changes_meanwhile_is_not_given_its_videos(root: Path):
    spec(DatasetFormat.H5, lengths=(2, 3)).write(root / "cup")
    path = root / "cup/data/episode_0.h5"

    def change(what: str, made: Path) -> None:
        if made.name.startswith("ready"):
            os.utime(path)

    with pytest.raises(
        Unreadable, match=r"Episode 0 stays as it is: data/episode_0\.h5 was changed"
    ):
        convert(root, before=change)
    assert not list((root / "cup/data").glob("episode_0*.mp4"))
