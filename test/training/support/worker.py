"""An upload or a download in a process of its own, to be killed: `worker.py upload URL FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from fault_server import KEY

from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.settings import Settings


def main() -> None:
    what, url, folder, *rest = sys.argv[1:]
    with TrainingClient(Settings(url, url + "/auth", KEY)) as client:
        print("started", flush=True)
        if what == "upload":
            client.upload(Path(folder))
        else:
            client.download(Path(folder), rest[0], int(rest[1]))
    print("finished", flush=True)


if __name__ == "__main__":
    main()
