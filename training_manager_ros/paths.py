"""Where the package keeps what is not a skill: caches, which may be deleted, and state."""

from __future__ import annotations

from pathlib import Path

import platformdirs

__all__ = ["cache_dir", "server_settings_file", "state_dir"]


def cache_dir() -> Path:
    """Facts about files, thumbnails and encoded videos; deleting it costs only time."""
    return Path(platformdirs.user_cache_dir("training_manager", appauthor=False))


def state_dir() -> Path:
    """The pairing token and what must survive a restart; readable by its owner alone."""
    return Path(platformdirs.user_state_dir("training_manager", appauthor=False))


def server_settings_file() -> Path:
    """Which training server, and the service key; made by its owner, mode 0600; may be missing."""
    folder = platformdirs.user_config_dir("training_manager", appauthor=False)
    return Path(folder) / "server.env"
