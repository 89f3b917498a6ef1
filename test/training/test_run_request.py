"""Runs as users ask for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.errors import InvalidInput
from training_manager_ros.redaction import redacted, redacted_json
from training_manager_ros.training.dataset_facts import DatasetFacts
from training_manager_ros.training.hyperparameters import HYPERPARAMETERS
from training_manager_ros.training.presets import ACT_DEFAULT, Preset
from training_manager_ros.training.ranges import ANY, range_words
from training_manager_ros.training.readiness import check_ready
from training_manager_ros.training.run_fields import RUN_FIELDS
from training_manager_ros.training.run_request import RunRequest, most_cost, training_params
from training_manager_ros.training.upload_plan import UploadPlan, UploadState

SOURCE = Path("/home/robot/skills/pick-cup")


def params(**changes: Any) -> dict[str, object]:
    return training_params(RunRequest(**changes), ACT_DEFAULT, SOURCE)


def problems(**changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as error:
        params(**changes)
    return error.value.fields


def test_nothing_changed() -> None:
    assert params() == {"preset": "act-default", "source_dir": str(SOURCE)}


def test_what_is_set_as_the_preset_has_it_is_not_sent() -> None:
    same = {
        "repo": "innate-inc/ACT",
        "ref": "main",
        "command": ("/training/project/cloud_run.sh",),
        "gpu_type": "H100",
        "min_gpus": 4,
        "max_gpus": 4,
        "hours": 5,
        "budget": 200,
        "hyperparameters": {item.name: item.default for item in HYPERPARAMETERS},
    }
    assert params(**same) == params()


def test_what_differs_is_sent() -> None:
    sent = params(
        repo="me/ACT",
        ref="feature/x",
        command=("python", "train.py"),
        min_gpus=1,
        max_gpus=2,
        hours=0.5,
        budget=10,
        hyperparameters={"LEARNING_RATE": 1e-4, "MAX_STEPS": 1000, "WORLD_SIZE": 2},
        env={"WANDB_MODE": "offline"},
        extra={"checkpoint_patterns": ["*.pth"]},
    )
    assert sent == {
        "preset": "act-default",
        "source_dir": str(SOURCE),
        "repo": "me/ACT",
        "ref": "feature/x",
        "command": ["python", "train.py"],
        "min_gpus": 1,
        "max_gpus": 2,
        "hours": 0.5,
        "budget": 10,
        "env": {
            "LEARNING_RATE": "0.0001",
            "MAX_STEPS": "1000",
            "WORLD_SIZE": "2",
            "WANDB_MODE": "offline",
        },
        "checkpoint_patterns": ["*.pth"],
    }


def test_the_number_of_processes_follows_the_gpus() -> None:
    assert params(min_gpus=8, max_gpus=8)["env"] == {"WORLD_SIZE": "8"}
    assert "env" not in params(min_gpus=1, max_gpus=4)
    chosen = params(min_gpus=1, max_gpus=2, hyperparameters={"WORLD_SIZE": 1})
    assert chosen["env"] == {"WORLD_SIZE": "1"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"repo": "no-slash"}, "repo"),
        ({"repo": "https://github.com/a/b"}, "repo"),
        ({"repo": "a/b/c"}, "repo"),
        ({"repo": "--upload-pack=x/y"}, "repo"),
        ({"repo": ""}, "repo"),
        ({"ref": ""}, "ref"),
        ({"ref": "-x"}, "ref"),
        ({"ref": "a..b"}, "ref"),
        ({"ref": "a b"}, "ref"),
        ({"command": ()}, "command"),
        ({"command": ("",)}, "command"),
        ({"command": ("a\0b",)}, "command"),
        ({"gpu_type": ""}, "gpu_type"),
        ({"min_gpus": -1}, "min_gpus"),
        ({"min_gpus": 65}, "min_gpus"),
        ({"max_gpus": 3}, "max_gpus"),
        ({"min_gpus": 8}, "max_gpus"),
        ({"min_gpus": 5, "max_gpus": 8}, "hyperparameters.WORLD_SIZE"),
        ({"hyperparameters": {"WORLD_SIZE": 5}}, "hyperparameters.WORLD_SIZE"),
        ({"hours": 0}, "hours"),
        ({"hours": -1.0}, "hours"),
        ({"hours": float("nan")}, "hours"),
        ({"hours": float("inf")}, "hours"),
        ({"hours": 720.1}, "hours"),
        ({"budget": 0}, "budget"),
        ({"hyperparameters": {"BATCH_SIZE": 0}}, "hyperparameters.BATCH_SIZE"),
        ({"hyperparameters": {"BATCH_SIZE": 1.5}}, "hyperparameters.BATCH_SIZE"),
        ({"hyperparameters": {"BATCH_SIZE": "96"}}, "hyperparameters.BATCH_SIZE"),
        ({"hyperparameters": {"BATCH_SIZE": True}}, "hyperparameters.BATCH_SIZE"),
        ({"hyperparameters": {"WORLD_SIZE": "4"}}, "hyperparameters.WORLD_SIZE"),
        ({"hyperparameters": {"LEARNING_RATE": 0.0}}, "hyperparameters.LEARNING_RATE"),
        ({"hyperparameters": {"LEARNING_RATE": float("nan")}}, "hyperparameters.LEARNING_RATE"),
        ({"hyperparameters": {"NO_SUCH": 1}}, "hyperparameters.NO_SUCH"),
        ({"env": {"2X": "a"}}, "env.2X"),
        ({"env": {"A=B": "a"}}, "env.A=B"),
        ({"env": {"X": "a\0b"}}, "env.X"),
        ({"env": {"X": 5}}, "env.X"),
        ({"env": {"BATCH_SIZE": "4"}}, "env.BATCH_SIZE"),
        ({"extra": {"source_dir": "/"}}, "extra.source_dir"),
        ({"extra": {"preset": "x"}}, "extra.preset"),
        ({"extra": {"x": float("nan")}}, "extra"),
        ({"extra": {"tracker": {"api_key": "…"}}}, "extra.tracker"),
        ({"env": {"REMOTE": "https://…@host/x"}}, "env.REMOTE"),
        ({"command": ("fetch", "https://host/x?…")}, "command"),
        ({"extra": {"x": object()}}, "extra"),
    ],
    ids=str,
)
def test_what_is_refused(changes: dict[str, Any], field: str) -> None:
    assert list(problems(**changes)) == [field]


@pytest.mark.parametrize(
    "secret", ["https://me:pass@host/x", "https://host/x?signed=1", "Bearer 0123456789"]
)
def test_what_is_shown_of_secrets_is_not_sent(secret: str) -> None:
    params(command=("say", "… so on?", secret), extra={"x": secret})
    shown = redacted(secret)
    assert set(problems(command=("say", shown), extra={"x": [shown]})) == {"command", "extra.x"}


def test_what_is_shown_of_any_secret_is_not_sent() -> None:
    extra = {"tracker": {"password": 12345, "user": "me"}, "tokens": {"access_token": ["a", 5]}}
    shown = redacted_json(extra)
    assert isinstance(shown, dict)
    assert "12345" not in json.dumps(shown)
    assert set(problems(extra=shown)) == {"extra.tracker", "extra.tokens"}
    assert "extra" not in problems(extra={**shown, "tokens": 1})


def test_all_problems_are_told_at_once() -> None:
    assert set(problems(repo="x", hours=0, env={"": "x"})) == {"repo", "hours", "env."}


@pytest.mark.parametrize(
    "repo",
    ["https://git.example/a/b.git", "git@host:a/b.git", "ssh://host/x", "/srv/act", "owner/repo"],
)
def test_a_server_of_ones_own_takes_any_repository(repo: str) -> None:
    request = RunRequest(repo=repo)
    assert training_params(request, ACT_DEFAULT, SOURCE, any_git_url=True)["repo"] == repo


def test_a_preset_of_the_server_brings_its_own_hyperparameters() -> None:
    preset = Preset.parse(
        {
            "name": "smoke",
            "min_gpus": 0,
            "max_gpus": 0,
            "hyperparameters": {
                "MAX_STEPS": {"default": "50", "minimum": 1.0, "maximum": 100, "integer": True},
                "BROKEN": {"default": "many"},
            },
        }
    )
    assert preset is not None
    request = RunRequest("smoke", {"MAX_STEPS": 60})
    assert training_params(request, preset, SOURCE)["env"] == {"MAX_STEPS": "60"}
    with pytest.raises(InvalidInput):
        training_params(RunRequest("smoke", {"MAX_STEPS": 101}), preset, SOURCE)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([h.name for h in HYPERPARAMETERS]), st.floats()))
def test_hyperparameters_are_sent_or_refused_but_never_bent(values: dict[str, float]) -> None:
    try:
        sent = params(hyperparameters=values)
    except InvalidInput:
        assert any(item.check(values.get(item.name, item.default)) for item in HYPERPARAMETERS) or (
            values.get("WORLD_SIZE", 4) != 4
        )
        return
    json.dumps(sent, allow_nan=False)
    env = sent.get("env", {})
    assert isinstance(env, dict)
    for item in HYPERPARAMETERS:
        assert float(env.get(item.name, item.default)) == values.get(item.name, item.default)


def test_the_table_holds_together() -> None:
    names = [item.name for item in HYPERPARAMETERS]
    assert len(names) == len(set(names)) == 7
    for item in HYPERPARAMETERS:
        assert item.check(item.default) == ""
        assert item.help.endswith(".")
        assert item.integer == isinstance(item.default, int)


def test_a_field_is_checked_by_the_range_that_it_tells() -> None:
    numbers = [field for field in RUN_FIELDS if field.maximum < float("inf")]
    assert [field.name for field in numbers] == ["min_gpus", "max_gpus", "hours", "budget"]
    for field in numbers:
        at_most = {"max_gpus": 64, "hyperparameters": {"WORLD_SIZE": 64}}
        params(**{**at_most, field.name: field.maximum})
        told = problems(**{**at_most, field.name: field.maximum * 1.5})
        assert told[field.name] == f"must be from {field.minimum:g} to {field.maximum:.0f}"
        assert field.name in problems(**{field.name: field.minimum - 1e-9})


def test_every_field_of_a_run_is_explained_and_has_a_default() -> None:
    further = {"preset", "hyperparameters", "env", "extra"}
    assert {field.name for field in RUN_FIELDS} == set(vars(RunRequest())) - further
    for field in RUN_FIELDS:
        assert (field.label != "", field.help[-1]) == (True, ".")
        assert field.check(getattr(ACT_DEFAULT, field.name)) == ""


@pytest.mark.parametrize(
    ("minimum", "maximum", "words"),
    [
        (1, 10_000_000, "from 1 to 10000000"),
        (1e-8, 0.5, "from 1e-08 to 0.5"),
        (1, float("inf"), "at least 1"),
        (float("-inf"), 3, "at most 3"),
        (*ANY, ""),
    ],
)
def test_ranges_in_words(minimum: float, maximum: float, words: str) -> None:
    assert range_words(minimum, maximum) == words


def test_cost() -> None:
    assert most_cost(RunRequest(), ACT_DEFAULT, 3.0) == 60.0
    assert most_cost(RunRequest(hours=2, max_gpus=1), ACT_DEFAULT, 3.0) == 6.0


def plan(state: UploadState = UploadState.WHOLE, episodes: int = 50) -> UploadPlan:
    return UploadPlan(state, episodes, 9, 9, (), (), 0)


FACTS = DatasetFacts(("a",), 10, 50, 30_000)


def test_ready() -> None:
    check_ready("pick", plan(), FACTS, RunRequest(), ACT_DEFAULT)


@pytest.mark.parametrize("state", set(UploadState) - {UploadState.WHOLE})
def test_not_uploaded(state: UploadState) -> None:
    with pytest.raises(
        InvalidInput, match=r"pick has (not been|changed).*; upload it (again )?first"
    ):
        check_ready("pick", plan(state), FACTS, RunRequest(), ACT_DEFAULT)


def test_too_few_episodes() -> None:
    with pytest.raises(InvalidInput, match="has 1 episode"):
        check_ready("pick", plan(episodes=1), FACTS, RunRequest(), ACT_DEFAULT)


def test_too_small_for_the_batch() -> None:
    few = DatasetFacts(("a",), 10, 2, 400)
    with pytest.raises(InvalidInput, match=r"360 timesteps .* takes 384") as error:
        check_ready("pick", plan(), few, RunRequest(), ACT_DEFAULT)
    assert list(error.value.fields) == ["hyperparameters.BATCH_SIZE"]
    smaller = RunRequest(hyperparameters={"BATCH_SIZE": 90})
    check_ready("pick", plan(), few, smaller, ACT_DEFAULT)
