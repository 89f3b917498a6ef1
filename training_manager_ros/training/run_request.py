"""A run as a user asks for it: checked, and cut down to what differs from the preset."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from training_manager_ros.errors import InvalidInput
from training_manager_ros.redaction import HIDDEN
from training_manager_ros.training.presets import ACT_DEFAULT, Preset
from training_manager_ros.training.reading import Json
from training_manager_ros.training.run_fields import RUN_FIELDS

__all__ = [
    "RunRequest",
    "gpus",
    "hyperparameters",
    "most_cost",
    "training_params",
]

_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
_GIT_URL = re.compile(r"(https?://|ssh://|git://|file://|git@[\w.-]+:|/)\S+")
_REF = re.compile(r"(?!-)[^\s~^:?*\[\\\x00-\x1f]+")
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What `redacted` leaves of a text with a secret, as in the parameters of a run that is cloned.
_CENSORED = re.compile(rf"^{HIDDEN}$|[?&]{HIDDEN}|://{HIDDEN}@|Bearer {HIDDEN}")


@dataclass(frozen=True)
class RunRequest:
    """What the user set; None: as the preset has it."""

    preset: str = ACT_DEFAULT.name
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    repo: str | None = None
    ref: str | None = None
    command: tuple[str, ...] | None = None
    gpu_type: str | None = None
    min_gpus: int | None = None
    max_gpus: int | None = None
    hours: float | None = None
    budget: float | None = None  # USD
    env: Mapping[str, str] = field(default_factory=dict)  # further variables
    extra: Json = field(default_factory=dict)  # further keys of training_params


def training_params(
    request: RunRequest, preset: Preset, source_dir: Path, *, any_git_url: bool = False
) -> dict[str, object]:
    """What is sent: preset, source_dir and what differs from the preset.

    `any_git_url`: the server takes other repositories than GitHub's. Raises `InvalidInput` with
    all fields that are wrong.
    """
    problems = _problems(request, preset, any_git_url)
    if problems:
        what = "; ".join(f"{name} {problem}" for name, problem in problems.items())
        raise InvalidInput(f"This run can't be started: {what}.", problems)
    asked = {item.name: getattr(request, item.name) for item in RUN_FIELDS}
    changed = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asked.items()
        if value is not None and value != getattr(preset, name)
    }
    known = {item.name: item for item in preset.hyperparameters}
    env = {
        name: known[name].written(value)
        for name, value in hyperparameters(request, preset).items()
        if value != known[name].default
    }
    env |= {name: value for name, value in request.env.items() if preset.env.get(name) != value}
    return {
        "preset": preset.name,
        "source_dir": str(source_dir),
        **changed,
        **({"env": env} if env else {}),
        **request.extra,
    }


def hyperparameters(request: RunRequest, preset: Preset) -> dict[str, float]:
    """All values of a run, by name."""
    low, high = gpus(request, preset)
    certain = low == high > 0
    values = {
        item.name: high if item.follows_gpus and certain else item.default
        for item in preset.hyperparameters
    }
    return values | dict(request.hyperparameters)


def gpus(request: RunRequest, preset: Preset) -> tuple[int, int]:
    """How many GPUs the run takes at least and at most."""
    low = request.min_gpus if request.min_gpus is not None else preset.min_gpus
    high = request.max_gpus if request.max_gpus is not None else preset.max_gpus
    return low, high


def most_cost(request: RunRequest, preset: Preset, price: float) -> float:
    """USD that the run costs at most, at that price for a GPU and hour."""
    hours = request.hours if request.hours is not None else preset.hours
    return hours * gpus(request, preset)[1] * price


def _problems(request: RunRequest, preset: Preset, any_git_url: bool) -> dict[str, str]:
    found: dict[str, str] = {}

    def check(name: str, wrong: bool, problem: str) -> None:
        if wrong and name not in found:
            found[name] = problem

    known = {item.name: item for item in preset.hyperparameters}
    for name, value in request.hyperparameters.items():
        problem = known[name].check(value) if name in known else "is no hyperparameter"
        check(f"hyperparameters.{name}", bool(problem), problem)

    if request.repo is not None:
        is_url = any_git_url and _GIT_URL.fullmatch(request.repo) is not None
        url = ", or a git URL" if any_git_url else ""
        fits = is_url or _REPO.fullmatch(request.repo) is not None
        check("repo", not fits, f"must be owner/repo{url}")
        check("repo", HIDDEN in request.repo, "has a part that was hidden; give it whole")
    if request.ref is not None:
        fits = _REF.fullmatch(request.ref) is not None and ".." not in request.ref
        check("ref", not fits, "must be a branch, a tag or a commit")
    if request.command is not None:
        check("command", not any(request.command), "must not be empty")
        check("command", any("\0" in part for part in request.command), "must hold no NUL")
        check("command", _censored(request.command), "has a part that was hidden; give it whole")
    check("gpu_type", request.gpu_type == "", "must not be empty")

    for item in RUN_FIELDS:
        asked = getattr(request, item.name)
        problem = item.check(asked) if asked is not None else ""
        check(item.name, bool(problem), problem)
    low, high = gpus(request, preset)
    too_many = "min_gpus" not in found and low > high
    check("max_gpus", too_many, f"must be {low} or more, as min_gpus is")

    if high > 0 and not {"min_gpus", "max_gpus"} & found.keys():
        values = hyperparameters(request, preset)
        problem = f"must be from {max(low, 1)} to {high}, one for each GPU"
        for name in (item.name for item in preset.hyperparameters if item.follows_gpus):
            if f"hyperparameters.{name}" not in found:  # it is a number
                check(f"hyperparameters.{name}", not low <= values[name] <= high, problem)

    for name, text in request.env.items():
        check(f"env.{name}", _ENV.fullmatch(name) is None, "is no name for a variable")
        check(f"env.{name}", name in known, "is a hyperparameter; set it there")
        check(f"env.{name}", not isinstance(text, str) or "\0" in text, "must be a text")
        check(f"env.{name}", _censored(text), "was hidden; give it anew")
    own = {"preset", "source_dir", "env", *(item.name for item in RUN_FIELDS)}
    for name in request.extra:
        check(f"extra.{name}", name in own, "has a field of its own")
        check(f"extra.{name}", _censored(request.extra[name]), "was hidden; give it anew")
    check("extra", not _is_json(request.extra), "must be JSON with finite numbers")
    return found


def _censored(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_censored, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_censored, value))
    return isinstance(value, str) and _CENSORED.search(value) is not None


def _is_json(value: Json) -> bool:
    try:
        json.dumps(dict(value), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
