"""Presets: what a run is, unless the user says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from training_manager_ros.training.hyperparameters import (
    ARCHITECTURE,
    HYPERPARAMETERS,
    Hyperparameter,
)
from training_manager_ros.training.reading import number, text, whole

__all__ = ["ACT_DEFAULT", "Preset"]


@dataclass(frozen=True)
class Preset:
    """A named set of values that a run starts from."""

    name: str
    repo: str  # owner/repo, or a git URL
    ref: str
    command: tuple[str, ...]
    gpu_type: str
    min_gpus: int
    max_gpus: int
    hours: float
    budget: float  # USD
    description: str = ""
    env: Mapping[str, str] = field(default_factory=dict)  # besides the hyperparameters
    hyperparameters: tuple[Hyperparameter, ...] = HYPERPARAMETERS
    architecture: Mapping[str, str] = field(default_factory=dict)
    gpu_hour_price: float = 0.0  # USD for one GPU and hour; 0: not known

    @classmethod
    def parse(cls, value: object) -> Preset | None:
        """From a server's answer; None where it has no name."""
        if not isinstance(value, Mapping) or not text(value.get("name")):
            return None
        command = value.get("command")
        told = value.get("hyperparameters")
        found = [
            Hyperparameter.parse(str(name), facts)
            for name, facts in (told.items() if isinstance(told, Mapping) else ())
        ]
        return cls(
            name=text(value.get("name")),
            description=text(value.get("description")),
            repo=text(value.get("repo")),
            ref=text(value.get("ref")),
            command=tuple(text(part) for part in command) if isinstance(command, list) else (),
            env=_texts(value.get("env")),
            gpu_type=text(value.get("gpu_type")),
            min_gpus=whole(value.get("min_gpus")) or 0,
            max_gpus=whole(value.get("max_gpus")) or 0,
            hours=number(value.get("hours")) or 0.0,
            budget=number(value.get("budget")) or 0.0,
            hyperparameters=tuple(item for item in found if item is not None),
            architecture=_texts(value.get("architecture")),
            gpu_hour_price=number(value.get("gpu_hour_price")) or 0.0,
        )

    def as_json(self) -> dict[str, object]:
        """What `parse` reads, to keep it on disk."""
        return {
            **vars(self),
            "env": dict(self.env),
            "hyperparameters": {item.name: item.as_json() for item in self.hyperparameters},
            "architecture": dict(self.architecture),
        }


def _texts(value: object) -> dict[str, str]:
    return {str(k): text(v) for k, v in value.items()} if isinstance(value, Mapping) else {}


ACT_DEFAULT = Preset(
    name="act-default",
    description="Action Chunking with Transformers on Innate's GPUs.",
    repo="innate-inc/ACT",
    ref="main",
    command=("/training/project/cloud_run.sh",),
    gpu_type="H100",
    min_gpus=4,
    max_gpus=4,
    hours=5.0,
    budget=200.0,
    architecture=ARCHITECTURE,
)
