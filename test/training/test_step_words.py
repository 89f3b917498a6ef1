"""Steps in what a server tells in words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.training.step_words import steps_in_words


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("step 30/120", (30, 120, None)),
        ("Training: step 30 of 120, loss: 0.25", (30, 120, 0.25)),
        ("@@INNATE_PROGRESS step=30 total=120", (30, 120, None)),
        ("global_step: 30/120", (30, 120, None)),
        ("30/120 steps", (30, 120, None)),
        ("30 of 120 steps, loss=nan", (30, 120, None)),
        ("epoch 3/10, step 30/120", (30, 120, None)),
        ("120/5000", (120, 5000, None)),
        (" 120 / 5000\n", (120, 5000, None)),
        ("120/5000, loss=1e-3", (120, 5000, 1e-3)),
        ("120/5000 (loss 0.5)", (120, 5000, 0.5)),
        ("step 0/0", (0, 0, None)),
    ],
)
def test_what_says_that_it_is_steps(words: str, found: tuple[int, int, float | None]) -> None:
    assert steps_in_words(words) == found


@pytest.mark.parametrize(
    "words",
    [
        "",
        "booting",
        "epoch 3/10",
        "Epoch 3/10, loss=0.5",
        "downloading file 3/10",
        "GPU 2/4 ready",
        "timestep 3/10",
        "footsteps 3/10",
        "10.0.0.1/24",
        "instance 10.0.0.1/24, step by step",
        "2025/11",
        "2025/11/26",
        "since 11/26",
        "2025/11/26 12:00: first steps",
        "1/2/3 steps",
        "step 5",
        "step 1.5/10",
        "step 1/2.5",
        "step 130/120",
        "-3/10",
        "step " + "9" * 5000 + "/" + "9" * 5000,
    ],
)
def test_what_does_not(words: str) -> None:
    assert steps_in_words(words) is None


@settings(deadline=None)
@given(st.text(alphabet="step total=/of 0123456789.,loss\n٣", max_size=60))
def test_whatever_it_is_a_step_is_within_its_total(words: str) -> None:
    found = steps_in_words(words)
    assert found is None or 0 <= found[0] <= found[1]
