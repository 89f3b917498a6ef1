"""What is on disk of a run's results: `<run_id>/` in the skill's folder.

What was downloaded is noted beside, in `.training_manager/run-<run_id>/files.jsonl`, one line a
file, appended when the file is in its place; so after a kill only what was under way is done
again. Files that are not whole yet are there too, in `parts/`, and nowhere else.

The server counts the runs of each skill from 1, so where a folder becomes another skill on the
server, its next runs have numbers that were there before. The notes say whose run they are of, by
the id of the skill on the server, which no other skill has on any server.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from training_manager_ros.errors import TrainingManagerError
from training_manager_ros.training.checksums import md5
from training_manager_ros.training.ledger import STATE_FOLDER, writing
from training_manager_ros.training.manifest import Stamp, stamp_of
from training_manager_ros.training.reading import text, whole
from training_manager_ros.training.statefile import read_lines

__all__ = ["Downloaded", "LocalState", "Results", "note_owner", "owner_of", "run_folder"]

log = logging.getLogger("training_manager.training")

_BLOCK = 4 << 20  # bytes hashed at once


class LocalState(str, Enum):
    """How much of a run is here; the value is what users see."""

    ABSENT = "absent"
    PARTIAL = "partial"
    WHOLE = "whole"
    UNKNOWN = "unknown"  # files of another skill's run, from elsewhere, or that can't be looked at


@dataclass(frozen=True)
class Downloaded:
    """One file that is in its place."""

    path: str  # below the run's folder
    stamp: Stamp  # as it was when it was put there
    md5: str  # of what was stored, "" where it was not known
    content: str  # MD5 of the file itself; another one where what was stored was packed
    final: bool  # the run had ended, so that the server's file does not change any more


def run_folder(skill: Path, run_id: int) -> Path:
    """Where the results of a run are."""
    return skill / str(run_id)


@dataclass
class Results:
    """The results of one run on disk."""

    skill: Path
    run_id: int
    skill_id: str  # whose run it is, on the server
    owner: str = ""  # whose run the notes are of; "" where they do not tell
    files: dict[str, Downloaded] = field(default_factory=dict)  # by the server's name
    complete: bool = False

    @classmethod
    def read(cls, skill: Path, run_id: int, skill_id: str) -> Results:
        """What is noted; lines that are torn are skipped."""
        results = cls(skill, run_id, skill_id)
        for line in read_lines(results._notes):
            results._take(line)
        if results.foreign:
            results.files, results.complete = {}, False
        return results

    @property
    def foreign(self) -> bool:
        """Whether what is here, or was, is of a run of another skill with the same number."""
        return self.owner not in ("", self.skill_id)

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return run_folder(self.skill, self.run_id)

    @property
    def parts(self) -> Path:
        """Where files are until they are whole; on the same file system."""
        return self.skill / STATE_FOLDER / f"run-{self.run_id}" / "parts"

    def part(self, name: str) -> Path:
        """Where what has arrived of a file is, by the server's name."""
        return self.parts / hashlib.sha256(name.encode()).hexdigest()[:32]

    @property
    def state(self) -> LocalState:
        """How much is here, by the files' status alone."""
        try:
            if not os.path.lexists(self.folder):
                return LocalState.ABSENT
            if not self.files or not self.folder.is_dir():
                return LocalState.UNKNOWN
            if self.complete and all(self.in_place(name) for name in self.files):
                return LocalState.WHOLE
        except OSError:  # no permission
            return LocalState.UNKNOWN
        return LocalState.PARTIAL

    def in_place(self, name: str) -> bool:
        """Whether a file is still as it was put there."""
        known = self.files.get(name)
        return known is not None and stamp_of(self.folder / known.path) == known.stamp

    def recognise(self, check: Callable[[], None]) -> None:
        """Find files by their content that were copied, as from a backup, and note them anew.

        `check` is called again and again, and ends the work by what it raises.
        """
        for name, known in self.files.items():
            path = self.folder / known.path
            with suppress(OSError):  # then it is none that is known
                stamp = stamp_of(path)
                if stamp is None or stamp == known.stamp or stamp.size != known.stamp.size:
                    continue
                if _md5_of(path, check) == known.content and stamp_of(path) == stamp:
                    self._note(name, replace(known, stamp=stamp))

    def put(
        self, whole_file: Path, name: str, path: str, md5: str, content: str, *, final: bool
    ) -> None:
        """Move a file that is whole and synced to its place, and note it.

        `md5` is that of what the server has, `content` that of the file, which may be unpacked.
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
        self._note(name, Downloaded(path, stamp, md5, content, final))

    def finish(self) -> None:
        """Note that everything is here, and remove what is left of the way."""
        self._append({"complete": True})
        self.complete = True
        self._discard_parts()

    def start(self) -> None:
        """Note that a download is under way; what a run of another skill left is moved aside."""
        if self.foreign:
            self._discard_parts()
            if os.path.lexists(self.folder):
                self._move_aside()
        with writing(self.skill):
            self.parts.mkdir(parents=True, exist_ok=True)
        self.own(self.skill_id)
        self._append({"complete": False})
        self.complete = False

    def _move_aside(self) -> None:
        names = (f"{self.run_id}-former{number}" for number in ("", *range(2, 1000)))
        aside = next(name for name in names if not os.path.lexists(self.skill / name))
        with writing(self.skill):
            self.folder.rename(self.skill / aside)
        log.info(
            "%s: the results of a former run %d are in %s.", self.skill.name, self.run_id, aside
        )

    def own(self, skill_id: str) -> None:
        """Note whose run it is."""
        if self.owner != skill_id:
            self._append({"skill_id": skill_id})
            self.owner = skill_id

    def _discard_parts(self) -> None:
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
        if "skill_id" in line:
            owner = text(line["skill_id"])
            if self.owner not in ("", owner):
                self.files, self.complete = {}, False
            self.owner = owner
        if "complete" in line:
            self.complete = line["complete"] is True
        size, mtime, inode = (whole(line.get(key)) for key in ("size", "mtime", "inode"))
        if size is None or mtime is None or inode is None:
            return
        self.files[text(line.get("file"))] = Downloaded(
            path=text(line.get("path")),
            stamp=Stamp(size, mtime, inode),
            md5=text(line.get("md5")),
            content=text(line.get("content")),
            final=line.get("final") is True,
        )

    def _note(self, name: str, known: Downloaded) -> None:
        self._append(
            {
                "file": name,
                "path": known.path,
                "size": known.stamp.size,
                "mtime": known.stamp.mtime_ns,
                "inode": known.stamp.inode,
                "md5": known.md5,
                "content": known.content,
                "final": known.final,
            }
        )
        self.files[name] = known

    def _append(self, line: Mapping[str, object]) -> None:
        with writing(self.skill):
            self._notes.parent.mkdir(parents=True, exist_ok=True)
            # A line that a kill tore must not swallow this one, so each starts on a new line.
            with self._notes.open("ab", buffering=0) as file:
                file.write(b"\n" + json.dumps(line, separators=(",", ":")).encode() + b"\n")


def owner_of(skill: Path, run_id: int) -> str:
    """The id of the skill on the server whose run is here; "" where that is not noted."""
    return Results.read(skill, run_id, "").owner


def note_owner(skill: Path, skill_id: str) -> None:
    """Note that the runs here whose notes tell no owner are this skill's, as it will be another."""
    with writing(skill):
        folders = [one for one in skill.iterdir() if one.name.isdecimal() and one.is_dir()]
    for folder in folders:
        results = Results.read(skill, int(folder.name), skill_id)
        if not results.owner and results.folder == folder:
            results.own(skill_id)


def _md5_of(path: Path, check: Callable[[], None]) -> str:
    digest = md5()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            check()
            digest.update(block)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
