"""From the inner packages' values to ROS messages, field by field."""

from __future__ import annotations

import json
import math

from builtin_interfaces.msg import Time

from training_manager import msg
from training_manager_ros.datasets import Camera, Episode
from training_manager_ros.datasets.edit.marks import Mark
from training_manager_ros.skills import MetadataField, Skill

__all__ = ["camera_to_msg", "episode_to_msg", "field_to_msg", "skill_to_msg", "time_to_msg"]


def skill_to_msg(skill: Skill) -> msg.Skill:
    """One row of `~/skills`."""
    message = msg.Skill(
        name=skill.name,
        display_name=skill.display_name,
        type=skill.type,
        badge=skill.badge,
        problem=skill.problem,
        revision=skill.revision,
        checkpoint=skill.checkpoint,
        training_skill_id=skill.training_skill_id,
        uploaded_episode_count=skill.uploaded_episode_count,
        modified=time_to_msg(skill.modified),
        dataset_problems=list(skill.dataset_problems),
    )
    if skill.dataset is not None:
        message.dataset_format = skill.dataset.format.value
        message.episode_count = skill.dataset.episode_count
        message.rate = skill.dataset.rate
        message.size_bytes = skill.dataset.size_bytes
        message.cameras = list(skill.dataset.cameras)
    return message


def episode_to_msg(episode: Episode, mark: Mark | None = None) -> msg.Episode:
    """One row of an episode table, with what somebody said about it."""
    return msg.Episode(
        id=episode.id,
        file=episode.file,
        frames=episode.frames,
        duration=episode.duration,
        size_bytes=episode.size_bytes,
        start=episode.start,
        end=episode.end,
        cameras=list(episode.cameras),
        converted=episode.converted,
        task=episode.task,
        problems=list(episode.problems),
        verdict=mark.verdict.value if mark else "",
        note=mark.note if mark else "",
    )


def camera_to_msg(camera: Camera) -> msg.Camera:
    """One camera of a dataset."""
    return msg.Camera(
        name=camera.name,
        width=camera.width,
        height=camera.height,
        codec=camera.codec,
        pix_fmt=camera.pix_fmt,
    )


def field_to_msg(field: MetadataField) -> msg.MetadataField:
    """One field of a form over metadata.json."""
    return msg.MetadataField(
        path=field.path,
        kind=field.kind,
        label=field.label,
        description=field.description,
        unit=field.unit,
        required=field.required,
        minimum=math.nan if field.minimum is None else float(field.minimum),
        exclusive_minimum=field.exclusive_minimum,
        maximum=math.nan if field.maximum is None else float(field.maximum),
        default_json=json.dumps(field.default),
        choices=list(field.choices),
    )


def time_to_msg(seconds: float) -> Time:
    """Seconds since the epoch; 0 gives the time that means none."""
    whole = math.floor(seconds)
    return Time(sec=whole, nanosec=int((seconds - whole) * 1e9))
