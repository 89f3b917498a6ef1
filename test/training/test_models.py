"""Reading what servers answer, whatever they answer."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.errors import Unavailable
from training_manager_ros.training.hyperparameters import Hyperparameter
from training_manager_ros.training.models import (
    Listing,
    Metrics,
    RunProgress,
    ServerInfo,
    ServerRun,
    ServerSkill,
    SignedUrls,
)
from training_manager_ros.training.presets import Preset
from training_manager_ros.training.reading import parse_time

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
        ("step 30/120", RunProgress(30, 120, None, 300.0)),
        ("@@INNATE_PROGRESS step=30 total=120", RunProgress(30, 120, None, 300.0)),
        ("training: 30 / 120 loss=0.25", RunProgress(30, 120, 0.25, 300.0)),
        ("step 30 of 120, loss: nan", RunProgress(30, 120, None, 300.0)),
        ("booting", None),
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


def test_progress_that_the_server_reports_comes_first() -> None:
    told = {"step": 5, "total": 10, "loss": 0.5, "seconds_left": 7.0}
    run = ServerRun.parse({"run_id": 1, "daemon_state": "step 1/2", "progress": told})
    assert run.progress(NOON) == RunProgress(5, 10, 0.5, 7.0)


runs = st.builds(
    ServerRun,
    skill_id=st.text(),
    run_id=st.integers(0, 10**6),
    status=st.text(),
    daemon_state=st.text(),
    error_message=st.text(),
    training_params=st.dictionaries(st.text(), st.integers() | st.text()),
    created_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    finished_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    reported=st.none() | st.builds(RunProgress, step=st.integers(0, 99), total=st.integers(0, 99)),
)


@settings(deadline=None)
@given(runs)
def test_what_is_kept_is_what_was_read(run: ServerRun) -> None:
    assert ServerRun.parse(run.as_json()) == run


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
