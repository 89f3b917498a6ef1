"""Client of the training server: sign-in, uploads, runs, results, activation.

`TrainingClient` is the way to the server; it blocks, and may be called from any thread. What is
decided without the server are plain functions: `plan_upload`, `activate`, `roll_back` … Knows
neither ROS nor the panel.
"""

from __future__ import annotations

from training_manager_ros.training.activation import (
    Activation,
    activate,
    active,
    deactivate,
    previous,
    roll_back,
)
from training_manager_ros.training.client import SignInState, TrainingClient
from training_manager_ros.training.control import Control
from training_manager_ros.training.conversion import Conversion
from training_manager_ros.training.dataset_facts import DatasetFacts, dataset_facts
from training_manager_ros.training.download import DownloadResult
from training_manager_ros.training.hyperparameters import (
    ARCHITECTURE,
    HYPERPARAMETERS,
    Hyperparameter,
)
from training_manager_ros.training.models import (
    Metrics,
    RunProgress,
    ServerInfo,
    ServerRun,
    ServerSkill,
)
from training_manager_ros.training.monitor import RunMonitor
from training_manager_ros.training.new_run import create_run
from training_manager_ros.training.presets import ACT_DEFAULT, Preset
from training_manager_ros.training.progress import Progress
from training_manager_ros.training.results import LocalState, Results
from training_manager_ros.training.run_fields import RUN_FIELDS, RunField
from training_manager_ros.training.run_log import RunLog
from training_manager_ros.training.run_request import RunRequest, most_cost
from training_manager_ros.training.runs import RunsState, SkillRuns
from training_manager_ros.training.settings import Settings, load_settings
from training_manager_ros.training.transfer import TransferOptions
from training_manager_ros.training.upload import UploadResult
from training_manager_ros.training.upload_plan import UploadPlan, UploadState, plan_upload

__all__ = [
    "ACT_DEFAULT",
    "ARCHITECTURE",
    "HYPERPARAMETERS",
    "RUN_FIELDS",
    "Activation",
    "Control",
    "Conversion",
    "DatasetFacts",
    "DownloadResult",
    "Hyperparameter",
    "LocalState",
    "Metrics",
    "Preset",
    "Progress",
    "Results",
    "RunField",
    "RunLog",
    "RunMonitor",
    "RunProgress",
    "RunRequest",
    "RunsState",
    "ServerInfo",
    "ServerRun",
    "ServerSkill",
    "Settings",
    "SignInState",
    "SkillRuns",
    "TrainingClient",
    "TransferOptions",
    "UploadPlan",
    "UploadResult",
    "UploadState",
    "activate",
    "active",
    "create_run",
    "dataset_facts",
    "deactivate",
    "load_settings",
    "most_cost",
    "plan_upload",
    "previous",
    "roll_back",
]
