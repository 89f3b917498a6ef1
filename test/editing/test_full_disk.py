"""Edits on a disk that really is full, or read-only: a small one of memory, in a mount namespace.

The test starts this very file once more inside the namespace, where it finds the disk.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from training_manager_ros.datasets.edit.files import DiskProblem, FileMode
from training_manager_ros.errors import InvalidInput

from .seen import leftovers, visible
from .test_crash import CASES, Case, Kind, at

_MOUNTED = os.environ.get("TRAINING_MANAGER_SMALL_DISK")
_SIZE = "3m"


def _mount(options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(_MOUNTED)], check=True)


def _fill(folder: Path) -> None:
    """Leave not one byte."""
    with (folder / ".ballast").open("ab", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


if _MOUNTED:

    @pytest.fixture
    def disk() -> Path:
        _mount(f"size={_SIZE}")
        folder = Path(str(_MOUNTED)) / "skills"
        folder.mkdir()
        return folder

    @pytest.mark.parametrize("kind", CASES, ids=str)
    def test_full_from_any_step_on(disk: Path, kind: Kind):
        case = Case(disk, kind)
        case.arguments["file_mode"] = FileMode.COPY.value
        points, whole = case.points()
        refused = 0
        for point in range(points.index("publish") + 1):
            try:
                case.run(at(point, lambda: _fill(disk.parent)))
            except DiskProblem as error:
                if "disk is full" not in str(error):
                    raise
                refused += 1
                assert visible(disk) == case.names
            else:  # what was left to do needed no room
                assert case.result() == whole
                case.remove()
            assert leftovers(disk) == []
            (disk.parent / ".ballast").unlink(missing_ok=True)
        assert refused > 3
        assert case.untouched()

    @pytest.mark.parametrize("kind", CASES, ids=str)
    def test_full_before_it_begins(disk: Path, kind: Kind):
        case = Case(disk, kind)
        _fill(disk.parent)
        with pytest.raises(InvalidInput, match="free some and try again"):
            case.run()
        assert visible(disk) == case.names
        assert leftovers(disk) == []

    @pytest.mark.parametrize("kind", CASES, ids=str)
    def test_read_only(disk: Path, kind: Kind):
        case = Case(disk, kind)
        _mount(f"remount,ro,size={_SIZE}")
        with pytest.raises(DiskProblem, match="can only be read"):
            case.run()
        _mount(f"remount,rw,size={_SIZE}")
        assert visible(disk) == case.names
        assert case.untouched()

else:

    def test_a_disk_that_is_full_or_read_only_gets_nothing_half(tmp_path: Path):
        inside = ["unshare", "--map-root-user", "--mount"]
        if shutil.which("unshare") is None or subprocess.run([*inside, "true"]).returncode:
            pytest.skip("mount namespaces are not allowed here")
        command = [*inside, sys.executable, "-m", "pytest", "-q", "-x", "--no-header",
                   "-p", "no:cacheprovider", __file__]  # fmt: skip
        environment = {**os.environ, "TRAINING_MANAGER_SMALL_DISK": str(tmp_path)}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout
