"""`python -m training_manager_ros.samples DIR`: make the sample skills in a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training_manager_ros.samples import make_samples


def main() -> int:
    """Make the samples and say which are new."""
    parser = argparse.ArgumentParser(
        prog="python -m training_manager_ros.samples",
        description="Make sample skills, one in each format. Folders that exist are left alone.",
    )
    parser.add_argument("dir", type=Path, help="the skills folder, made where missing")
    folder = parser.parse_args().dir
    try:
        made = make_samples(folder)
    except OSError as error:
        print(f"{folder}: {error.strerror or error}", file=sys.stderr)
        return 1
    print(f"{folder}: " + (", ".join(made) if made else "all samples are there already"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
