"""What can be asked of a run besides its hyperparameters: the one table of ranges and meanings.

The defaults are a preset's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from training_manager_ros.training.ranges import ANY, range_problem

__all__ = ["RUN_FIELDS", "FieldKind", "RunField"]


class FieldKind(Enum):
    """What a field holds."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    LIST = "list"  # of texts


@dataclass(frozen=True)
class RunField:
    """A field of `RunRequest` and of `Preset`."""

    name: str
    label: str
    kind: FieldKind
    help: str  # one line
    unit: str = ""
    minimum: float = ANY[0]
    maximum: float = ANY[1]

    def check(self, value: object) -> str:
        """What is wrong with the size of a number; "" if nothing is, or it is no number's field."""
        if self.kind not in (FieldKind.INTEGER, FieldKind.NUMBER):
            return ""
        integer = self.kind is FieldKind.INTEGER
        return range_problem(value, self.minimum, self.maximum, integer=integer)


RUN_FIELDS: tuple[RunField, ...] = (
    RunField(
        "repo",
        "Repository",
        FieldKind.TEXT,
        "The training code: owner/repo, or a git URL where the server takes one.",
    ),
    RunField("ref", "Ref", FieldKind.TEXT, "Branch, tag or commit of the training code."),
    RunField("command", "Command", FieldKind.LIST, "The program, then its arguments."),
    RunField("gpu_type", "GPU type", FieldKind.TEXT, "What it trains on, such as H100."),
    RunField(
        "min_gpus",
        "GPUs at least",
        FieldKind.INTEGER,
        "The run does not start with fewer.",
        minimum=0,
        maximum=64,
    ),
    RunField(
        "max_gpus",
        "GPUs at most",
        FieldKind.INTEGER,
        "The run does not get more.",
        minimum=0,
        maximum=64,
    ),
    # A run of no time, or for no money, is none: the least is what a person would still write.
    RunField(
        "hours",
        "Deadline",
        FieldKind.NUMBER,
        "The run is ended after so long.",
        "hours",
        minimum=0.01,
        maximum=720,
    ),
    RunField(
        "budget",
        "Budget",
        FieldKind.NUMBER,
        "What the run may cost.",
        "USD",
        minimum=0.01,
        maximum=1_000_000,
    ),
)
