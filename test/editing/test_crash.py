"""Deleting, merging and converting to v3.0 are killed, or fail, ahead of each change on disk."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pytest
from strategies import INNATE, LEROBOT

from training_manager_ros.datasets import DatasetFormat, FactCache
from training_manager_ros.datasets.edit.files import DiskProblem, FileMode
from training_manager_ros.editing import EditPlan, Verdict, mark_episodes, read_provenance
from training_manager_ros.errors import Cancelled, Conflict
from training_manager_ros.jobs import Control
from training_manager_ros.jobs.kinds.convert import ConvertDataset
from training_manager_ros.jobs.kinds.delete import DeleteEpisodes
from training_manager_ros.jobs.kinds.making import MakesSkill, clean_up
from training_manager_ros.jobs.kinds.merge import MergeDatasets
from training_manager_ros.jobs.locks import SkillLocks

from .conftest import spec
from .seen import Tree, leftovers, tree, visible

Hook = Callable[[str, Path], None]
EPISODES = 3
pytestmark = pytest.mark.timeout(600)  # processes by the dozen, on a machine that may be busy


@dataclass(frozen=True)
class Kind:
    """An operation, and the formats of its sources."""

    job: type[MakesSkill]
    formats: tuple[DatasetFormat, ...]

    def __str__(self) -> str:
        """For the names of tests."""
        return "-".join([self.job.__name__, *(one.value for one in self.formats)])


CASES = [
    *(Kind(DeleteEpisodes, (one,)) for one in (*INNATE, *LEROBOT)),
    *(Kind(MergeDatasets, (one, one)) for one in (*INNATE, *LEROBOT)),
    Kind(MergeDatasets, (DatasetFormat.LEROBOT_V30, DatasetFormat.LEROBOT_V21)),
    *(
        Kind(ConvertDataset, (one,))
        for one in (DatasetFormat.LEROBOT_V20, DatasetFormat.LEROBOT_V21)
    ),
]
every_case = pytest.mark.parametrize("kind", CASES, ids=str)


class Case:
    """Sources on disk, and an operation on them."""

    def __init__(self, root: Path, kind: Kind) -> None:
        self.root = root
        self.kind = kind.job
        self.facts = FactCache(None)
        self.names = ["a", "b"][: len(kind.formats)]
        for number, (name, one) in enumerate(zip(self.names, kind.formats, strict=True)):
            converted = {DatasetFormat.H264: EPISODES, DatasetFormat.MIXED: 2}.get(one, 0)
            more = {"lengths": (2, 1, 2), "converted": frozenset(range(converted))}
            replace(spec(DatasetFormat.H5, 10 * number, **more), format=one).write(root / name)
        if kind.job is DeleteEpisodes:
            self.arguments: dict[str, Any] = {"skill": "a", "episodes": [1], "name": "New"}
        elif kind.job is ConvertDataset:
            self.arguments = {"skill": "a", "target": "lerobot-v3.0", "name": "New"}
        else:
            self.arguments = {"name": "New", "sources": self._sources(kind.formats[0])}
        mark_episodes(root / "a", [0], Verdict.KEEP, "good")
        self.sources = tree(root)

    def _sources(self, first: DatasetFormat) -> list[Mapping[str, Any]]:
        if first is DatasetFormat.MIXED:  # raw episodes are not brought together with converted
            return [{"skill": "a", "episodes": [1]}, {"skill": "b", "episodes": [0]}]
        names = ("camera_1", "camera_2")
        if first in LEROBOT:
            names = ("observation.images.camera_1", "observation.images.camera_2")
        swapped = dict(zip(names, reversed(names), strict=True))
        return [{"skill": "a", "episodes": [2, 0]}, {"skill": "b", "cameras": swapped}]

    def run(self, before: Hook | None = None, control: Control | None = None) -> None:
        """Do it; with a hook by a plan that was made before, as plans are pure and take time."""
        kind = self.kind(self.root, self.facts, before or (lambda what, path: None))
        if before is not None:
            kind.plan = lambda arguments: self.plan  # type: ignore[method-assign]
        kind.run(self.arguments, control or Control())

    @cached_property
    def plan(self) -> EditPlan:
        return self.kind(self.root, self.facts).plan(self.arguments)

    def result(self) -> Tree:
        """The new skill's files; the one that holds the time of making is only looked for."""
        files = tree(self.root / "new")
        del files["data/.training_manager.json"]
        return files

    def remove(self) -> None:
        for path in sorted((self.root / "new").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        (self.root / "new").rmdir()

    def points(self) -> tuple[list[str], Tree]:
        """What the operation does, step by step, and what it makes."""
        seen: list[str] = []
        self.run(lambda what, path: seen.append(what))
        result = self.result()
        self.remove()
        return seen, result

    def untouched(self) -> bool:
        return {
            name: one for name, one in tree(self.root).items() if name in self.sources
        } == self.sources


def at(point: int, act: Callable[[], None]) -> Hook:
    """Let something happen ahead of the step `point`."""
    count = 0

    def before(what: str, path: Path) -> None:
        nonlocal count
        if count == point:
            act()
        count += 1

    return before


def killed(work: Callable[[Hook], None], point: int) -> bool:
    """Do the work in a process that is killed ahead of a step; whether it really was."""
    child = os.fork()
    if not child:
        try:
            work(at(point, lambda: os.kill(os.getpid(), signal.SIGKILL)))
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@every_case
def test_killed_anywhere_it_is_whole_or_absent_and_finishes_when_taken_up_again(
    root: Path, kind: Kind, record_property: Callable[[str, object], None]
):
    case = Case(root, kind)
    points, whole = case.points()
    assert points.count("publish") == 1
    assert len(points) > 10
    record_property("points", len(points))
    for point, what in enumerate(points):
        assert killed(case.run, point)
        published = point > points.index("publish")
        assert visible(root) == (sorted([*case.names, "new"]) if published else case.names), what
        assert case.untouched()
        if published:
            assert case.result() == whole
        case.run()
        assert case.result() == whole
        assert read_provenance(root / "new") is not None
        assert leftovers(root) == []
        case.remove()
    assert case.untouched()


@every_case
def test_a_disk_that_refuses_any_step_leaves_nothing(root: Path, kind: Kind):
    case = Case(root, kind)
    points, _ = case.points()

    def refuse(code: int) -> None:
        raise OSError(code, os.strerror(code))

    for point in range(points.index("publish") + 1):
        for code, words in ((errno.ENOSPC, "disk is full"), (errno.EACCES, "No permission")):
            with pytest.raises(DiskProblem, match=words):
                case.run(at(point, partial(refuse, code)))
            assert visible(root) == case.names
            assert leftovers(root) == []
    assert case.untouched()


@every_case
def test_cancelled_anywhere_it_leaves_nothing(root: Path, kind: Kind):
    case = Case(root, kind)
    points, _ = case.points()
    for point in range(len(points)):
        control = Control()
        before = at(point, control.levers.cancel)
        if point < points.index("publish") - 1:
            with pytest.raises(Cancelled):
                case.run(before, control)
            assert visible(root) == case.names
        else:  # it is done but for the rename
            case.run(before, control)
            case.remove()
        assert leftovers(root) == []
    assert case.untouched()


def _reflinks(root: Path) -> bool:
    """Whether this file system can share blocks, by GNU cp."""
    source, target = root / ".source", root / ".target"
    source.write_bytes(bytes(100_000))
    command = ["cp", "--reflink=always", str(source), str(target)]
    able = subprocess.run(command, capture_output=True, check=False).returncode == 0
    source.unlink()
    target.unlink(missing_ok=True)
    return able


@pytest.mark.parametrize("mode", list(FileMode))
def test_killed_while_copying_whatever_the_file_mode(root: Path, mode: FileMode):
    case = Case(root, Kind(DeleteEpisodes, (DatasetFormat.H264,)))
    case.arguments["file_mode"] = mode.value
    if mode is FileMode.REFLINK and not _reflinks(root):
        with pytest.raises(DiskProblem, match="choose the file mode auto"):
            case.points()
        assert visible(root) == case.names
        return
    points, whole = case.points()
    for point in (3, 9, len(points) - 2):
        assert killed(case.run, point)
        assert case.untouched()
        case.run()
        assert case.result() == whole
        case.remove()


def test_what_nobody_takes_up_again_is_cleaned_but_not_what_is_being_made(root: Path):
    case = Case(root, Kind(DeleteEpisodes, (DatasetFormat.H5,)))
    assert killed(case.run, 5)
    assert leftovers(root) == [".new.staging"]
    with SkillLocks(root / ".training_manager" / "locks") as locks:
        assert locks.acquire((), ("new",)) == ""
        clean_up(root)
        assert leftovers(root) == [".new.staging"]
    clean_up(root)
    assert leftovers(root) == []
    assert case.untouched()


def test_a_skill_that_somebody_else_made_meanwhile_is_left_alone(root: Path):
    case = Case(root, Kind(DeleteEpisodes, (DatasetFormat.H5,)))
    (root / "new").mkdir()
    (root / "new/metadata.json").write_text("{}")
    with pytest.raises(Conflict, match="already a skill"):
        case.run()
    assert sorted(tree(root / "new")) == ["metadata.json"]
    case.arguments["episodes"] = [2]
    (root / "new/metadata.json").unlink()
    (root / "new").rmdir()
    case.run()
    case.arguments["episodes"] = [1]  # the skill is there, but by another request
    with pytest.raises(Conflict, match="already a skill"):
        case.run()
