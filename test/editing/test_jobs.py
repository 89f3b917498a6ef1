"""Deleting and merging as jobs of the engine, in worker processes; wrong arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from training_manager_ros.datasets import DatasetFormat, FactCache
from training_manager_ros.errors import Conflict, InvalidInput, NotFound
from training_manager_ros.jobs import JobEngine, JobState, Locks
from training_manager_ros.jobs.kinds import KINDS
from training_manager_ros.jobs.kinds.delete import DeleteEpisodes
from training_manager_ros.jobs.kinds.merge import MergeDatasets

from .conftest import spec
from .seen import contents, leftovers, visible


@pytest.fixture
def skills(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    spec(DatasetFormat.H5).write(root / "a")
    spec(DatasetFormat.H5, 20).write(root / "b")
    return root


@pytest.fixture
def engine(skills: Path) -> Iterator[JobEngine]:
    engine = JobEngine(skills, KINDS)
    engine.start()
    yield engine
    engine.stop()


def test_delete_and_merge_run_as_jobs(skills: Path, engine: JobEngine):
    job = engine.submit("delete_episodes", {"skill": "a", "episodes": [0, 2], "name": "New one"})
    assert (job.reads, job.writes) == (("a",), ("new-one",))
    job = engine.wait(job.id, 100)
    assert (job.state, job.message) == (JobState.DONE, "")
    assert job.result == {"skill": "new-one", "episodes": 2}
    merge = {"name": "Both", "sources": [{"skill": "new-one"}, {"skill": "b", "episodes": [3]}]}
    job = engine.wait(engine.submit("merge_datasets", merge).id, 100)
    assert (job.state, job.message) == (JobState.DONE, "")
    first, second = contents(skills / "a"), contents(skills / "b")
    assert contents(skills / "both") == [first[1], first[3], second[3]]
    assert visible(skills) == ["a", "b", "both", "new-one"]
    assert leftovers(skills) == []


def test_a_job_that_can_not_be_done_says_why(skills: Path, engine: JobEngine):
    (skills / "a/data/episode_1.h5").unlink()
    job = engine.submit("delete_episodes", {"skill": "a", "episodes": [0], "name": "New"})
    job = engine.wait(job.id, 100)
    assert job.state is JobState.FAILED
    assert "a, episode 1: episode_1.h5 is missing." in job.message
    assert visible(skills) == ["a", "b"]
    assert leftovers(skills) == []


DELETE = {"skill": "a", "episodes": [0], "name": "New"}
MERGE = {"name": "New", "sources": [{"skill": "a"}]}


def test_locks(skills: Path):
    assert DeleteEpisodes(skills).locks(DELETE) == Locks(("a",), ("new",))
    sources = [{"skill": "b"}, {"skill": "a"}, {"skill": "b", "episodes": [1]}]
    locks = MergeDatasets(skills).locks({**MERGE, "sources": sources})
    assert locks == Locks(("b", "a"), ("new",))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"skill": "c"}, NotFound),
        ({"skill": "../a"}, InvalidInput),
        ({"skill": None}, InvalidInput),
        ({"name": "A"}, Conflict),
        ({"name": ""}, InvalidInput),
        ({"name": 3}, InvalidInput),
        ({"episodes": "0"}, InvalidInput),
        ({"episodes": None}, InvalidInput),
        ({"episodes": [True]}, InvalidInput),
        ({"episodes": [0.5]}, InvalidInput),
        ({"episodes": [-1]}, InvalidInput),
        ({"file_mode": "move"}, InvalidInput),
        ({"file_mode": None}, InvalidInput),
        ({"colour": "red"}, InvalidInput),
    ],
)
def test_wrong_arguments_of_delete(skills: Path, change: Mapping[str, Any], error: type):
    with pytest.raises(error):
        DeleteEpisodes(skills, FactCache(None)).locks({**DELETE, **change})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"sources": []}, InvalidInput),
        ({"sources": "a"}, InvalidInput),
        ({"sources": ["a"]}, InvalidInput),
        ({"sources": [{"skill": "c"}]}, NotFound),
        ({"sources": [{"skill": "a", "episodes": 3}]}, InvalidInput),
        ({"sources": [{"skill": "a", "cameras": ["x"]}]}, InvalidInput),
        ({"sources": [{"skill": "a", "cameras": {"x": 1}}]}, InvalidInput),
        ({"sources": [{"skill": "a", "camera": {}}]}, InvalidInput),
        ({"rules": "any"}, InvalidInput),
        ({"rules": {"rate": "30"}}, InvalidInput),
        ({"rules": {"rate": 0}}, InvalidInput),
        ({"rules": {"rate": float("nan")}}, InvalidInput),
        ({"rules": {"any_width": 1}}, InvalidInput),
        ({"rules": {"all": True}}, InvalidInput),
        ({"name": "b"}, Conflict),
    ],
)
def test_wrong_arguments_of_merge(skills: Path, change: Mapping[str, Any], error: type):
    with pytest.raises(error):
        MergeDatasets(skills, FactCache(None)).locks({**MERGE, **change})
