"""The skill's id on the training server: reused, replaced where it is stale, and remembered."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from anyio import to_thread

from training_manager_ros.errors import NotFound, NotSignedIn, Refused
from training_manager_ros.training.calls import PATIENT
from training_manager_ros.training.models import ServerSkill
from training_manager_ros.training.reading import parse_json, text
from training_manager_ros.training.results import note_owner
from training_manager_ros.training.server import TrainingServer
from training_manager_ros.training.skill_metadata import change_metadata, metadata_value

__all__ = ["LEGACY", "known_skill_id", "submit"]

log = logging.getLogger("training_manager.training")

LEGACY = "server-skill.json"  # {"id": …}, from before metadata.json had it


def known_skill_id(folder: Path, metadata: Mapping[str, Any]) -> str:
    """The id that the skill's folder knows; "" if it was never submitted."""
    return text(metadata.get("training_skill_id")) or _legacy_id(folder)


async def submit(server: TrainingServer, folder: Path) -> str:
    """Make sure that the skill is on the server and metadata.json knows its id; that id.

    Raises what the calls raise, and what reading and writing metadata.json raises.
    """
    metadata = await to_thread.run_sync(metadata_value, folder)
    name = text(metadata.get("name")) or folder.name
    skill = await _there(server, known_skill_id(folder, metadata))
    if skill is None:
        skill = await server.create_skill(name, attempts=PATIENT)
        log.info("%s is on the training server now, as %s.", folder.name, skill.skill_id)
    elif skill.name and skill.name != name:
        await server.rename_skill(skill.skill_id, name, attempts=PATIENT)
    await to_thread.run_sync(_remember, folder, skill.skill_id)
    return skill.skill_id


async def _there(server: TrainingServer, skill_id: str) -> ServerSkill | None:
    if not skill_id:
        return None
    try:
        return await server.skill(skill_id, attempts=PATIENT)
    except NotSignedIn:
        raise  # a key that is refused says nothing of the skill
    except NotFound:
        pass
    except Refused as error:
        if error.status != 403:
            raise
    log.warning("The training server does not know skill %s; it is made anew.", skill_id)
    return None


def _remember(folder: Path, skill_id: str) -> None:
    def patch(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
        if metadata.get("training_skill_id") == skill_id:
            return None
        changes: dict[str, Any] = {"training_skill_id": skill_id}
        if skill_id != known_skill_id(folder, metadata) and "uploaded_episode_count" in metadata:
            changes["uploaded_episode_count"] = None  # nothing is there yet under the new id
        return changes

    former = known_skill_id(folder, metadata_value(folder))
    if former not in ("", skill_id):
        note_owner(folder, former)
    change_metadata(folder, patch)
    (folder / LEGACY).unlink(missing_ok=True)


def _legacy_id(folder: Path) -> str:
    value: object = None
    with contextlib.suppress(OSError, ValueError):
        value = parse_json((folder / LEGACY).read_bytes())
    return text(value.get("id")) if isinstance(value, dict) else ""
