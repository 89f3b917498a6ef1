"""Changing metadata.json, and making a new skill."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from training_manager_ros.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    TrainingManagerError,
    Unreadable,
)
from training_manager_ros.skills.fields import known_fields
from training_manager_ros.skills.folders import METADATA, folder_name
from training_manager_ros.skills.jsontext import dump_json, merge_patch
from training_manager_ros.skills.locking import LockTimeout, locked, sync_folder
from training_manager_ros.skills.metadata import (
    MAX_BYTES,
    Metadata,
    StaleRevision,
    metadata_path,
    parse_metadata,
    read_file,
)
from training_manager_ros.skills.validation import find_errors, new_errors, same

__all__ = ["create_skill", "update_metadata"]


def update_metadata(
    folder: Path, revision: str, patch: Mapping[str, Any], *, lock_timeout: float = 2.0
) -> Metadata:
    """Change a skill's metadata.json by a JSON merge patch (RFC 7396); all or nothing.

    Null removes a key, but inside `execution` it is kept and means "default". `revision` is that
    of the metadata.json that the patch was made from. Unknown keys and the order of keys stay.

    Raises `StaleRevision` where it is another by now or another program keeps the file locked,
    `InvalidInput` with the wrong fields, `NotFound` and `Unreadable` as `read_metadata` does, and
    `TrainingManagerError` where the file can't be written.
    """
    path = metadata_path(folder)
    try:
        with _writing(folder.name), locked(path, lock_timeout) as file:
            current = read_file(path)
            if current.revision != revision:
                raise _stale(folder.name, current)
            if current.value is None:
                raise Unreadable(current.problem)
            after = _patched(current.value, patch)
            if same(after, current.value):
                return current
            data = _encoded(after)
            if not file.replace(data):
                raise _stale(folder.name, read_file(path))
            return parse_metadata(data)
    except LockTimeout:
        raise StaleRevision(
            f"Another program has kept {METADATA} of {folder.name} locked for {lock_timeout:g} s; "
            "nothing was changed, try again.",
            read_file(path),
        ) from None


def create_skill(
    root: Path,
    name: str,
    skill_type: str,
    guidelines: str = "",
    guidelines_when_running: str = "",
    execution: Mapping[str, Any] | None = None,
) -> str:
    """Make a skill and return its folder's name, which follows from `name`.

    Known fields of `execution` that are not given are null, which means "default". The folder
    appears whole, by one rename; the skills directory is made where only it is missing.

    Raises `InvalidInput` with the wrong fields, `Conflict` where the folder's name is taken, and
    `TrainingManagerError` where it can't be written.
    """
    value = {
        "name": name,
        "type": skill_type,
        "guidelines": guidelines,
        "guidelines_when_running": guidelines_when_running,
        "inputs": {},
        "execution": _whole_execution(skill_type, execution or {}),
    }
    errors = find_errors(value)
    if errors:
        raise _invalid(errors)
    folder = folder_name(name)
    data = _encoded(value)
    with _writing(folder):
        root.mkdir(exist_ok=True)
        if os.path.lexists(root / folder):
            raise _taken(folder)
        stage = root / f".{folder[:200]}.{uuid.uuid4().hex[:12]}.new"
        try:
            _write_new(stage, data)
            os.rename(stage, root / folder)  # refused by the system where a skill is there by now
        except FileExistsError:
            raise _taken(folder) from None
        except OSError as error:
            if os.path.lexists(root / folder):
                raise _taken(folder) from error
            raise
        finally:
            shutil.rmtree(stage, ignore_errors=True)
        with contextlib.suppress(OSError):
            sync_folder(root)
    return folder


def _patched(value: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(patch, Mapping):
        raise InvalidInput('A patch must be a JSON object, such as {"name": "Pick up cup"}.')
    try:
        after: dict[str, Any] = merge_patch(value, patch, null_stays="execution")
        errors = new_errors(value, after)
    except RecursionError as error:
        raise InvalidInput("The patch is nested too deeply.") from error
    if errors:
        raise _invalid(errors)
    return after


def _whole_execution(skill_type: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, and null for every known field that was not."""
    prefix = "execution."
    known = (field.path for field in known_fields(skill_type))
    missing = {path[len(prefix) :]: None for path in known if path.startswith(prefix)}
    return {**missing, **given}


def _encoded(value: Mapping[str, Any]) -> bytes:
    data = dump_json(value).encode()
    if len(data) > MAX_BYTES:
        raise InvalidInput(
            f"{METADATA} would have {len(data):,} bytes, more than the {MAX_BYTES:,} allowed."
        )
    return data


def _write_new(stage: Path, data: bytes) -> None:
    stage.mkdir()
    with (stage / METADATA).open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(stage)


@contextlib.contextmanager
def _writing(name: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"The folder for the skill {name} is not there (any more).") from error
    except PermissionError as error:
        raise TrainingManagerError(
            f"The skill {name} can't be written: no permission; "
            "give the user that runs this program the right to write in its folder."
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise TrainingManagerError(
            f"The skill {name} can't be written: {reason}. Nothing was changed."
        ) from error


def _stale(name: str, current: Metadata) -> StaleRevision:
    return StaleRevision(
        f"{METADATA} of {name} was changed by somebody else since it was read; "
        "look at what it is now and make the change again.",
        current,
    )


def _invalid(errors: Mapping[str, str]) -> InvalidInput:
    sentences = "; ".join(f"{path} {message}" for path, message in errors.items())
    return InvalidInput(f"Some fields are not valid: {sentences}.", errors)


def _taken(folder: str) -> Conflict:
    return Conflict(f"The skills directory has a folder {folder} already; use another name.")
