"""Presets: what a run is unless its parameters say otherwise. One TOML file each.

Ours are beside this module; the server's owner adds to them, or replaces them by name, with files
in DATA_DIR/presets/.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from training_manager_ros.errors import InvalidInput, NotFound
from training_manager_ros.orchestrator.settings import read_toml

__all__ = ["Hyperparameter", "Preset", "Presets"]

log = logging.getLogger("training_manager.orchestrator")

SHIPPED = Path(__file__).parent


@dataclass(frozen=True)
class Hyperparameter:
    """A number that a run takes from its environment."""

    default: str
    help: str
    integer: bool = False
    minimum: float = float("-inf")
    maximum: float = float("inf")
    exclusive: bool = False  # the minimum itself is not allowed

    def problem(self, text: str) -> str:
        """What is wrong with a value as it stands in the environment; "" if nothing."""
        try:
            value = float(int(text)) if self.integer else float(text)
        except (ValueError, OverflowError):
            return f"{text!r} is no {'whole ' if self.integer else ''}number"
        low = value <= self.minimum if self.exclusive else value < self.minimum
        if low or not value <= self.maximum:
            edge = "more than" if self.exclusive else "at least"
            return f"{text} must be {edge} {self.minimum:g} and at most {self.maximum:g}"
        return ""


@dataclass(frozen=True)
class Preset:
    """A run's defaults; paths below /training/ stand for the run's own folder."""

    name: str
    description: str
    repo: str
    ref: str
    command: tuple[str, ...]
    gpu_type: str
    min_gpus: int
    max_gpus: int
    hours: float
    budget: float
    checkpoint_patterns: tuple[str, ...]
    env: Mapping[str, str]
    hyperparameters: Mapping[str, Hyperparameter]
    architecture: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """As `GET /presets` shows it."""
        result: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        result["hyperparameters"] = {
            name: {
                "default": item.default,
                "minimum": item.minimum,
                "maximum": item.maximum,
                "integer": item.integer,
                "help": item.help,
            }
            for name, item in self.hyperparameters.items()
        }
        return result


class Presets:
    """The shipped presets and those of a folder; files are read anew each time."""

    def __init__(self, folder: Path, default: str = "act-default") -> None:
        self._folder = folder
        self.default = default  # name of the one that is meant where none is named

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._paths())

    def preset(self, name: str) -> Preset:
        """One preset. Raises `NotFound`, or `InvalidInput` for a file with a mistake."""
        path = self._paths().get(name)
        if path is None:
            raise NotFound(f"There is no preset {name!r}; there are {', '.join(self.names())}.")
        return _preset(name, read_toml(path), path)

    def presets(self) -> list[Preset]:
        """All presets, the default one first, then by name.

        One with a mistake is left out, and the log says why.
        """
        found = []
        for name in sorted(self.names(), key=lambda name: (name != self.default, name)):
            try:
                found.append(self.preset(name))
            except InvalidInput as error:
                log.warning("%s", error)
        return found

    def _paths(self) -> dict[str, Path]:
        return {p.stem: p for folder in (SHIPPED, self._folder) for p in folder.glob("*.toml")}


def _preset(name: str, value: Mapping[str, Any], path: Path) -> Preset:
    defaults: dict[str, Any] = {
        "ref": "",
        "gpu_type": "",
        "min_gpus": 0,
        "max_gpus": 0,
        "env": {},
        "hyperparameters": {},
        "architecture": {},
    }
    known = {f.name for f in fields(Preset)} - {"name"}
    missing, unknown = known - defaults.keys() - value.keys(), value.keys() - known
    if missing or unknown:
        what = f"lacks {sorted(missing)}" if missing else f"has unknown {sorted(unknown)}"
        raise InvalidInput(f"The preset {path} {what}.")
    merged = {**defaults, **value}
    try:
        return Preset(
            name=name,
            description=str(merged["description"]),
            repo=str(merged["repo"]),
            ref=str(merged["ref"]),
            command=tuple(str(part) for part in merged["command"]),
            gpu_type=str(merged["gpu_type"]),
            min_gpus=int(merged["min_gpus"]),
            max_gpus=int(merged["max_gpus"]),
            hours=float(merged["hours"]),
            budget=float(merged["budget"]),
            checkpoint_patterns=tuple(str(item) for item in merged["checkpoint_patterns"]),
            env={key: str(item) for key, item in merged["env"].items()},
            hyperparameters={
                key: Hyperparameter(**item) for key, item in merged["hyperparameters"].items()
            },
            architecture={key: str(item) for key, item in merged["architecture"].items()},
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"The preset {path} has a mistake: {error}") from error
