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
    turned_done,
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


def test_which_runs_turned_done() -> None:
    before = RunsState({"a": asked(0, run(1), run(2), run(3, "done"))})
    after = RunsState({"a": asked(0, run(1, "done"), run(2), run(3, "done"), run(4, "done"))})
    assert [(s, r.run_id) for s, r in turned_done(before, after)] == [("a", 1)]
    assert turned_done(RunsState(), after) == []
    failed = RunsState({"a": asked(0, replace(run(1, "done"), error_message="no checkpoint"))})
    assert turned_done(before, failed) == []


def test_kept_across_restarts(tmp_path: Path) -> None:
    path = tmp_path / "state" / "runs.json"
    state = RunsState(
        {"a": asked(5, run(2), run(1, "done")), "b": SkillRuns("x", problem="unknown")}, NOW
    )
    write_runs(path, "host", state)
    assert path.stat().st_mode & 0o077 == 0
    assert read_runs(path, "host") == state
    assert read_runs(path, "other") == RunsState()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"server": "host", "skills": {"a": 5}}'])
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "runs.json"
    path.write_text(content)
    assert read_runs(path, "host") == RunsState()
    assert read_runs(tmp_path / "none", "host") == RunsState()
