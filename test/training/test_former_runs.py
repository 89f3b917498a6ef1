"""Runs with the number of another one, of when the folder was another skill on the server."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_server import FaultServer
from helpers import metadata

from training_manager_ros.errors import Conflict
from training_manager_ros.training.activation import (
    activate,
    active,
    deactivate,
    remember_facts,
    roll_back,
    trained_on,
)
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.dataset_facts import DatasetFacts
from training_manager_ros.training.overview import LocalStates
from training_manager_ros.training.results import LocalState, Results, note_owner
from training_manager_ros.training.skill_metadata import metadata_value

MakeSkill = Callable[..., Path]


def put_run(server: FaultServer, skill_id: str, weights: bytes) -> None:
    server.skills[skill_id] = {"skill_id": skill_id, "name": "Pick cup"}
    server.runs[skill_id, 1] = {"skill_id": skill_id, "run_id": 1, "status": "done"}
    server.add_result(skill_id, 1, "act_step_100.pth", weights)
    server.add_result(skill_id, 1, "dataset_stats.pt", b"stats of " + weights)


def state_of(folder: Path, skill_id: str) -> tuple[LocalState, bool]:
    return LocalStates(folder.parent).of(folder.name, skill_id, 1)


@pytest.fixture
def trained(client: TrainingClient, server: FaultServer, make_skill: MakeSkill) -> Path:
    """A skill whose run 1 was downloaded and is in use."""
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    put_run(server, skill_id, b"old weights")
    client.download(folder, skill_id, 1)
    activate(folder, 1, DatasetFacts())
    assert state_of(folder, skill_id) == (LocalState.WHOLE, True)
    return folder


@pytest.mark.parametrize("how", ["stale", "as_new"])
@pytest.mark.parametrize("by", ["this program", "another program"])
def test_a_run_is_never_taken_for_the_one_of_a_former_skill(
    client: TrainingClient, server: FaultServer, trained: Path, how: str, by: str
) -> None:
    former = metadata(trained)["training_skill_id"]
    if by == "another program":
        shutil.rmtree(trained / ".training_manager" / "run-1")
    if how == "stale":
        del server.skills[former]
    else:
        shutil.copytree(trained, trained.with_name("copy"))
    skill_id = client.upload(trained, as_new=how == "as_new").skill_id
    assert skill_id != former
    put_run(server, skill_id, b"new weights")
    assert state_of(trained, skill_id) == (LocalState.UNKNOWN, False)
    with pytest.raises(
        Conflict, match=r"uses 1/act_step_100\.pth of a former run 1.* Deactivate it"
    ):
        client.download(trained, skill_id, 1)  # the robot would use what nobody activated
    with pytest.raises(Conflict, match=r"former run 1.*; download the run first"):
        activate(trained, 1, DatasetFacts())
    assert (trained / "1" / "act_step_100.pth").read_bytes() == b"old weights"
    assert active(metadata_value(trained)).checkpoint == "1/act_step_100.pth"  # goes on to work
    assert server.runs[skill_id, 1]["status"] == "done"

    deactivate(trained)
    client.download(trained, skill_id, 1)
    assert (trained / "1" / "act_step_100.pth").read_bytes() == b"new weights"
    assert (trained / "1-former" / "act_step_100.pth").read_bytes() == b"old weights"
    assert state_of(trained, skill_id) == (LocalState.WHOLE, False)
    if by == "this program":
        with pytest.raises(Conflict, match="nothing else in use before"):
            roll_back(trained)  # not to what has the name of what was in use before
    activate(trained, 1, DatasetFacts())
    assert state_of(trained, skill_id) == (LocalState.WHOLE, True)


def test_a_former_checkpoint_in_use_that_is_gone_does_not_come_to_life_again(
    client: TrainingClient, server: FaultServer, trained: Path
) -> None:
    del server.skills[metadata(trained)["training_skill_id"]]
    skill_id = client.upload(trained).skill_id
    put_run(server, skill_id, b"new weights")
    shutil.rmtree(trained / "1")
    assert state_of(trained, skill_id) == (LocalState.ABSENT, False)
    with pytest.raises(Conflict, match="Deactivate it"):
        client.download(trained, skill_id, 1)


def test_several_former_runs_of_a_number(make_skill: MakeSkill) -> None:
    folder = make_skill()
    for skill_id in ("one", "two", "three"):
        results = Results.read(folder, 1, skill_id)
        results.start()
        (folder / "1").mkdir()
        (folder / "1" / skill_id).touch()
    assert {path.name for path in folder.glob("1*/*")} == {"one", "two", "three"}
    assert {path.name for path in folder.glob("1*")} == {"1", "1-former", "1-former2"}


def test_parts_of_a_former_run_are_not_continued(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    put_run(server, "former", b"old weights")
    results = Results.read(folder, 1, "former")
    results.start()
    results.part("act_step_100.pth").write_bytes(b"old")
    put_run(server, "new", b"new weights")
    client.download(folder, "new", 1)
    assert (folder / "1" / "act_step_100.pth").read_bytes() == b"new weights"


def test_notes_without_an_owner_are_of_the_skill_that_it_is(make_skill: MakeSkill) -> None:
    folder = make_skill()
    (folder / "1").mkdir()
    (folder / "012").mkdir()
    assert not Results.read(folder, 1, "one").foreign
    note_owner(folder, "one")
    note_owner(folder, "two")  # too late
    assert not Results.read(folder, 1, "one").foreign
    assert Results.read(folder, 1, "two").foreign
    assert not (folder / ".training_manager" / "run-12").exists()


def test_what_runs_were_trained_on_is_told_apart(make_skill: MakeSkill) -> None:
    folder = make_skill()
    remember_facts(folder, "one", 1, DatasetFacts(("a",), 3))
    assert trained_on(folder, "one", 1).cameras == ("a",)
    assert trained_on(folder, "two", 1) == DatasetFacts()
    remember_facts(folder, "two", 1, DatasetFacts(("b",), 4))
    assert trained_on(folder, "two", 1).cameras == ("b",)
    assert trained_on(folder, "one", 1) == DatasetFacts()
