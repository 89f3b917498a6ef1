"""Folders that are the same skill on the training server, as a copied folder and its original are.

An upload of one would replace there what the other has. Whose the skill is tells the ledger: it
names the inode of the folder that was uploaded, which a renamed folder keeps and a copy lacks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training_manager_ros.errors import Conflict, NotFound, Unreadable
from training_manager_ros.training.ledger import claim, read_ledger
from training_manager_ros.training.manifest import stamp_of
from training_manager_ros.training.results import note_owner
from training_manager_ros.training.skill_metadata import change_metadata, metadata_value
from training_manager_ros.training.submit import LEGACY, known_skill_id

__all__ = ["Copies", "find_copies", "refuse_copy", "set_apart"]


@dataclass(frozen=True)
class Copies:
    """The other folders beside a skill that are the same skill on the server."""

    others: tuple[str, ...] = ()  # folder names
    owner: str = ""  # the folder, of all of them, whose skill it is; "" where that can't be told

    def refused_to(self, name: str) -> bool:
        """Whether an upload of the folder of this name might replace what another one has there."""
        return bool(self.others) and self.owner != name


def find_copies(folder: Path, skill_id: str) -> Copies:
    """Who else has this id; nobody if it is ""."""
    others = [other for other in _siblings(folder) if _id_of(other) == skill_id] if skill_id else []
    owners = [one for one in (folder, *others) if _is_noted(one, skill_id)] if others else []
    return Copies(
        others=tuple(sorted(other.name for other in others)),
        owner=owners[0].name if len(owners) == 1 else "",
    )


def refuse_copy(folder: Path) -> None:
    """Raise `Conflict` if an upload might replace what another folder has on the server."""
    copies = find_copies(folder, known_skill_id(folder, metadata_value(folder)))
    if not copies.refused_to(folder.name):
        return
    others = ", ".join(copies.others)
    if copies.owner:
        raise Conflict(
            f"{folder.name} is a copy of {copies.owner} and the same skill on the training server, "
            f"so an upload would replace the recordings of {copies.owner} there. Upload it as a "
            "new skill (--as-new)."
        )
    raise Conflict(
        f"{folder.name} and {others} are the same skill on the training server, as copied folders "
        "are, so an upload of one would replace the recordings of the other there. Upload the copy "
        "as a new skill (--as-new); what remains can be uploaded as usual then."
    )


def set_apart(folder: Path) -> None:
    """Let a folder forget which skill on the server it is, unless that is its own already.

    Killed at any moment it goes on when it is called again; a skill that was made anew since is not
    forgotten by that.
    """
    skill_id = known_skill_id(folder, metadata_value(folder))
    noted_here = read_ledger(folder).inode == folder.stat().st_ino
    if noted_here and not find_copies(folder, skill_id).others:
        return
    note_owner(folder, skill_id)
    change_metadata(folder, _forgotten)
    (folder / LEGACY).unlink(missing_ok=True)
    claim(folder)  # last, as it says that all of this is done


def _forgotten(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
    keys = [key for key in ("training_skill_id", "uploaded_episode_count") if key in metadata]
    return dict.fromkeys(keys) or None


def _siblings(folder: Path) -> list[Path]:
    """The folders beside a skill; links are none, whatever they lead to."""
    own = folder.stat().st_ino
    with os.scandir(folder.parent) as entries:
        return [
            Path(entry)
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and entry.name[0] != "." and entry.inode() != own
        ]


def _id_of(folder: Path) -> str:
    try:
        return known_skill_id(folder, metadata_value(folder))
    except (NotFound, Unreadable):
        return ""  # no skill, or one that can't be uploaded as it is


def _is_noted(folder: Path, skill_id: str) -> bool:
    ledger, stamp = read_ledger(folder), stamp_of(folder)  # it may be gone by now
    return stamp is not None and (ledger.skill_id, ledger.inode) == (skill_id, stamp.inode)
