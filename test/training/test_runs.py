"""What is known of runs, and what is asked next; without a network."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from training_manager_ros.training.models import ServerRun
from training_manager_ros.training.runs import (
    RunsState,
    SkillRuns,
    due,
    read_runs,
    write_runs,
)

NOW = datetime(2025, 3, 4, 12, 0, 0, tzinfo=timezone.utc)


def run(run_id: int, status: str = "running", day: int = 1) -> ServerRun:
    created = datetime(2025, 1, day, tzinfo=timezone.utc)
    return ServerRun("id", run_id, status, created_at=created)


def asked(seconds_ago: float | None, *runs: ServerRun) -> SkillRuns:
    at = NOW - timedelta(seconds=seconds_ago) if seconds_ago is not None else None
    return SkillRuns("id", runs, at)


def test_skills_come_and_go() -> None:
    state = RunsState({"kept": asked(5, run(1)), "gone": asked(5), "renewed": asked(5, run(2))})
    now = state.with_skills({"kept": "id", "renewed": "other", "new": "n", "never": ""})
    assert now.skills == {
        "kept": state.skills["kept"],
        "renewed": SkillRuns("other"),
        "new": SkillRuns("n"),
    }
    assert now.with_skills({"kept": "id", "renewed": "other", "new": "n"}) is now


@pytest.mark.parametrize(
    ("known", "is_due"),
    [
        (asked(None), True),
        (asked(2.9, run(1)), False),
        (asked(3, run(1)), True),
        (asked(3, run(1, "done"), run(2, "queued?")), True),
        (asked(599, run(1, "done")), False),
        (asked(600, run(1, "done")), True),
        (asked(599), False),
        (asked(-60, run(1, "done")), True),  # the clock was set back
    ],
)
def test_what_is_due(known: SkillRuns, is_due: bool) -> None:
    assert due(RunsState({"x": known}), NOW, 3, 600) == (["x"] if is_due else [])


def test_newest_first() -> None:
    state = RunsState({"a": asked(0, run(1, day=2)), "b": asked(0, run(7, day=1), run(8, day=3))})
    assert [(s, r.run_id) for s, r in state.newest()] == [("b", 8), ("a", 1), ("b", 7)]
    listed = state.with_runs("a", [run(1, day=1), run(2, day=2)], NOW).skills["a"].runs
    assert [r.run_id for r in listed] == [2, 1]


def test_a_dead_link_changes_no_run() -> None:
    state = RunsState({"a": asked(0, run(1))})
    lost = state.unanswered("no network", NOW)
    later = lost.unanswered("still none", NOW + timedelta(hours=1))
    assert later.skills == state.skills
    assert (later.lost_since, later.problem) == (NOW, "still none")
    assert later.answered() == state


FAILED = replace(run(1), error_message="CUDA out of memory")


@pytest.mark.parametrize(
    ("failed_ago", "waited", "is_due"),
    [
        (0, 29, False),
        (30, 30, True),
        (1200, 119, False),  # twenty minutes ago: every two
        (1200, 120, True),
        (10**6, 599, False),  # long ago: as what has ended
        (10**6, 600, True),
    ],
)
def test_a_failed_run_is_asked_about_less_and_less(
    failed_ago: float, waited: float, is_due: bool
) -> None:
    failed_at = NOW - timedelta(seconds=failed_ago)
    known = replace(asked(waited, run(2, "done"), FAILED), changed_at=failed_at)
    assert due(RunsState({"x": known}), NOW, 3, 600) == (["x"] if is_due else [])
    again = replace(known, runs=(*known.runs, run(3)))  # another one trains meanwhile
    assert due(RunsState({"x": again}), NOW, 3, 600) == (["x"] if waited >= 3 else [])


@pytest.mark.parametrize(
    "changed",
    [run(1), replace(FAILED, status="done"), replace(FAILED, daemon_state="restarting")],
    ids=["the message goes", "the status goes on", "its words change"],
)
def test_a_failed_run_that_changes_is_lively_again(changed: ServerRun) -> None:
    state = RunsState({"x": replace(asked(0, FAILED), changed_at=NOW - timedelta(days=1))})
    same = state.with_runs("x", [FAILED], NOW).skills["x"]
    now = state.with_runs("x", [changed], NOW).skills["x"]
    assert same.interval(NOW, 3, 600) == 600
    assert now.interval(NOW, 3, 600) == (3 if changed.active else 600 if changed.ended else 30)


def to_fetch(known: SkillRuns, *answered: ServerRun) -> set[int]:
    return set(known.with_runs(answered, NOW).to_fetch)


def test_results_are_to_be_fetched_of_runs_that_turned_done() -> None:
    known = asked(5, run(1), run(2), run(3, "done"), FAILED)
    answered = [run(n, "done") for n in (1, 3, 4)]
    assert to_fetch(known, *answered, run(2)) == {1, 4}  # 3 was done before, 4 is new
    failed = replace(run(1, "done"), error_message="no checkpoint")
    assert to_fetch(known, failed, run(2, "downloaded"), run(3, "rejected")) == set()


def test_of_a_skill_that_was_never_asked_for_nothing_is_fetched() -> None:
    years = [run(n, "done", day=n) for n in range(1, 9)]
    assert to_fetch(asked(None), *years) == set()
    assert to_fetch(replace(asked(5), problem="The server does not know it."), *years) == set()
    # A run that was made here before the first answer is followed all the same.
    made = asked(None).with_runs([run(1)], None)
    assert made.asked_at is None
    assert to_fetch(made, run(1, "done"), run(2, "done")) == {1}


def test_a_run_is_to_be_fetched_until_it_was_or_nobody_wants_it() -> None:
    state = RunsState({"x": asked(5, run(1), run(2))})
    state = state.with_runs("x", [run(1, "done"), run(2, "done")], NOW)
    state = state.with_runs("x", [run(1, "done"), run(2, "done")], NOW)
    assert state.skills["x"].to_fetch == {1, 2}
    assert state.with_runs("x", [run(1, "downloaded")], NOW).skills["x"].to_fetch == set()
    unwanted = state.not_to_fetch("x", 1)
    assert unwanted.with_runs("x", [run(1, "done"), run(2, "done")], NOW).skills["x"].to_fetch == {
        2
    }
    assert unwanted.not_to_fetch("x", 1) is unwanted
    assert unwanted.not_to_fetch("none", 1) is unwanted


def test_of_runs_with_the_same_number_the_last_one_counts() -> None:
    state = RunsState({"x": asked(5)}).with_runs("x", [run(1), run(1, "done")], NOW)
    assert [run.status for run in state.skills["x"].runs] == ["done"]


def test_kept_across_restarts(tmp_path: Path) -> None:
    path = tmp_path / "state" / "runs.json"
    followed = replace(asked(5, run(2), run(1, "done")), changed_at=NOW, to_fetch=frozenset({1}))
    state = RunsState({"a": followed, "b": SkillRuns("x", problem="unknown")}, NOW)
    write_runs(path, "host", state)
    assert path.stat().st_mode & 0o077 == 0
    assert read_runs(path, "host") == state
    assert read_runs(path, "other") == RunsState()


def test_that_a_skill_has_no_runs_is_worth_keeping() -> None:
    state = RunsState({"x": asked(None)})
    first = state.with_runs("x", [], NOW)
    assert first.told() != state.told()
    assert first.with_runs("x", [], NOW + timedelta(hours=1)).told() == first.told()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"server": "host", "skills": {"a": 5}}', pytest.param("[" * 10**5, id="deep")],
)
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "runs.json"
    path.write_text(content)
    assert read_runs(path, "host") == RunsState()
    assert read_runs(tmp_path / "none", "host") == RunsState()
