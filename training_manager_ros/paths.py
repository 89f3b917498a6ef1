"""Where the package keeps what is not a skill: caches, which may be deleted, and state."""

from __future__ import annotations

from pathlib import Path

import platformdirs

__all__ = ["cache_dir", "state_dir"]


def cache_dir() -> Path:
    """Facts about files, thumbnails and encoded videos; deleting it costs only time."""
    return Path(platformdirs.user_cache_dir("training_manager", appauthor=False))


def state_dir() -> Path:
    """The pairing token and what must survive a restart; readable by its owner alone."""
    return Path(platformdirs.user_state_dir("training_manager", appauthor=False))
