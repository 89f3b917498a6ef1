"""python -m training_manager_ros.orchestrator: the same as `training-manager orchestrator`."""

from __future__ import annotations

import argparse
import sys

from .command import add_arguments, run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="training-manager orchestrator")
    add_arguments(parser)
    sys.exit(run(parser.parse_args()))
