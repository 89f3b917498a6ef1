"""The known fields of metadata.json: what each means, its range and its default.

This is the only place that says so. Validation (`validation.py`) is driven by these tables, and
forms are built from them. Keys that are not here are nobody's business: kept, never checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["SKILL_TYPES", "MetadataField", "known_fields"]

SKILL_TYPES = ("learned", "replay", "poses")
JOINTS = 6  # angles in one pose
_INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class MetadataField:
    """One known field; mirrors msg/MetadataField.msg."""

    path: str  # dotted: "name", "execution.action_dim"
    kind: str  # "string", "text", "integer", "number", "choice", "pose", "pose_list", "object"
    label: str  # short, for people
    description: str  # one sentence
    unit: str = ""  # "s", "Hz", "rad"
    required: bool = False  # must be there and be neither null nor empty
    minimum: float | None = None
    exclusive_minimum: bool = False  # the value must be greater than `minimum`
    maximum: float | None = None
    default: Any = None  # what null or a missing key stands for; None = nothing
    choices: tuple[str, ...] = ()  # for kind "choice"
    inside_skill: bool = False  # a string that is a path relative to the skill's folder


def known_fields(skill_type: str) -> tuple[MetadataField, ...]:
    """The fields that a skill of this type knows, in the order of a form.

    A type that is none of `SKILL_TYPES` knows only the fields that all types share.
    """
    return _COMMON + _EXECUTION.get(skill_type, ())


_COMMON = (
    MetadataField(
        "name",
        "string",
        "Name",
        "The name that people and the robot's brain see.",
        required=True,
    ),
    MetadataField(
        "type",
        "choice",
        "Type",
        "What runs the skill: a learned policy, a replayed recording or a list of poses.",
        required=True,
        choices=SKILL_TYPES,
    ),
    MetadataField(
        "guidelines",
        "text",
        "Guidelines",
        "The text that the robot's brain reads to decide when to use the skill.",
        default="",
    ),
    MetadataField(
        "guidelines_when_running",
        "text",
        "Guidelines when running",
        "What the robot's brain watches for while the skill runs.",
        default="",
    ),
    MetadataField(
        "inputs",
        "object",
        "Inputs",
        "What the robot's brain gives to the skill when it starts it.",
        default={},
    ),
    MetadataField(
        "training_skill_id",
        "string",
        "Training server id",
        "The skill's id on the training server, once it is submitted.",
    ),
    MetadataField(
        "uploaded_episode_count",
        "integer",
        "Uploaded episodes",
        "Episodes at the last complete upload; missing where there was none.",
        minimum=0,
        maximum=_INT32_MAX,
    ),
    MetadataField(
        "downloads",
        "object",
        "Downloads",
        "File names and the addresses where they come from, for replay skills that are shipped.",
    ),
)

_POSES_AROUND = (
    MetadataField(
        "execution.start_pose",
        "pose",
        "Start pose",
        "Six joint angles that the arm takes before the skill starts; empty for none.",
        unit="rad",
    ),
    MetadataField(
        "execution.start_pose_time",
        "number",
        "Time to start pose",
        "How long the arm takes to reach the start pose.",
        unit="s",
        minimum=0,
        exclusive_minimum=True,
        default=1,
    ),
    MetadataField(
        "execution.end_pose",
        "pose",
        "End pose",
        "Six joint angles that the arm takes after the skill has ended; empty for none.",
        unit="rad",
    ),
    MetadataField(
        "execution.end_pose_time",
        "number",
        "Time to end pose",
        "How long the arm takes to reach the end pose.",
        unit="s",
        minimum=0,
        exclusive_minimum=True,
        default=1,
    ),
)

_LEARNED = (
    MetadataField(
        "execution.model_type",
        "string",
        "Model type",
        "The kind of policy that the checkpoint holds.",
        default="act_policy",
    ),
    MetadataField(
        "execution.checkpoint",
        "string",
        "Checkpoint",
        "The trained policy's file, relative to the skill's folder.",
        inside_skill=True,
    ),
    MetadataField(
        "execution.stats_file",
        "string",
        "Statistics file",
        "The normalisation statistics that belong to the checkpoint, relative to the folder.",
        inside_skill=True,
    ),
    MetadataField(
        "execution.action_dim",
        "integer",
        "Action width",
        "How many values the policy commands at each step.",
        minimum=1,
        maximum=64,
        default=10,
    ),
    MetadataField(
        "execution.duration",
        "number",
        "Duration",
        "The longest time that the skill runs.",
        unit="s",
        minimum=0,
        exclusive_minimum=True,
        default=120,
    ),
    MetadataField(
        "execution.progress_threshold",
        "number",
        "Progress threshold",
        "The predicted progress at which the skill counts as done.",
        minimum=0,
        default=2.0,
    ),
    MetadataField(
        "execution.n_action_steps",
        "integer",
        "Action steps",
        "How many steps of a predicted chunk are carried out before the next prediction.",
        minimum=1,
    ),
    *_POSES_AROUND,
)

_REPLAY = (
    MetadataField(
        "execution.replay_file",
        "string",
        "Replay file",
        "The recording that is replayed.",
        required=True,
    ),
    MetadataField(
        "execution.replay_frequency",
        "number",
        "Replay frequency",
        "How many recorded steps are replayed per second.",
        unit="Hz",
        minimum=0,
        exclusive_minimum=True,
        default=12,
    ),
    *_POSES_AROUND,
)

_POSES = (
    MetadataField(
        "execution.poses",
        "pose_list",
        "Poses",
        "The poses that the arm takes one after the other, each of six joint angles.",
        unit="rad",
        required=True,
    ),
    MetadataField(
        "execution.steps",
        "number",
        "Time per pose",
        "How long the arm takes from one pose to the next.",
        unit="s",
        minimum=0,
        exclusive_minimum=True,
    ),
)

_EXECUTION = {"learned": _LEARNED, "replay": _REPLAY, "poses": _POSES}
