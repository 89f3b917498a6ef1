"""Whether a run can be asked for at all; decided before the server is asked."""

from __future__ import annotations

from training_manager_ros.errors import InvalidInput
from training_manager_ros.training.dataset_facts import DatasetFacts
from training_manager_ros.training.presets import Preset
from training_manager_ros.training.run_request import RunRequest, hyperparameters
from training_manager_ros.training.upload_plan import UploadPlan, UploadState

__all__ = ["check_ready", "check_uploaded"]

TRAINING_PART = 0.9  # the rest validates


def check_uploaded(skill: str, plan: UploadPlan) -> None:
    """Raise `InvalidInput` if the server does not have the skill as it is here."""
    if plan.state is not UploadState.WHOLE:
        raise InvalidInput(f"{skill} is {plan.state.value}; upload it first.")


def check_ready(
    skill: str, plan: UploadPlan, facts: DatasetFacts, request: RunRequest, preset: Preset
) -> None:
    """Raise `InvalidInput` with the reason if such a run of this skill makes no sense now."""
    check_uploaded(skill, plan)
    if plan.episodes < 2:
        raise InvalidInput(
            f"{skill} has {plan.episodes} episode; one to train on and one to validate with are "
            "the least."
        )
    values = hyperparameters(request, preset)
    batch = int(values.get("BATCH_SIZE", 1) * max(1, values.get("WORLD_SIZE", 1)))
    frames = int(facts.frames * TRAINING_PART)
    if facts.frames and frames < batch:
        message = (
            f"{skill} has {frames} timesteps to train on, and one step takes {batch} "
            "(BATCH_SIZE for each of WORLD_SIZE GPUs): record more, or make the batch smaller."
        )
        raise InvalidInput(message, {"hyperparameters.BATCH_SIZE": message})
