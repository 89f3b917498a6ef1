"""Whether a run can be asked for at all; decided before the server is asked."""

from __future__ import annotations

from training_manager_ros.errors import InvalidInput
from training_manager_ros.training.dataset_facts import DatasetFacts
from training_manager_ros.training.presets import Preset
from training_manager_ros.training.run_request import RunRequest, hyperparameters
from training_manager_ros.training.upload_plan import UploadPlan, UploadState

__all__ = ["check_ready", "check_uploaded"]

TRAINING_PART = 0.9  # the rest validates
_NOT_READY = {
    UploadState.NEVER: "has not been uploaded yet; upload it first",
    UploadState.PARTIAL: "has not been uploaded whole yet; upload it first, the rest alone is sent",
    UploadState.CHANGED: "has changed since it was uploaded; upload it again first",
}


def check_uploaded(skill: str, plan: UploadPlan) -> None:
    """Raise `InvalidInput` if the server does not have the skill as it is here."""
    if plan.refused:
        raise InvalidInput(
            f"{skill} is the same skill on the training server as {', '.join(plan.shared_with)}, "
            f"whose recordings may be the ones there; upload {skill} as a new skill first."
        )
    if plan.state in _NOT_READY:
        raise InvalidInput(f"{skill} {_NOT_READY[plan.state]}.")


def check_ready(
    skill: str, plan: UploadPlan, facts: DatasetFacts, request: RunRequest, preset: Preset
) -> None:
    """Raise `InvalidInput` with the reason if such a run of this skill makes no sense now."""
    check_uploaded(skill, plan)
    if plan.episodes < 2:
        raise InvalidInput(
            f"{skill} has {plan.episodes} episode{'' if plan.episodes == 1 else 's'}, and training "
            "takes at least one to train on and one to validate with: record more."
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
