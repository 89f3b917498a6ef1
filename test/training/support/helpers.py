"""What several tests look at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fault_server import FaultServer


def stored(server: FaultServer, skill_id: str) -> dict[str, bytes]:
    """What the server has of a skill, by name."""
    prefix = skill_id + "/"
    return {
        k.removeprefix(prefix): o.data for k, o in server.objects.items() if k.startswith(prefix)
    }


def on_disk(folder: Path) -> dict[str, bytes]:
    """What belongs on the server, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.name != "metadata.json"
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def metadata(folder: Path) -> dict[str, Any]:
    """The skill's metadata.json."""
    value: dict[str, Any] = json.loads((folder / "metadata.json").read_text())
    return value


def add_episode(folder: Path, content: bytes) -> str:
    """Record one more episode, as the recorder does; its file's name."""
    path = folder / "data" / "dataset_metadata.json"
    index = json.loads(path.read_text())
    number = index["number_of_episodes"]
    name = f"episode_{number}.h5"
    (folder / "data" / name).write_bytes(content)
    index["episodes"].append({"episode_id": number, "file_name": name})
    index["number_of_episodes"] = number + 1
    path.write_text(json.dumps(index, indent=2))
    return f"data/{name}"
