"""What a run asks for: its training_params on top of its preset, checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training_manager_ros.errors import InvalidInput, NotFound
from training_manager_ros.orchestrator.presets import Preset, Presets
from training_manager_ros.orchestrator.repository import check_ref, check_repo

__all__ = ["RunRequest", "run_request"]

ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
OURS = frozenset({"DATA_DIR", "OUTPUT_DIR", "CUDA_VISIBLE_DEVICES", "TRAINING_MANAGER_RUN"})


@dataclass(frozen=True)
class RunRequest:
    """A run, fully described; paths below /training/ stand for the run's own folder."""

    preset: str
    repo: str
    ref: str
    command: tuple[str, ...]
    env: Mapping[str, str]  # preset, hyperparameters and the user's
    user_env: frozenset[str]  # which of them the user set
    gpu_type: str
    min_gpus: int
    max_gpus: int
    hours: float
    budget: float
    checkpoint_patterns: tuple[str, ...]


def run_request(params: object, presets: Presets) -> RunRequest:
    """Read training_params. Unknown keys are left alone, as newer clients may send them.

    Raises `InvalidInput` naming every field that is wrong.
    """
    if not isinstance(params, dict):
        raise InvalidInput("training_params must be an object.", {"training_params": "no object"})
    name = params.get("preset", presets.default)
    try:
        preset = presets.preset(name if isinstance(name, str) else repr(name))
    except NotFound as error:
        raise InvalidInput(str(error), {"preset": "unknown"}) from error
    reader = _Reader(params, preset)
    request = RunRequest(
        preset=preset.name,
        repo=reader.text("repo", preset.repo),
        ref=reader.text("ref", preset.ref if params.get("repo", "") in ("", preset.repo) else ""),
        command=reader.texts("command", preset.command),
        env=reader.env(),
        user_env=frozenset(reader.user_env),
        gpu_type=reader.text("gpu_type", preset.gpu_type),
        min_gpus=reader.count("min_gpus", preset.min_gpus),
        max_gpus=reader.count("max_gpus", preset.max_gpus),
        hours=reader.positive("hours", preset.hours),
        budget=reader.positive("budget", preset.budget),
        checkpoint_patterns=reader.texts("checkpoint_patterns", preset.checkpoint_patterns),
    )
    reader.check(request)
    return request


class _Reader:
    """Takes values out of training_params and gathers what is wrong with them."""

    def __init__(self, params: Mapping[str, Any], preset: Preset) -> None:
        self._params = params
        self._preset = preset
        self.user_env: dict[str, str] = {}
        self.problems: dict[str, str] = {}

    def check(self, request: RunRequest) -> None:
        """Raise what was gathered, after the checks that need more than one value."""
        if not request.command:
            self.problems["command"] = "must name a program"
        if request.max_gpus < request.min_gpus:
            self.problems["max_gpus"] = "must not be less than min_gpus"
        for field, problem in (
            ("repo", check_repo(request.repo)),
            ("ref", check_ref(request.ref)),
        ):
            if problem:
                self.problems.setdefault(field, problem)
        for pattern in request.checkpoint_patterns:
            if ".." in pattern.split("/") or (
                pattern.startswith("/") and not pattern.startswith("/training/")
            ):
                self.problems["checkpoint_patterns"] = f"{pattern!r} is not below /training/"
            parts = pattern.removeprefix("/training/").split("/")
            if not any(parts) or any("**" in part and part != "**" for part in parts):
                self.problems["checkpoint_patterns"] = f"{pattern!r} is no pattern of files"
        if self.problems:
            text = "; ".join(f"{field} {problem}" for field, problem in self.problems.items())
            raise InvalidInput(f"This run can't be carried out: {text}.", self.problems)

    def text(self, name: str, default: str) -> str:
        value = self._params.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, str) and value.isprintable() and len(value) <= 2000:
            return value
        self.problems[name] = "must be a line of text"
        return default

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = self._params.get(name)
        if value is None:
            return default
        if isinstance(value, list) and all(isinstance(v, str) and _passable(v) for v in value):
            return tuple(value)
        self.problems[name] = "must be a list of texts"
        return default

    def count(self, name: str, default: int) -> int:
        value = self._params.get(name)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 1024:
            return value
        self.problems[name] = "must be a whole number from 0 to 1024"
        return default

    def positive(self, name: str, default: float) -> float:
        value = self._params.get(name)
        if value is None:
            return default
        if (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and math.isfinite(value)
            and value > 0
        ):
            return float(value)
        self.problems[name] = "must be a number above 0"
        return default

    def env(self) -> dict[str, str]:
        preset = self._preset
        result = {key: item.default for key, item in preset.hyperparameters.items()}
        result.update(preset.env)
        value = self._params.get("env", {})
        if not isinstance(value, dict):
            self.problems["env"] = "must be an object of texts"
            return result
        for key, item in value.items():
            problem = self._env_problem(key, item)
            if problem:
                self.problems[f"env.{key}"] = problem
            else:
                self.user_env[key] = str(item)
        return {**result, **self.user_env}

    def _env_problem(self, key: str, value: object) -> str:
        if not ENV_NAME.fullmatch(key):
            return "is no name of an environment variable"
        if key in OURS:
            return "is set by the server"
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return "must be a text"
        if not _passable(str(value)):
            return "has a character that no program can be given"
        known = self._preset.hyperparameters.get(key)
        return known.problem(str(value)) if known else ""


def _passable(text: str) -> bool:
    """Whether a program can be given a text: it is UTF-8, and has no NUL."""
    return "\0" not in text and text.encode("utf-8", "ignore").decode() == text
