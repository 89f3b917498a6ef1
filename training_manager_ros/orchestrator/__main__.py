"""python -m training_manager_ros.orchestrator: the same as `training-manager orchestrator`."""

from __future__ import annotations

import argparse
import sys

from training_manager_ros.errors import TrainingManagerError
from training_manager_ros.orchestrator.command import add_arguments, run


def main() -> int:
    """Carry out the command line; 1 with a sentence where that is not possible."""
    parser = argparse.ArgumentParser(prog="training-manager orchestrator")
    add_arguments(parser)
    try:
        return run(parser.parse_args())
    except TrainingManagerError as error:
        print(f"training-manager orchestrator: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
