"""python -m training_manager_ros.orchestrator: the same as `training-manager orchestrator`."""

from __future__ import annotations

import sys

from ..cli import main

if __name__ == "__main__":
    sys.exit(main(["orchestrator", *sys.argv[1:]]))
