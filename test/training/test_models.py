"""Reading what servers answer, whatever they answer."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.errors import Unavailable
from training_manager_ros.training.hyperparameters import HYPERPARAMETERS, Hyperparameter
from training_manager_ros.training.models import (
    Listing,
    Metrics,
    RunProgress,
    ServerInfo,
    ServerRun,
    ServerSkill,
    SignedUrls,
)
from training_manager_ros.training.presets import ACT_DEFAULT, Preset
from training_manager_ros.training.reading import parse_json, parse_time

UTC = timezone.utc
NOON = datetime(2025, 3, 4, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2025-03-04T12:00:00", NOON),
        ("2025-03-04T12:00:00Z", NOON),
        ("2025-03-04t12:00:00z", NOON),
        ("2025-03-04T12:00:00+00:00", NOON),
        ("2025-03-04 12:00:00", NOON),
        ("2025-03-04T14:00:00+02:00", NOON),
        ("2025-03-04T06:30:00-0530", NOON),
        ("2025-03-04T13:00:00+01", NOON),
        ("2025-03-04T12:00", NOON),
        ("2025-03-04T12:00:00.5Z", NOON + timedelta(seconds=0.5)),
        ("2025-03-04T12:00:00.123456789", NOON + timedelta(microseconds=123456)),
        ("2025-03-04", None),
        ("2025-13-04T12:00:00", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("9999-12-31T23:00:00-99:99", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1741089600, None),
    ],
)
def test_times(written: object, read: datetime | None) -> None:
    assert parse_time(written) == read


def test_a_run_as_the_contract_has_it() -> None:
    run = ServerRun.parse(
        {
            "skill_id": "s",
            "run_id": 12,
            "status": "running",
            "daemon_state": "training",
            "training_params": {"preset": "act-default"},
            "error_message": None,
            "created_at": "2025-03-04T12:00:00",
            "started_at": "2025-03-04T12:00:00Z",
            "instance_ip": "10.0.0.1",
            "instance_type": "8xH100",
            "agent_secret": "hush",
        }
    )
    assert run.active
    assert run.error_message == ""
    assert run.created_at == run.started_at == NOON
    assert "hush" not in repr(run) + repr(run.as_json())


@pytest.mark.parametrize(
    ("status", "finished", "active"),
    [
        ("waiting_for_approval", None, True),
        ("approved", None, True),
        ("booting", None, True),
        ("running", None, True),
        ("something new", None, True),
        ("something new", "2025-03-04T12:00:00", False),
        ("done", None, False),
        ("rejected", None, False),
        ("downloaded", None, False),
    ],
)
def test_which_runs_are_active(status: str, finished: str | None, active: bool) -> None:
    run = ServerRun.parse({"run_id": 1, "status": status, "finished_at": finished})
    assert run.active == active
    assert run.status == status


@pytest.mark.parametrize(
    ("state", "progress"),
    [
        ("step 30 of 120, loss: 0.25", RunProgress(30, 120, 0.25, 300.0)),
        ("step 0/120", RunProgress(0, 120)),
        ("epoch 3/10", None),
        ("", None),
    ],
)
def test_progress_in_words(state: str, progress: RunProgress | None) -> None:
    run = ServerRun.parse(
        {
            "run_id": 1,
            "status": "running",
            "daemon_state": state,
            "started_at": "2025-03-04T11:58:20",
        }
    )
    assert run.progress(NOON) == progress


@pytest.mark.parametrize(
    "over", [{"error_message": "lost"}, {"status": "done"}, {"finished_at": "2025-03-04T11:59:00"}]
)
@pytest.mark.parametrize(
    "told", [{"daemon_state": "step 30/120"}, {"progress": {"step": 30, "total": 120}}]
)
def test_of_a_run_that_is_over_no_time_is_left(
    over: dict[str, object], told: dict[str, object]
) -> None:
    facts = {"run_id": 1, "status": "running", "started_at": "2025-03-04T11:58:20", **told, **over}
    run = ServerRun.parse(facts)
    assert not run.active
    assert run.progress(NOON) == RunProgress(30, 120)
    reported = replace(run, reported=RunProgress(30, 120, None, 300.0))
    assert reported.progress(NOON) == RunProgress(30, 120)


def test_a_run_that_failed_is_neither_active_nor_ended() -> None:
    run = ServerRun.parse({"run_id": 1, "status": "running", "error_message": "lost"})
    assert (run.active, run.ended) == (False, False)
    again = replace(run, error_message="")
    assert (again.active, again.ended) == (True, False)


@pytest.mark.parametrize(
    ("told", "progress"),
    [
        ({"step": 5, "total": 3}, RunProgress(5)),
        ({"step": 5, "total": -3}, RunProgress(5)),
        ({"step": 5, "total": 10**30}, RunProgress(5)),
        ({"step": -5, "total": 3}, None),
        ({"step": 10**30, "total": 3}, None),
        ({"step": float("nan")}, None),
        ({"step": 5, "loss": float("nan"), "seconds_left": float("inf")}, RunProgress(5)),
        ({"step": 5, "loss": 10**400, "seconds_left": -1}, RunProgress(5)),
    ],
    ids=str,
)
def test_what_is_reported_may_make_no_sense(told: object, progress: RunProgress | None) -> None:
    assert RunProgress.parse(told) == progress


@pytest.mark.parametrize(
    "run_id", [None, -1, 2**32, 5.7, float("nan"), float("inf"), "many", [1], True]
)
def test_what_is_no_number_of_a_run(run_id: object) -> None:
    with pytest.raises(Unavailable, match="run_id"):
        ServerRun.parse({"run_id": run_id})


@pytest.mark.parametrize(
    ("told", "status"), [("DONE", "done"), (" Running ", "running"), ("New One", "New One")]
)
def test_a_known_status_is_known_in_any_case(told: str, status: str) -> None:
    assert ServerRun.parse({"run_id": 1, "status": told}).status == status


def test_what_a_server_says_is_kept_within_bounds() -> None:
    deep: dict[str, object] = {}
    for _ in range(600):
        deep = {"deeper": deep}
    huge = "x" * 10**7
    facts = {"daemon_state": huge, "error_message": huge, "status": huge, "instance_ip": huge}
    run = ServerRun.parse({"run_id": 1, **facts, "training_params": deep})
    assert len(json.dumps(run.as_json(), indent=1)) < 50_000
    assert run.training_params == {}
    shallow = {"env": {"A": "b"}, "list": [[1], {"c": []}]}
    assert ServerRun.parse({"run_id": 1, "training_params": shallow}).training_params == shallow


def test_progress_that_the_server_reports_comes_first() -> None:
    told = {"step": 5, "total": 10, "loss": 0.5, "seconds_left": 7.0}
    run = ServerRun.parse({"run_id": 1, "daemon_state": "step 1/2", "progress": told})
    assert run.progress(NOON) == RunProgress(5, 10, 0.5, 7.0)


words = st.text(max_size=150).filter(lambda word: word == word.strip())
runs = st.builds(
    ServerRun,
    skill_id=st.text(),
    run_id=st.integers(0, 10**6),
    status=words,
    daemon_state=st.text(),
    error_message=st.text(),
    training_params=st.dictionaries(st.text(), st.integers() | st.text()),
    created_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    finished_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    reported=st.none()
    | st.builds(RunProgress, step=st.integers(0, 99), total=st.integers(99, 199)),
)


@settings(deadline=None)
@given(runs)
def test_what_is_kept_is_what_was_read(run: ServerRun) -> None:
    assert ServerRun.parse(run.as_json()) == run


def test_a_preset_is_kept_as_it_was_read() -> None:
    open_ended = replace(HYPERPARAMETERS[0], minimum=float("-inf"), maximum=float("inf"))
    preset = replace(ACT_DEFAULT, env={"A": "b"}, hyperparameters=(open_ended, HYPERPARAMETERS[2]))
    for one in (ACT_DEFAULT, preset):
        assert Preset.parse(json.loads(json.dumps(one.as_json(), allow_nan=False))) == one


@pytest.mark.parametrize(
    "data", [b"[" * 10**5, b'{"a":' * 10**5, b"\xff", b"", b"{"], ids=lambda data: repr(data[:5])
)
def test_what_is_no_json_is_one_kind_of_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json(data)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
FIELDS = [
    "skill_id", "run_id", "status", "training_params", "created_at", "progress", "step", "total",
    "files", "objects", "upload_urls", "metrics", "loss", "name", "features", "hyperparameters",
    "default", "command", "env",
]  # fmt: skip


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), anything) | anything)
def test_no_answer_breaks_the_reading(value: Any) -> None:
    for parse in (
        ServerSkill.parse,
        ServerRun.parse,
        SignedUrls.parse,
        Listing.parse,
        Metrics.parse,
        ServerInfo.parse,
        Preset.parse,
        RunProgress.parse,
        lambda value: Hyperparameter.parse("X", value),
    ):
        with suppress(Unavailable):
            parse(value)


def test_addresses_are_in_no_repr() -> None:
    listing = Listing.parse({"files": {"a": "https://h/a?signature=s3cr3t"}})
    urls = SignedUrls.parse({"upload_urls": {"a": "https://h/a?signature=s3cr3t"}})
    assert listing.files
    assert urls.upload
    assert "s3cr3t" not in repr(listing) + repr(urls)
