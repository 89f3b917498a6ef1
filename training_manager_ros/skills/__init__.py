"""Skills on disk: list, read, create and change them, and learn when somebody else does.

A skill is a folder with a metadata.json. Other programs read and write the same folders at the
same time, and people edit them by hand; nothing here trusts what it finds.
"""

from __future__ import annotations

from training_manager_ros.skills.catalog import Catalog
from training_manager_ros.skills.changes import create_skill, update_metadata
from training_manager_ros.skills.fields import MetadataField, known_fields
from training_manager_ros.skills.folders import folder_name, skill_folder
from training_manager_ros.skills.jsontext import parse_object
from training_manager_ros.skills.metadata import Metadata, StaleRevision, read_metadata
from training_manager_ros.skills.skill import Skill
from training_manager_ros.skills.validation import is_one_line
from training_manager_ros.skills.watch import Watch, watch

__all__ = [
    "Catalog",
    "Metadata",
    "MetadataField",
    "Skill",
    "StaleRevision",
    "Watch",
    "create_skill",
    "folder_name",
    "is_one_line",
    "known_fields",
    "parse_object",
    "read_metadata",
    "skill_folder",
    "update_metadata",
    "watch",
]
