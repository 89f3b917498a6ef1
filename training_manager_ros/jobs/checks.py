"""What checks of datasets have found, kept until the next one, and whether it still holds."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from training_manager_ros.datasets.check.finding import Finding
from training_manager_ros.datasets.edit.files import explained
from training_manager_ros.datasets.listing import scan

__all__ = ["CheckResult", "Checks", "fingerprint"]


@dataclass(frozen=True)
class CheckResult:
    """What one check has found."""

    time: float  # when it began, seconds since the epoch
    fingerprint: str  # of the dataset as it was then
    findings: tuple[Finding, ...]  # the worst first


def fingerprint(skill_dir: Path) -> str:
    """A text that is another one once a file of the dataset comes, goes or is written."""
    listing = scan(str(skill_dir / "data"), os.path.realpath(skill_dir.parent))
    files = [f"{name}\0{file.size}\0{file.mtime_ns}" for name, file in listing.files.items()]
    text = "\0".join([*sorted(files), *listing.problems])
    return hashlib.sha256(os.fsencode(text)).hexdigest()


class Checks:
    """The last result of each skill of a skills directory, one JSON file each."""

    def __init__(self, skills_dir: Path) -> None:
        self._skills_dir = skills_dir
        self._folder = skills_dir / ".training_manager" / "checks"

    def load(self, skill: str) -> CheckResult | None:
        """The last result; None where the skill was never checked, or that can't be read."""
        try:
            value = json.loads(self._path(skill).read_text())
            findings = tuple(Finding(**one) for one in value["findings"])
            return CheckResult(float(value["time"]), str(value["fingerprint"]), findings)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, skill: str, result: CheckResult) -> None:
        """Keep a result, and forget those of skills that are gone. Raises `DiskProblem`."""
        path = self._path(skill)
        beside = path.with_suffix(".tmp")
        with explained(path):
            self._folder.mkdir(parents=True, exist_ok=True)
            with beside.open("w") as file:
                json.dump(asdict(result), file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        self._forget(os.listdir(self._folder))

    def _forget(self, names: Sequence[str]) -> None:
        for name in names:
            skill, dot, suffix = name.rpartition(".")
            if dot and suffix == "json" and not (self._skills_dir / skill).is_dir():
                with contextlib.suppress(OSError):
                    (self._folder / name).unlink()

    def _path(self, skill: str) -> Path:
        return self._folder / f"{skill}.json"
