"""Asking for a run: checked here first, then asked once, then remembered what it is trained on."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from training_manager_ros.errors import InvalidInput, TrainingManagerError
from training_manager_ros.training.activation import remember_facts
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.dataset_facts import DatasetFacts
from training_manager_ros.training.models import ServerRun
from training_manager_ros.training.presets import Preset
from training_manager_ros.training.readiness import check_ready, check_uploaded
from training_manager_ros.training.run_request import RunRequest, training_params
from training_manager_ros.training.skill_metadata import metadata_value
from training_manager_ros.training.submit import known_skill_id
from training_manager_ros.training.upload_plan import plan_upload

__all__ = ["create_run"]

log = logging.getLogger("training_manager.training")


def create_run(
    client: TrainingClient,
    folder: Path,
    request: RunRequest,
    facts: DatasetFacts,
    *,
    presets: Mapping[str, Preset] | None = None,
    any_git_url: bool | None = None,
) -> ServerRun:
    """Ask for a run of a skill.

    `presets` by name and `any_git_url` (Innate's server takes GitHub's repositories alone; one that
    has extras clones any) are what is known of the server; it is asked where that is not enough.
    Raises `InvalidInput` if the skill is not uploaded as it is or the request is wrong, before the
    server is asked, and what the client raises.
    """
    plan = plan_upload(folder, client.server_name)
    check_uploaded(folder.name, plan)
    preset = (presets or {}).get(request.preset) or _asked_for(client, request.preset)
    if any_git_url is None:
        any_git_url = bool(client.info().features)
    params = training_params(request, preset, folder, any_git_url=any_git_url)
    check_ready(folder.name, plan, facts, request, preset)
    skill_id = known_skill_id(folder, metadata_value(folder))
    run = client.create_run(skill_id, params)
    try:
        remember_facts(folder, skill_id, run.run_id, facts)
    except TrainingManagerError as error:  # the run is there all the same
        log.warning("What run %d is trained on can't be noted: %s", run.run_id, error)
    return run


def _asked_for(client: TrainingClient, name: str) -> Preset:
    presets = {preset.name: preset for preset in client.presets()}
    if name not in presets:
        message = f"there is no preset {name}; there are {', '.join(sorted(presets))}"
        raise InvalidInput(f"This run can't be started: {message}.", {"preset": message})
    return presets[name]
