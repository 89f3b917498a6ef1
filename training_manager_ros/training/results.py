"""What is on disk of a run's results: `<run_id>/` in the skill's folder.

What was downloaded is noted beside, in `.training_manager/run-<run_id>/files.jsonl`, one line a
file, appended when the file is in its place; so after a kill only what was under way is done
again. Files that are not whole yet are there too, in `parts/`, and nowhere else.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from training_manager_ros.errors import TrainingManagerError
from training_manager_ros.training.ledger import STATE_FOLDER, writing
from training_manager_ros.training.manifest import Stamp, stamp_of
from training_manager_ros.training.reading import text, whole

__all__ = ["Downloaded", "LocalState", "Results", "run_folder"]


class LocalState(str, Enum):
    """How much of a run is here; the value is what users see."""

    ABSENT = "absent"
    PARTIAL = "partial"
    WHOLE = "whole"
    UNKNOWN = "unknown"  # files that were not downloaded by this program, or can't be looked at


@dataclass(frozen=True)
class Downloaded:
    """One file that is in its place."""

    path: str  # below the run's folder
    stamp: Stamp  # as it was when it was put there
    md5: str  # of what was stored, "" where it was not known
    final: bool  # the run had ended, so that the server's file does not change any more


def run_folder(skill: Path, run_id: int) -> Path:
    """Where the results of a run are."""
    return skill / str(run_id)


@dataclass
class Results:
    """The results of one run on disk."""

    skill: Path
    run_id: int
    files: dict[str, Downloaded] = field(default_factory=dict)  # by the server's name
    complete: bool = False

    @classmethod
    def read(cls, skill: Path, run_id: int) -> Results:
        """What is noted; lines that are torn are skipped."""
        results = cls(skill, run_id)
        try:
            raw = results._notes.read_bytes()
        except OSError:
            return results
        for line in raw.splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                results._take(value)
        return results

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return run_folder(self.skill, self.run_id)

    @property
    def parts(self) -> Path:
        """Where files are until they are whole; on the same file system."""
        return self.skill / STATE_FOLDER / f"run-{self.run_id}" / "parts"

    @property
    def state(self) -> LocalState:
        """How much is here, by the files' status alone."""
        try:
            there = self.folder.is_dir()
            if not self.files:
                return LocalState.UNKNOWN if there else LocalState.ABSENT
            if self.complete and all(self.in_place(name) for name in self.files):
                return LocalState.WHOLE
        except OSError:  # no permission, or something else is in its place
            return LocalState.UNKNOWN
        return LocalState.PARTIAL if there else LocalState.ABSENT

    def in_place(self, name: str) -> bool:
        """Whether a file is still as it was put there."""
        known = self.files.get(name)
        return known is not None and stamp_of(self.folder / known.path) == known.stamp

    def put(self, whole_file: Path, name: str, path: str, md5: str, *, final: bool) -> None:
        """Move a file that is whole and synced to its place, and note it.

        Raises `TrainingManagerError` if a link would lead to somewhere else.
        """
        with writing(self.skill):
            target = self.folder / path
            for folder in reversed([target.parent, *target.parent.parents]):
                if folder.is_relative_to(self.folder):
                    self._make_folder(folder)
            os.replace(whole_file, target)
            _sync_folder(target.parent)
            stamp = Stamp.of(target.stat())
        known = Downloaded(path, stamp, md5, final)
        self._append(
            {
                "file": name,
                "path": path,
                "size": stamp.size,
                "mtime": stamp.mtime_ns,
                "inode": stamp.inode,
                "md5": md5,
                "final": final,
            }
        )
        self.files[name] = known

    def finish(self) -> None:
        """Note that everything is here, and remove what is left of the way."""
        self._append({"complete": True})
        self.complete = True
        self.discard_parts()

    def start(self) -> None:
        """Note that a download is under way."""
        with writing(self.skill):
            self.parts.mkdir(parents=True, exist_ok=True)
        self._append({"complete": False})
        self.complete = False

    def discard_parts(self) -> None:
        """Remove the files that are not whole."""
        shutil.rmtree(self.parts, ignore_errors=True)

    def _make_folder(self, folder: Path) -> None:
        if folder.is_symlink():
            raise TrainingManagerError(
                f"{folder.relative_to(self.skill)} in {self.skill.name} is a link, which is not "
                "followed; remove it."
            )
        folder.mkdir(exist_ok=True)

    @property
    def _notes(self) -> Path:
        return self.parts.parent / "files.jsonl"

    def _take(self, line: Mapping[str, object]) -> None:
        if "complete" in line:
            self.complete = line["complete"] is True
            return
        size, mtime, inode = (whole(line.get(key)) for key in ("size", "mtime", "inode"))
        if size is None or mtime is None or inode is None:
            return
        self.files[text(line.get("file"))] = Downloaded(
            path=text(line.get("path")),
            stamp=Stamp(size, mtime, inode),
            md5=text(line.get("md5")),
            final=line.get("final") is True,
        )

    def _append(self, line: Mapping[str, object]) -> None:
        with writing(self.skill):
            self._notes.parent.mkdir(parents=True, exist_ok=True)
            # A line that a kill tore must not swallow this one, so each starts on a new line.
            with self._notes.open("ab", buffering=0) as file:
                file.write(b"\n" + json.dumps(line, separators=(",", ":")).encode() + b"\n")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
