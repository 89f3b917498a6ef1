"""What an upload would do, and whether what is on the server is what is here; asks nobody.

Goes by the ledger and the files' status alone, so it takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from training_manager_ros.training.copies import find_copies
from training_manager_ros.training.ledger import Ledger, read_ledger
from training_manager_ros.training.manifest import scan
from training_manager_ros.training.reading import whole
from training_manager_ros.training.recordings import read_recordings, require_files
from training_manager_ros.training.skill_metadata import metadata_value
from training_manager_ros.training.submit import known_skill_id

__all__ = ["UploadPlan", "UploadState", "plan_upload"]


class UploadState(str, Enum):
    """How the server's copy relates to what is here; the value is what users see."""

    NEVER = "never uploaded"
    PARTIAL = "not uploaded whole"
    CHANGED = "changed since the upload"
    WHOLE = "uploaded"


@dataclass(frozen=True)
class UploadPlan:
    """What an upload of a skill would do now."""

    state: UploadState
    episodes: int
    files: int  # that belong on the server
    size: int  # bytes of those
    new: tuple[str, ...]  # names that were never uploaded
    changed: tuple[str, ...]  # names of which the file was written since
    bytes_to_send: int  # at most: a changed file may turn out to be the same
    shared_with: tuple[str, ...] = ()  # other folders that are the same skill on the server
    refused: bool = False  # because of them; see `copies.refuse_copy`


def plan_upload(folder: Path, server_name: str) -> UploadPlan:
    """Look at a skill's folder.

    Raises `NotFound`, `Unreadable`, and `InvalidInput` (no recordings, or not all that are listed).
    """
    metadata = metadata_value(folder)
    recordings = read_recordings(folder)
    ledger = read_ledger(folder)
    skill_id = known_skill_id(folder, metadata)
    known = ledger.records if (ledger.server, ledger.skill_id) == (server_name, skill_id) else {}
    files = scan(folder)
    there = {file.name for file in files}
    # What a conversion was interrupted at is made again by the upload's.
    halfway = {
        name
        for name in recordings.listed
        if name not in there and (folder / "raw_data" / name.removeprefix("data/")).is_file()
    }
    require_files(folder.name, recordings, there, but=halfway)
    copies = find_copies(folder, skill_id)
    uploaded = {name: record for name, record in known.items() if record.uploaded}
    new = [file for file in files if file.name not in uploaded]
    changed = [
        file for file in files if file.name in uploaded and uploaded[file.name].stamp != file.stamp
    ]
    elsewhere = ledger.skill_id == skill_id and ledger.server != server_name
    count = None if elsewhere else whole(metadata.get("uploaded_episode_count"))
    state = _state(count, skill_id, known, ledger, recordings.episodes, new or changed)
    if halfway and state is UploadState.WHOLE:
        state = UploadState.CHANGED
    return UploadPlan(
        state=state,
        episodes=recordings.episodes,
        files=len(files),
        size=sum(file.stamp.size for file in files),
        new=tuple(file.name for file in new),
        changed=tuple(file.name for file in changed),
        bytes_to_send=sum(file.stamp.size for file in (*new, *changed)),
        shared_with=copies.others,
        refused=copies.refused_to(folder.name),
    )


def _state(
    count: int | None,  # of the episodes that metadata.json calls uploaded to this server
    skill_id: str,
    known: Mapping[str, object],
    ledger: Ledger,
    episodes: int,
    left: object,
) -> UploadState:
    if not skill_id:
        return UploadState.NEVER
    if not known:  # uploaded by another program, so only its count of episodes tells
        if count is None:
            return UploadState.NEVER
        return UploadState.WHOLE if count == episodes else UploadState.CHANGED
    if ledger.complete is None:
        return UploadState.PARTIAL
    return UploadState.CHANGED if left else UploadState.WHOLE
