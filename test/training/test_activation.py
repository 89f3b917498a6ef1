"""Making a run's checkpoint the one in use, and going back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import metadata

from training_manager_ros.errors import Conflict, NotFound, Unreadable
from training_manager_ros.training.activation import (
    Activation,
    activate,
    active,
    choose_files,
    deactivate,
    previous,
    remember_facts,
    roll_back,
    trained_on,
)
from training_manager_ros.training.dataset_facts import DatasetFacts

MakeSkill = Callable[..., Path]
NOTHING_KNOWN = DatasetFacts()


def put(folder: Path, *names: str, content: bytes = b"weights") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def put_run(folder: Path, run: int) -> None:
    put(folder, f"{run}/act_step_100.pth", f"{run}/dataset_stats.pt")


def in_use(folder: Path) -> tuple[str | None, str | None]:
    execution = metadata(folder)["execution"]
    return execution.get("checkpoint"), execution.get("stats_file")


@pytest.mark.parametrize(
    ("names", "checkpoint", "stats"),
    [
        (["7/a_step_9.pth", "7/a_step_10.pth", "7/stats.pt"], "7/a_step_10.pth", "7/stats.pt"),
        (
            ["7/x/y/a_step_5.pth", "7/a_step_4.pth", "7/my_stats_v2.pt"],
            "7/x/y/a_step_5.pth",
            "7/my_stats_v2.pt",
        ),
        (
            ["7/old/stats.pt", "7/new/a_step_5.pth", "7/new/stats.pt"],
            "7/new/a_step_5.pth",
            "7/new/stats.pt",
        ),
        (
            ["7/a_step_5.pth", "7/a_step_99.pth.part", "7/.b_step_98.pth", "7/stats.pt"],
            "7/a_step_5.pth",
            "7/stats.pt",
        ),
    ],
)
def test_which_files(tmp_path: Path, names: list[str], checkpoint: str, stats: str) -> None:
    put(tmp_path, *names)
    assert choose_files(tmp_path, 7) == Activation(checkpoint, stats)
    assert choose_files(tmp_path, 7).run_id == 7


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["7/stats.pt"], "checkpoint"),
        (["7/final.pth", "7/stats.pt"], "checkpoint"),
        (["7/a_step_1.pth"], "statistics"),
        (["7/a_step_1.pth", "7/weights.pt"], "statistics"),
        ([], "checkpoint"),
    ],
)
def test_which_is_missing(make_skill: MakeSkill, names: list[str], missing: str) -> None:
    folder = make_skill()
    put(folder, *names)
    before = (folder / "metadata.json").read_bytes()
    with pytest.raises(NotFound, match=missing):
        activate(folder, 7, NOTHING_KNOWN)
    assert (folder / "metadata.json").read_bytes() == before


def test_there_and_back(make_skill: MakeSkill) -> None:
    folder = make_skill()
    for run in (1, 2, 3):
        put_run(folder, run)
    activate(folder, 1, NOTHING_KNOWN)
    assert in_use(folder) == ("1/act_step_100.pth", "1/dataset_stats.pt")
    activate(folder, 2, NOTHING_KNOWN)
    activate(folder, 2, NOTHING_KNOWN)
    assert active(metadata(folder)).run_id == 2
    assert previous(folder).run_id == 1
    roll_back(folder)
    assert active(metadata(folder)).run_id == 1
    assert previous(folder).run_id is None
    roll_back(folder)
    assert in_use(folder) == (None, None)
    with pytest.raises(Conflict, match="nothing else in use"):
        roll_back(folder)
    activate(folder, 3, NOTHING_KNOWN)
    deactivate(folder)
    assert in_use(folder) == (None, None)
    roll_back(folder)
    assert active(metadata(folder)).run_id == 3


def test_what_somebody_else_activated_is_remembered(make_skill: MakeSkill) -> None:
    folder = make_skill()
    put_run(folder, 1)
    put(folder, "theirs/x.pth", "theirs/stats.pt")
    value = metadata(folder)
    value["execution"] = {"checkpoint": "theirs/x.pth", "stats_file": "theirs/stats.pt", "k": 1}
    (folder / "metadata.json").write_text(json.dumps(value))
    activate(folder, 1, NOTHING_KNOWN)
    assert metadata(folder)["execution"]["k"] == 1
    roll_back(folder)
    assert in_use(folder) == ("theirs/x.pth", "theirs/stats.pt")


def test_what_somebody_else_activated_stays_where_nothing_came_before(
    make_skill: MakeSkill,
) -> None:
    folder = make_skill()
    value = metadata(folder)
    value["execution"] = {"checkpoint": "theirs/x.pth", "stats_file": "theirs/stats.pt"}
    (folder / "metadata.json").write_text(json.dumps(value))
    with pytest.raises(Conflict, match="nothing else in use before"):
        roll_back(folder)
    assert in_use(folder) == ("theirs/x.pth", "theirs/stats.pt")


def test_a_run_that_is_gone_is_passed_over(make_skill: MakeSkill) -> None:
    folder = make_skill()
    for run in (1, 2, 3):
        put_run(folder, run)
        activate(folder, run, NOTHING_KNOWN)
    (folder / "2" / "act_step_100.pth").unlink()
    assert roll_back(folder).run_id == 1


def test_broken_files_are_not_activated(make_skill: MakeSkill) -> None:
    folder = make_skill()
    put_run(folder, 1)
    put(folder, "1/act_step_200.pth", content=b"PK\x03\x04 and then it is cut off")
    with pytest.raises(Unreadable, match="cut off"):
        activate(folder, 1, NOTHING_KNOWN)
    put(folder, "1/act_step_200.pth", content=b"")
    with pytest.raises(Unreadable, match="empty"):
        activate(folder, 1, NOTHING_KNOWN)
    assert in_use(folder) == (None, None)


@pytest.mark.parametrize(
    ("trained", "now", "words"),
    [
        (DatasetFacts(("a", "b"), 10), DatasetFacts(("a", "c"), 10), "cameras a, b"),
        (DatasetFacts(("a",), 10), DatasetFacts(("a",), 14), "10 action values"),
        (DatasetFacts(("a",), 10), DatasetFacts(("a",), 10), ""),
        (DatasetFacts(("b", "a"), 0), DatasetFacts(("a", "b"), 10), ""),
        (DatasetFacts(), DatasetFacts(("a",), 10), ""),
        (DatasetFacts(("a",), 10), DatasetFacts(), ""),
    ],
)
def test_a_run_must_fit_the_dataset(
    make_skill: MakeSkill, trained: DatasetFacts, now: DatasetFacts, words: str
) -> None:
    folder = make_skill()
    put_run(folder, 1)
    remember_facts(folder, "", 1, trained)
    remember_facts(folder, "", 2, DatasetFacts(("x",), 3))
    assert trained_on(folder, "", 1) == trained
    if words:
        with pytest.raises(Conflict, match=words):
            activate(folder, 1, now)
        assert in_use(folder) == (None, None)
    else:
        activate(folder, 1, now)


def test_only_learned_skills_use_checkpoints(make_skill: MakeSkill) -> None:
    folder = make_skill()
    put_run(folder, 1)
    (folder / "metadata.json").write_text('{"name": "x", "type": "replay", "execution": {}}')
    with pytest.raises(Conflict, match="no learned skill"):
        activate(folder, 1, NOTHING_KNOWN)
