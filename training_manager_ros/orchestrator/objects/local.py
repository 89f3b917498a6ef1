"""Objects in the data folder: each in a file of its own with a random name, listed in the database.

A file is written beside, synced, renamed, and only then entered; who reads the old one meanwhile
keeps reading it. What a crash left behind is in no list, and goes at the next start.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import shutil
import sqlite3
import uuid
from concurrent.futures import Future
from pathlib import Path

from training_manager_ros.errors import InvalidInput, NotFound, Unreadable
from training_manager_ros.orchestrator.clock import Clock, iso
from training_manager_ros.orchestrator.copying import copy_file
from training_manager_ros.orchestrator.database import Database
from training_manager_ros.orchestrator.objects import ObjectInfo, ObjectKey, ObjectStore, Place
from training_manager_ros.orchestrator.signing import UrlSigner

__all__ = ["Incoming", "LocalObjects", "OpenObject", "content_md5"]


class Incoming:
    """An upload on its way: written beside, kept by `commit`, dropped by `discard`."""

    def __init__(self, store: LocalObjects, key: ObjectKey, size: int) -> None:
        self._store = store
        self._key = key
        self.expected = size
        self._size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._path = store.incoming / uuid.uuid4().hex
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    def write(self, chunk: bytes) -> None:
        """Append; blocks on the disk. Raises OSError where the disk is full."""
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._descriptor, view) :]
        self._md5.update(chunk)
        self._size += len(chunk)

    def commit(self, expected_md5: str = "") -> Future[ObjectInfo]:
        """Sync and keep it; the future is done once it can't be lost any more.

        Raises `InvalidInput`, and keeps nothing, where size or MD5 (hex) are not as announced.
        """
        info = ObjectInfo(self._size, self._md5.hexdigest())
        if self._size != self.expected or expected_md5 not in ("", info.md5):
            self.discard()
            raise InvalidInput("What arrived is not what was announced: send the file again.")
        os.fsync(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1
        return self._store.enter(self._key, self._path, info)

    def discard(self) -> None:
        """Drop what was written; harmless after `commit`."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._path.unlink(missing_ok=True)


