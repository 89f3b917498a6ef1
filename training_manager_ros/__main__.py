"""`python -m training_manager_ros`: the same as `training-manager`."""

from __future__ import annotations

import sys

from training_manager_ros.cli import main

if __name__ == "__main__":
    sys.exit(main())
