"""Unpacking a `.zst` file: a piece at a time, and only if it is whole.

With `compression.zstd` where Python has it (3.14), else with `backports.zstd`, which is the same:
it gives out bounded pieces, however well they were packed, and finds an end that is missing.
"""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path
from types import ModuleType

from training_manager_ros.errors import TrainingManagerError
from training_manager_ros.training.checksums import md5
from training_manager_ros.training.control import Control

__all__ = ["RESERVE", "Broken", "require_room", "unpack"]

PIECE = 1 << 20
WINDOW_LOG = 27  # 128 MiB, as the zstd command allows without being asked
RESERVE = 256 << 20  # bytes of the disk that are left free
CHECK_EVERY = 64  # pieces


class Broken(Exception):
    """The file is no whole zstd file; the text says how."""


def require_room(folder: Path) -> None:
    """Raise `TrainingManagerError` before the disk becomes full."""
    if shutil.disk_usage(folder).free < RESERVE:
        raise TrainingManagerError("The disk is full; make room and start again.")


def unpack(packed: Path, target: Path, control: Control) -> str:
    """Unpack `packed` into the new file `target`, synced to disk; the MD5 of what it holds then.

    Raises `Broken`, `Cancelled`, and `TrainingManagerError` where the disk would become full.
    """
    zstd = _zstd()
    options = {zstd.DecompressionParameter.window_log_max: WINDOW_LOG}
    digest = md5()
    pieces = 0
    try:
        with zstd.open(packed, "rb", options=options) as source, target.open("wb") as file:
            while piece := source.read(PIECE):
                control.check()
                if pieces % CHECK_EVERY == 0:
                    require_room(target.parent)
                file.write(piece)
                digest.update(piece)
                pieces += 1
            file.flush()
            os.fsync(file.fileno())
    except EOFError:
        raise Broken("it ends too early") from None
    except zstd.ZstdError as error:
        raise Broken(f"it is not what zstd packs ({error})") from None
    return digest.hexdigest()


def _zstd() -> ModuleType:
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise TrainingManagerError(
        "The run's files are packed with zstd and this Python can't unpack them: "
        "pip install backports.zstd"
    )
