from __future__ import annotations

import json
import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.redaction import HIDDEN, SecretFilter, redacted, redacted_json

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJyb2JvdCJ9.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("words", "clean"),
    [
        ("GET https://a.b/c?sig=x&e=1 failed", "GET https://a.b/c?… failed"),
        ("('http://a:1/x?sig=s3cr3t')", "('http://a:1/x?…')"),
        ("no query in https://a.b/c, and why? No", "no query in https://a.b/c, and why? No"),
        ("clone https://me:pw@host/x.git", "clone https://…@host/x.git"),
        ("mail to me@host", "mail to me@host"),
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer …"),
        (f"the token {TOKEN}.", "the token …."),
        ("the bearer token is fine", "the bearer token is fine"),
        ("key abc-def-ghi here", "key … here"),
    ],
)
def test_secrets_go_and_the_rest_stays(words: str, clean: str) -> None:
    assert redacted(words, ["abc-def-ghi", ""]) == clean


@given(st.text(), st.text(alphabet="abcdef0123456789", min_size=8), st.text())
def test_a_known_secret_never_stays(before: str, secret: str, after: str) -> None:
    assert secret not in redacted(before + secret + after, [secret])


def test_json_keeps_its_shape() -> None:
    value = {
        "repo": "https://me:pw@host/x",
        "env": {"WANDB_API_KEY": "k1", "MONKEYS": "2", "HF_TOKEN": "", "API_KEY": "k2"},
        "db.password": 12345,
        "accessToken": {"value": "k3"},
        "secret": [[1, 2], "k4"],
        "token": None,
        "use-key": True,
        "keyframes": 3,
        "num_key_value_heads": 8,
        "key_token": 7,
        "list": [float("nan"), 1, True, None, "http://a/b?c"],
    }
    clean = redacted_json(value)
    assert clean == {
        "repo": "https://…@host/x",
        "env": {"WANDB_API_KEY": HIDDEN, "MONKEYS": "2", "HF_TOKEN": "", "API_KEY": HIDDEN},
        "db.password": HIDDEN,
        "accessToken": HIDDEN,
        "secret": HIDDEN,
        "token": None,
        "use-key": True,
        "keyframes": 3,
        "num_key_value_heads": 8,
        "key_token": HIDDEN,
        "list": [None, 1, True, None, "http://a/b?…"],
    }
    json.dumps(clean, allow_nan=False)


@pytest.mark.parametrize(
    "piece", ["http://", "a://", "eyJ-", "eyJaaaaaaaa.", "a-b.c+", "Bearer ", "x?http://y?"]
)
def test_no_text_takes_long(piece: str) -> None:
    words = piece * (500_000 // len(piece))
    started = time.thread_time()
    redacted(words)
    assert time.thread_time() - started < 5  # hours, where it looks again and again


def test_records_are_clean_with_arguments_and_tracebacks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    secrets = SecretFilter()
    secrets.hide("robot-key-1")
    log = logging.getLogger("test_redaction")
    caplog.handler.addFilter(secrets)
    try:
        log.warning("%s asked with %s", "https://a/b?sig=1", "robot-key-1")
        try:
            raise ValueError("https://a/b?sig=2 and robot-key-1")
        except ValueError:
            log.exception("odd")
        log.warning("%d of %s", 3, "x")
    finally:
        caplog.handler.removeFilter(secrets)
    assert "https://a/b?… asked with …" in caplog.text
    assert "ValueError: https://a/b?… and …" in caplog.text
    assert "3 of x" in caplog.text
    assert "sig=" not in caplog.text
    assert "robot-key-1" not in caplog.text
