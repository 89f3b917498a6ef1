"""Deletes one episode with LeRobot's own tool: python edit_by_lerobot.py DATA NEW EPISODE.

Runs where LeRobot is installed; prints seconds, and seconds of CPU with those of its processes.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def main() -> None:
    sys.path.pop(0)  # datasets.py lies here, which LeRobot would take for Hugging Face's
    from lerobot.datasets.dataset_tools import delete_episodes
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    data, new, episode = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    dataset = LeRobotDataset("bench/source", root=data)
    start, before = time.perf_counter(), sum(os.times()[:4])
    delete_episodes(dataset, [episode], output_dir=new, repo_id="bench/new")
    print(time.perf_counter() - start, sum(os.times()[:4]) - before)


if __name__ == "__main__":
    main()