class OpenObject:
    """An object open for reading; stays whole even if it is replaced meanwhile. Close it."""

    def __init__(self, path: Path, info: ObjectInfo) -> None:
        self.info = info
        self._descriptor = os.open(path, os.O_RDONLY)

    def read(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`."""
        return os.pread(self._descriptor, length, offset)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


class LocalObjects(ObjectStore):
    """The object store that needs nothing but a folder."""

    def __init__(self, folder: Path, database: Database, signer: UrlSigner, clock: Clock) -> None:
        self._folder = folder
        self._database = database
        self._signer = signer
        self._clock = clock
        self.incoming = folder / "incoming"
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir(parents=True)
        for number in range(256):
            (folder / f"{number:02x}").mkdir(exist_ok=True)
        self._sweep()

    def upload_url(self, base: str, key: ObjectKey) -> str:
        """A URL to PUT the object to."""
        return self._signer.url(base, "put", key.path)

    def download_url(self, base: str, key: ObjectKey) -> str:
        """A URL to GET or HEAD the object."""
        return self._signer.url(base, "get", key.path)

    def list(self, place: Place) -> dict[str, ObjectInfo]:
        """What is there, by name."""
        rows = self._database.read(
            "SELECT name, size, md5 FROM objects WHERE skill_id = ? AND run_id = ? ORDER BY name",
            (place.skill_id, place.run_id),
        )
        return {row["name"]: ObjectInfo(row["size"], row["md5"]) for row in rows}

    def open(self, key: ObjectKey) -> OpenObject:
        """Open an object; raises `NotFound`, or `Unreadable` if its file is gone or cut."""
        for _ in range(3):  # it may be replaced between looking it up and opening it
            rows = self._database.read(
                "SELECT blob, size, md5 FROM objects"
                " WHERE skill_id = ? AND run_id = ? AND name = ?",
                (key.place.skill_id, key.place.run_id, key.name),
            )
            if not rows:
                raise NotFound(f"{key.name} has not been uploaded.")
            path = self._path(rows[0]["blob"])
            try:
                found = OpenObject(path, ObjectInfo(rows[0]["size"], rows[0]["md5"]))
            except FileNotFoundError:
                continue
            if path.stat().st_size == found.info.size:
                return found
            found.close()
            break
        raise Unreadable(f"{key.name} is damaged on the server: upload it again.")

    def fetch(self, key: ObjectKey, target: Path) -> None:
        """Copy an object, sharing its blocks where the file system can."""
        found = self.open(key)
        try:
            copy_file(found._descriptor, target)
        finally:
            found.close()

    def store(self, key: ObjectKey, source: Path) -> ObjectInfo:
        """Keep a copy of a file, as an upload of it would."""
        incoming = self.receive(key, source.stat().st_size)
        try:
            with source.open("rb") as file:
                while chunk := file.read(1 << 20):
                    incoming.write(chunk)
            return incoming.commit().result()
        finally:
            incoming.discard()

    def delete(self, place: Place) -> None:
        """Remove everything of a place."""

        def forget(db: sqlite3.Connection) -> list[str]:
            where = (place.skill_id, place.run_id)
            query = "FROM objects WHERE skill_id = ? AND run_id = ?"
            blobs = [row["blob"] for row in db.execute(f"SELECT blob {query}", where)]
            db.execute(f"DELETE {query}", where)
            return blobs

        for blob in self._database.write(forget).result():
            self._path(blob).unlink(missing_ok=True)

    def receive(self, key: ObjectKey, size: int) -> Incoming:
        """Begin an upload of that many bytes.

        Raises OSError (ENOSPC) at once where the disk has no room for it.
        """
        if shutil.disk_usage(self._folder).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return Incoming(self, key, size)

    def enter(self, key: ObjectKey, path: Path, info: ObjectInfo) -> Future[ObjectInfo]:
        """Take a synced file in as an object, instead of what it was before."""
        blob = path.name
        target = self._path(blob)
        path.rename(target)
        _sync_folder(target.parent)
        now = iso(self._clock())

        def insert(db: sqlite3.Connection) -> tuple[ObjectInfo, str | None]:
            where = (key.place.skill_id, key.place.run_id, key.name)
            skill = (key.place.skill_id,)
            if not db.execute("SELECT 1 FROM skills WHERE skill_id = ?", skill).fetchone():
                raise NotFound("The skill of this file is no longer on the server.")
            old = db.execute(
                "SELECT blob FROM objects WHERE skill_id = ? AND run_id = ? AND name = ?", where
            ).fetchone()
            db.execute(
                "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*where, blob, info.size, info.md5, now),
            )
            return info, old["blob"] if old else None

        written = self._database.write(insert)
        result: Future[ObjectInfo] = Future()

        def finish(done: Future[tuple[ObjectInfo, str | None]]) -> None:
            error = done.exception()
            if error is not None:
                target.unlink(missing_ok=True)
                result.set_exception(error)
                return
            kept, old = done.result()
            if old:
                self._path(old).unlink(missing_ok=True)
            result.set_result(kept)

        written.add_done_callback(finish)
        return result

    def _path(self, blob: str) -> Path:
        return self._folder / blob[:2] / blob

    def _sweep(self) -> None:
        orphans = "DELETE FROM objects WHERE skill_id NOT IN (SELECT skill_id FROM skills)"
        self._database.write(lambda db: db.execute(orphans).rowcount).result()
        kept = {row["blob"] for row in self._database.read("SELECT blob FROM objects")}
        for number in range(256):
            for path in (self._folder / f"{number:02x}").iterdir():
                if path.name not in kept:
                    path.unlink()


def content_md5(info: ObjectInfo) -> str:
    """The Content-MD5 header of an object: its MD5 in base64."""
    return base64.b64encode(bytes.fromhex(info.md5 or "")).decode()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
