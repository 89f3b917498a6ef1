"""The hyperparameters of a run: the one table of their defaults, ranges and meanings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training_manager_ros.training.ranges import ANY, range_problem
from training_manager_ros.training.reading import amount, text

__all__ = ["ARCHITECTURE", "HYPERPARAMETERS", "Hyperparameter"]

FOLLOWS_GPUS = "WORLD_SIZE"  # one process a GPU


@dataclass(frozen=True)
class Hyperparameter:
    """A number that a run takes from its environment."""

    name: str  # of the environment variable
    default: float
    minimum: float
    maximum: float
    integer: bool
    help: str  # one line

    @classmethod
    def parse(cls, name: str, value: object) -> Hyperparameter | None:
        """From a server's preset; None where it is none."""
        if not isinstance(value, Mapping):
            return None
        default = amount(value.get("default"))
        if default is None:
            return None
        minimum, maximum = amount(value.get("minimum")), amount(value.get("maximum"))
        integer = value.get("integer") is True
        return cls(
            name=name,
            default=int(default) if integer else default,
            minimum=minimum if minimum is not None else ANY[0],
            maximum=maximum if maximum is not None else ANY[1],
            integer=integer,
            help=text(value.get("help")),
        )

    def as_json(self) -> dict[str, object]:
        """What `parse` reads, besides the name."""
        limits = {"minimum": self.minimum, "maximum": self.maximum}
        return {
            "default": self.default,
            **{name: limit for name, limit in limits.items() if limit not in ANY},
            "integer": self.integer,
            "help": self.help,
        }

    @property
    def follows_gpus(self) -> bool:
        """Whether it is the number of GPUs, unless it is set, where that number is certain."""
        return self.name == FOLLOWS_GPUS

    def check(self, value: object) -> str:
        """What is wrong with a value; "" if nothing is."""
        return range_problem(value, self.minimum, self.maximum, integer=self.integer)

    def written(self, value: float) -> str:
        """A value as the environment variable holds it."""
        return str(int(value)) if self.integer else repr(float(value))


def _whole(name: str, default: int, minimum: int, maximum: int, help: str) -> Hyperparameter:
    return Hyperparameter(name, default, minimum, maximum, True, help)


HYPERPARAMETERS: tuple[Hyperparameter, ...] = (
    Hyperparameter(
        "LEARNING_RATE",
        5e-5,
        1e-8,
        1.0,
        False,
        "Step size of the optimiser for everything but the camera backbone; too high diverges.",
    ),
    Hyperparameter(
        "LEARNING_RATE_BACKBONE",
        5e-5,
        0.0,
        1.0,
        False,
        "Step size for the pretrained camera backbone; 0 leaves it as it is.",
    ),
    _whole(
        "BATCH_SIZE",
        96,
        1,
        8192,
        "Samples a GPU looks at for one step; limited by its memory.",
    ),
    _whole(
        "MAX_STEPS",
        120_000,
        1,
        10_000_000,
        "Optimiser steps of the whole run; it sets how long the run takes.",
    ),
    _whole(
        "CHUNK_SIZE",
        30,
        1,
        1000,
        "Actions predicted at once; at 30 Hz, 30 are one second.",
    ),
    _whole(
        "NUM_WORKERS",
        4,
        0,
        64,
        "Processes a GPU that read and decode the recordings.",
    ),
    _whole(
        "WORLD_SIZE",
        4,
        1,
        64,
        "GPUs that train together; as many as the run is given.",
    ),
)

# Shown beside the hyperparameters, not changed by them.
ARCHITECTURE: Mapping[str, str] = {
    "vision_backbone": "resnet18",
    "DIM_MODEL": "512",
    "N_HEADS": "8",
    "N_ENCODER_LAYERS": "4",
    "N_DECODER_LAYERS": "4",
    "USE_VAE": "True",
    "KL_WEIGHT": "10.0",
    "WEIGHT_DECAY": "5e-4",
    "WARMUP_STEPS": "5% of MAX_STEPS",
    "MIN_LR_RATIO": "0.1",
    "TRAIN_VAL_SPLIT": "0.9",
    "CHECKPOINT_INTERVAL": "MAX_STEPS / 10",
}
