from __future__ import annotations

import pytest

from training_manager_ros.errors import InvalidInput
from training_manager_ros.orchestrator.presets import Presets
from training_manager_ros.orchestrator.request import run_request

BAD = {
    "preset": ["nothing", 5, None],
    "repo": ["a", "a/b/c", "ext::sh -c x", "file:///etc", "-x/y", "https://", "/srv/../etc", 5],
    "ref": ["-x", "a..b", "a b", "a:b", "x.lock", ["main"], "a\nb"],
    "command": [[], "ls", [1], ["a\0b"]],
    "env": [5, ["A"]],
    "env.A B": [{"A B": "x"}],
    "env.DATA_DIR": [{"DATA_DIR": "/x"}],
    "env.X": [{"X": None}, {"X": "a\0"}, {"X": True}],
    "env.BATCH_SIZE": [{"BATCH_SIZE": v} for v in ("0", "-1", "1.5", "nan", "", "many")],
    "env.LEARNING_RATE": [{"LEARNING_RATE": v} for v in ("0", "-1", "nan", "inf", "2")],
    "min_gpus": [-1, 1.5, "2", True],
    "max_gpus": [0],
    "hours": [0, -1, "5", float("nan"), float("inf"), True],
    "budget": [0, -3],
    "checkpoint_patterns": ["x", [5], ["../x"], ["/etc/*"], ["/training/../x"]],
}


@pytest.fixture
def presets(tmp_path):
    return Presets(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"), [(f, v) for f, values in BAD.items() for v in values], ids=repr
)
def test_a_wrong_value_is_refused_and_named(presets, field, value):
    with pytest.raises(InvalidInput) as caught:
        run_request({field.partition(".")[0]: value}, presets)
    assert field in caught.value.fields


@pytest.mark.parametrize("pattern", ["", "/training/", "out/a**b", "out/***/x"])
def test_patterns_that_find_no_results_are_refused_before_a_run(presets, pattern):
    with pytest.raises(InvalidInput) as caught:
        run_request({"checkpoint_patterns": ["out/*.pth", pattern]}, presets)
    assert "checkpoint_patterns" in caught.value.fields


@pytest.mark.parametrize("text", ["a\0", "\ud800"])
def test_texts_that_no_program_can_be_given_are_refused(presets, text):
    with pytest.raises(InvalidInput) as caught:
        run_request({"command": ["echo", text], "env": {"A": text}}, presets)
    assert caught.value.fields.keys() == {"command", "env.A"}


def test_all_wrong_values_are_named_at_once(presets):
    with pytest.raises(InvalidInput) as caught:
        run_request({"hours": 0, "budget": 0, "env": {"MAX_STEPS": "x"}}, presets)
    assert caught.value.fields.keys() == {"hours", "budget", "env.MAX_STEPS"}


def test_without_parameters_it_is_the_preset_of_the_contract(presets):
    request = run_request({}, presets)
    assert (request.repo, request.ref) == ("innate-inc/ACT", "main")
    assert request.command == ("/training/project/cloud_run.sh",)
    assert (request.gpu_type, request.min_gpus, request.max_gpus) == ("H100", 4, 4)
    assert (request.hours, request.budget) == (5, 200)
    assert request.env == {
        "LEARNING_RATE": "5e-5", "LEARNING_RATE_BACKBONE": "5e-5", "BATCH_SIZE": "96",
        "MAX_STEPS": "120000", "CHUNK_SIZE": "30", "NUM_WORKERS": "4", "WORLD_SIZE": "4",
    }  # fmt: skip


def test_the_user_overrides_the_preset(presets):
    request = run_request(
        {"repo": "me/mine", "env": {"MAX_STEPS": "10", "WANDB_API_KEY": "k", "N": 3}}, presets
    )
    assert (request.repo, request.ref) == ("me/mine", "")  # the preset's ref is another repo's
    assert request.env["MAX_STEPS"] == "10"
    assert request.env["N"] == "3"
    assert request.user_env == {"MAX_STEPS", "WANDB_API_KEY", "N"}


def test_what_newer_clients_send_is_left_alone(presets):
    assert run_request({"source_dir": "/x", "color": "red"}, presets).preset == "act-default"


@pytest.mark.parametrize(
    "repo",
    ["owner/repo", "https://git.example/x.git", "ssh://git@h/x", "git@h:x/y.git", "/srv/x",
     "bundled:smoke"],
)  # fmt: skip
def test_forms_of_a_repo(presets, repo):
    assert run_request({"repo": repo}, presets).repo == repo


def test_an_owner_adds_a_preset_and_replaces_one(tmp_path, presets):
    text = 'description = "d"\nrepo = "a/b"\ncommand = ["x"]\nhours = 1\nbudget = 1\n'
    text += "checkpoint_patterns = []\n"
    (tmp_path / "mine.toml").write_text(text)
    (tmp_path / "smoke.toml").write_text(text.replace("a/b", "c/d"))
    assert presets.names() == ["act-default", "mine", "smoke"]
    assert run_request({"preset": "mine"}, presets).repo == "a/b"
    assert run_request({"preset": "smoke"}, presets).repo == "c/d"


@pytest.mark.parametrize("text", ["x = ", 'repo = "a"', "hours = 1\nwrong = 2", "\xff"])
def test_a_preset_with_a_mistake_hides_no_other(tmp_path, presets, text):
    (tmp_path / "mine.toml").write_text(text, encoding="latin-1")
    assert [p.name for p in presets.presets()] == ["act-default", "smoke"]
    with pytest.raises(InvalidInput, match="mine"):
        presets.preset("mine")
