"""Skills on disk: list, read, create and change them, and learn when somebody else does.

A skill is a folder with a metadata.json. Other programs read and write the same folders at the
same time, and people edit them by hand; nothing here trusts what it finds.
"""

from __future__ import annotations

from .catalog import Catalog
from .changes import create_skill, update_metadata
from .fields import MetadataField, known_fields
from .folders import folder_name, skill_folder
from .jsontext import parse_object
from .metadata import Metadata, StaleRevision, read_metadata
from .skill import Skill
from .watch import Watch, watch

__all__ = [
    "Catalog",
    "Metadata",
    "MetadataField",
    "Skill",
    "StaleRevision",
    "Watch",
    "create_skill",
    "folder_name",
    "known_fields",
    "parse_object",
    "read_metadata",
    "skill_folder",
    "update_metadata",
    "watch",
]
