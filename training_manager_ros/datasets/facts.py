"""What was found in a file, remembered until the file changes, across processes and restarts."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from training_manager_ros.datasets.listing import FileEntry
from training_manager_ros.datasets.sound import out_of_reach
from training_manager_ros.errors import Unreadable

__all__ = ["FactCache"]

_log = logging.getLogger("training_manager.datasets")

_VERSION = 3  # of what the readers store; raise it when a reader stores something else
_MAX_FACTS = 200_000
_MAX_NOTES = 20_000
_SETTLE_NS = 100_000_000  # a file this fresh may change again within one tick of its time stamp


class FactCache:
    """Facts about files by kind, path, size and time of change; safe for threads and processes.

    `path` is an SQLite file, made where missing; None keeps everything in memory. The cache never
    fails: a file that is corrupt is made anew, one that can't be used is done without.
    """

    def __init__(
        self,
        path: Path | None,
        now_ns: Callable[[], int] = time.time_ns,
        max_facts: int = _MAX_FACTS,
    ) -> None:
        self._path = path
        self._now_ns = now_ns
        self._max_facts = max_facts
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        with self._lock:
            self._open()

    def recall(self, kind: str, file: FileEntry, read: Callable[[Path], Any]) -> Any:
        """What `read` found in the file, from memory where the file has not changed since.

        `read` returns something that JSON can hold. Raises its `Unreadable`, which is remembered as
        well; an `OSError` (no permission, no such file) may pass, so it becomes one that is not.
        """
        text = self._get(kind, file)
        if text is None:
            outcome: dict[str, Any]
            try:
                outcome = {"fact": read(Path(file.path))}
            except Unreadable as error:
                outcome = {"unreadable": str(error), "code": error.code}
            except OSError as error:
                raise out_of_reach(error) from error
            text = json.dumps(outcome)
            if not 0 <= self._now_ns() - file.mtime_ns < _SETTLE_NS:
                self._put(kind, file, text)
        outcome = json.loads(text)
        if "unreadable" in outcome:
            raise Unreadable(outcome["unreadable"], outcome["code"])
        return outcome["fact"]

    def notes(self, kind: str) -> dict[str, str]:
        """Texts that `note` kept under this kind, by key; the caller knows if they still hold."""
        rows = self._execute("SELECT key, text FROM notes WHERE kind = ?", (kind,))
        return dict(rows)

    def note(self, kind: str, texts: Mapping[str, str], forget: Collection[str] = ()) -> None:
        """Keep texts under a kind, each in place of its older one, and drop the keys to forget."""
        if texts:
            self._execute(
                "INSERT OR REPLACE INTO notes (kind, key, text)"
                " SELECT ?, key, value FROM json_each(?)",
                (kind, json.dumps(dict(texts))),
            )
        if forget:
            self._execute(
                "DELETE FROM notes WHERE kind = ? AND key IN (SELECT value FROM json_each(?))",
                (kind, json.dumps(list(forget))),
            )

    def close(self) -> None:
        """Let go of the file; the cache then remembers nothing more."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _get(self, kind: str, file: FileEntry) -> str | None:
        rows = self._execute(
            "SELECT outcome FROM facts WHERE path = ? AND kind = ? AND size = ? AND mtime_ns = ?",
            (_key(file), kind, file.size, file.mtime_ns),
        )
        return rows[0][0] if rows else None

    def _put(self, kind: str, file: FileEntry, text: str) -> None:
        self._execute(
            "INSERT OR REPLACE INTO facts (path, kind, size, mtime_ns, outcome)"
            " VALUES (?, ?, ?, ?, ?)",
            (_key(file), kind, file.size, file.mtime_ns, text),
        )

    def _execute(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        with self._lock:
            if self._database is None:
                return []
            try:
                return self._database.execute(statement, values).fetchall()
            except sqlite3.OperationalError as error:  # busy, disk full, read-only: do without
                _log.debug("The cache of facts was passed over: %s", error)
            except sqlite3.DatabaseError as error:
                self._discard(error)
            return []

    def _open(self) -> None:
        try:
            self._database = self._connect(self._path)
        except sqlite3.OperationalError as error:
            _log.warning("%s can't be used (%s); facts are kept in memory.", self._path, error)
            self._database = self._connect(None)
        except sqlite3.DatabaseError as error:
            self._discard(error)

    def _connect(self, path: Path | None) -> sqlite3.Connection:
        if path is not None:
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(
            ":memory:" if path is None else path,
            timeout=1.0,
            check_same_thread=False,
            isolation_level=None,
        )
        try:
            _prepare(database, self._max_facts)
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _discard(self, error: sqlite3.DatabaseError) -> None:
        """Make the broken cache file anew. Other processes go on with the file they hold."""
        _log.warning("%s is corrupt (%s) and is made anew.", self._path, error)
        if self._database is not None:
            self._database.close()
        if self._path is not None:
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(OSError):
                    self._path.with_name(self._path.name + suffix).unlink()
        try:
            self._database = self._connect(self._path)
        except sqlite3.DatabaseError:
            self._database = self._connect(None)


def _key(file: FileEntry) -> bytes:
    return file.path.encode("utf-8", "surrogateescape")  # any file name, as the disk has it


def _prepare(database: sqlite3.Connection, max_facts: int) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        database.execute("DROP TABLE IF EXISTS facts")
        database.execute(f"PRAGMA user_version = {_VERSION}")
    database.execute(
        "CREATE TABLE IF NOT EXISTS facts (path BLOB, kind TEXT, size INTEGER,"
        " mtime_ns INTEGER, outcome TEXT NOT NULL, PRIMARY KEY (path, kind))"
    )
    database.execute(
        "CREATE TABLE IF NOT EXISTS notes (kind TEXT, key TEXT, text TEXT NOT NULL,"
        " PRIMARY KEY (kind, key))"
    )
    # a file's facts are replaced when it changes; those of files long gone are the oldest rows
    excess = database.execute("SELECT COUNT(*) FROM facts").fetchone()[0] - max_facts
    if excess > 0:
        database.execute(
            "DELETE FROM facts WHERE rowid IN (SELECT rowid FROM facts ORDER BY rowid LIMIT ?)",
            (excess + max_facts // 4,),
        )
    if database.execute("SELECT COUNT(*) FROM notes").fetchone()[0] > _MAX_NOTES:
        database.execute("DELETE FROM notes")
