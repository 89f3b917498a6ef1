"""The server's SQLite file: migrations, many readers, one writer whose commits are shared.

Every change goes through `write`: one thread runs what is waiting inside one transaction, so that
sixteen uploads that end together cost one sync to disk, not sixteen.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from training_manager_ros.errors import Unreadable

__all__ = ["MIGRATIONS", "Database"]

T = TypeVar("T")

MIGRATIONS: Sequence[str] = (
    """
    CREATE TABLE owners (
        owner_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at TEXT NOT NULL);
    CREATE TABLE keys (
        key_id TEXT PRIMARY KEY, owner_id TEXT NOT NULL REFERENCES owners,
        hash TEXT NOT NULL UNIQUE, note TEXT NOT NULL, created_at TEXT NOT NULL,
        revoked_at TEXT);
    CREATE TABLE skills (
        skill_id TEXT PRIMARY KEY, owner_id TEXT NOT NULL, name TEXT NOT NULL,
        created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
    CREATE INDEX skills_by_owner ON skills (owner_id);
    CREATE TABLE runs (
        run_id INTEGER PRIMARY KEY AUTOINCREMENT,
        skill_id TEXT NOT NULL REFERENCES skills ON DELETE CASCADE,
        status TEXT NOT NULL, daemon_state TEXT NOT NULL DEFAULT '',
        training_params TEXT NOT NULL, error_message TEXT, created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL, approved_at TEXT, started_at TEXT, finished_at TEXT,
        instance_ip TEXT, instance_type TEXT, commit_id TEXT,
        cancel_requested INTEGER NOT NULL DEFAULT 0,
        step INTEGER, total INTEGER, loss REAL, seconds_left REAL,
        log_offset INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX runs_by_skill ON runs (skill_id);
    CREATE INDEX runs_by_status ON runs (status);
    CREATE TABLE objects (
        skill_id TEXT NOT NULL, run_id INTEGER NOT NULL, name TEXT NOT NULL, blob TEXT NOT NULL,
        size INTEGER NOT NULL, md5 TEXT NOT NULL, created_at TEXT NOT NULL,
        PRIMARY KEY (skill_id, run_id, name)) WITHOUT ROWID;
    CREATE TABLE metrics (
        run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
        name TEXT NOT NULL, step INTEGER NOT NULL, value REAL,
        PRIMARY KEY (run_id, name, step)) WITHOUT ROWID;
    """,
)


class Database:
    """One open database. `close` waits for what was asked to be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._closing = threading.Lock()
        self._closed = False
        self._queue: queue.Queue[tuple[Callable[[sqlite3.Connection], Any], Future[Any]] | None]
        self._queue = queue.Queue()
        try:
            connection = self._connect()
            _migrate(connection, path)
            connection.close()
        except sqlite3.DatabaseError as error:
            raise Unreadable(f"{path} can't be read as the server's database: {error}") from error
        self._writer = threading.Thread(target=self._write_loop, name="database", daemon=True)
        self._writer.start()

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Rows as of the last commit; callable from any thread."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        rows: list[sqlite3.Row] = connection.execute(sql, parameters).fetchall()
        return rows

    def write(self, change: Callable[[sqlite3.Connection], T]) -> Future[T]:
        """Run `change` on the writer's thread; the future is done once it is safely on disk.

        What `change` raises, the future raises, and nothing of that change is kept.
        """
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                future.set_exception(Unreadable("The server is stopping."))
            else:
                self._queue.put((change, future))
        return future

    def close(self) -> None:
        """Finish what is queued and stop; what is asked for afterwards fails at once."""
        with self._closing:
            self._closed = True
            self._queue.put(None)
        self._writer.join()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=30)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _write_loop(self) -> None:
        connection = self._connect()
        stopping = False
        while not stopping:
            batch = [self._queue.get()]
            while not self._queue.empty() and len(batch) < 256:
                batch.append(self._queue.get())
            stopping = None in batch
            _commit_together(connection, [item for item in batch if item is not None])
        connection.close()


def _commit_together(
    connection: sqlite3.Connection,
    batch: Sequence[tuple[Callable[[sqlite3.Connection], Any], Future[Any]]],
) -> None:
    if not batch:
        return
    answers: list[tuple[Future[Any], Any]] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for change, future in batch:
            connection.execute("SAVEPOINT change")
            try:
                answers.append((future, change(connection)))
            except BaseException as error:
                connection.execute("ROLLBACK TO change")
                future.set_exception(error)
            connection.execute("RELEASE change")
        connection.execute("COMMIT")
    except sqlite3.Error as error:  # disk full, or locked for 30 s: nothing of the batch was kept
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        for _, future in batch:
            if not future.done():
                future.set_exception(error)
        return
    for future, answer in answers:
        future.set_result(answer)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    try:
        connection.execute("BEGIN IMMEDIATE")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise Unreadable(f"{path} was made by a newer version of the server: upgrade it first.")
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
