"""Runs: the one place that writes a run's state, by the rules of `lifecycle`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from training_manager_ros.errors import Conflict, InvalidInput, NotFound
from training_manager_ros.orchestrator.clock import Clock, iso
from training_manager_ros.orchestrator.database import Database
from training_manager_ros.orchestrator.lifecycle import ACTIVE, RULES, Event, Status, after
from training_manager_ros.orchestrator.records import Progress, Run

__all__ = ["Point", "RunStore"]

Point = tuple[str, int, float | None]
"""A metric's name, the step, the value (None: not finite)."""

NOTES = frozenset({"daemon_state", "commit_id", "instance_ip", "instance_type"})


class RunStore:
    """Methods that take a skill answer `NotFound` for a run of another one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, skill_id: str, params: Mapping[str, Any]) -> Future[Run]:
        """A new run that waits for approval."""
        now = iso(self._clock())
        try:
            text = json.dumps(params, allow_nan=False)
        except ValueError as error:  # not JSON any more: no client could read a list with it
            raise InvalidInput("training_params must not have NaN or infinite numbers.") from error

        def insert(db: sqlite3.Connection) -> Run:
            cursor = db.execute(
                "INSERT INTO runs (skill_id, status, training_params, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (skill_id, Status.WAITING.value, text, now, now),
            )
            return _run(db, int(cursor.lastrowid or 0))

        return self._database.write(insert)

    def apply(self, run_id: int, event: Event, *, error: str | None = None) -> Future[Run]:
        """Move a run on; raises `Conflict` where the event can't happen now.

        `error` becomes its error_message; FINISH, REJECT and DOWNLOAD also end the daemon_state.
        """
        now = iso(self._clock())

        def update(db: sqlite3.Connection) -> Run:
            rule, status = RULES[event], after(_run(db, run_id).status, event)
            values: dict[str, Any] = {"status": status.value, "updated_at": now}
            if rule.stamp:
                values[rule.stamp] = now
            if error is not None:
                values["error_message"] = error
            if status not in ACTIVE:
                values["daemon_state"] = ""
                values["seconds_left"] = None
            _set(db, run_id, values)
            return _run(db, run_id)

        return self._database.write(update)

    def note(self, run_id: int, **facts: str | None) -> Future[None]:
        """Keep what is known about an active run: `daemon_state`, `commit_id`, `instance_…`."""
        if not facts.keys() <= NOTES:
            raise ValueError(f"not a note: {facts.keys() - NOTES}")
        now = iso(self._clock())

        def update(db: sqlite3.Connection) -> None:
            if _run(db, run_id).active:
                _set(db, run_id, {**facts, "updated_at": now})

        return self._database.write(update)

    def request_cancel(self, run_id: int) -> Future[Run]:
        """Mark an active run as to be cancelled; `Conflict` if it has ended."""
        now = iso(self._clock())

        def update(db: sqlite3.Connection) -> Run:
            run = _run(db, run_id)
            if not run.active:
                raise Conflict(f"Run {run_id} is {run.status.value} already.")
            values = {"cancel_requested": 1, "daemon_state": "cancelling", "updated_at": now}
            _set(db, run_id, values)
            return _run(db, run_id)

        return self._database.write(update)

    def progress(
        self, run_id: int, log_offset: int, progress: Progress | None, points: Sequence[Point]
    ) -> Future[None]:
        """Keep what the log up to `log_offset` said, all or nothing."""
        now = iso(self._clock())

        def update(db: sqlite3.Connection) -> None:
            values: dict[str, Any] = {"log_offset": log_offset, "updated_at": now}
            if progress is not None:
                values.update(
                    step=progress.step,
                    total=progress.total,
                    loss=progress.loss,
                    seconds_left=progress.seconds_left,
                )
            _set(db, run_id, values)
            db.executemany(
                "INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?)",
                [(run_id, *point) for point in points],
            )

        return self._database.write(update)

    def forget_progress(self, run_id: int) -> Future[None]:
        """Back to nothing read, for a run that is staged anew."""

        def update(db: sqlite3.Connection) -> None:
            _set(db, run_id, {"log_offset": 0, "step": None, "total": None, "loss": None})
            db.execute("DELETE FROM metrics WHERE run_id = ?", (run_id,))

        return self._database.write(update)

    def run(self, run_id: int, skill_id: str | None = None) -> Run:
        """One run; of that skill, where it is given."""
        rows = self._database.read("SELECT * FROM runs WHERE run_id = ?", (run_id,))
        if not rows or (skill_id is not None and rows[0]["skill_id"] != skill_id):
            raise NotFound(f"There is no run {run_id} of this skill.")
        return Run.from_row(rows[0])

    def of_skill(self, skill_id: str) -> list[Run]:
        """A skill's runs, newest first."""
        return self._runs("WHERE skill_id = ? ORDER BY run_id DESC", (skill_id,))

    def of_owner(self, owner_id: str, active: bool = False) -> list[Run]:
        """All runs of an owner's skills, newest first."""
        text = "WHERE skill_id IN (SELECT skill_id FROM skills WHERE owner_id = ?)"
        if active:
            text += f" AND status IN ({_listed(ACTIVE)})"
        return self._runs(text + " ORDER BY run_id DESC", (owner_id,))

    def in_state(self, *statuses: Status) -> list[Run]:
        """Everybody's runs in those states, oldest first."""
        return self._runs(f"WHERE status IN ({_listed(statuses)}) ORDER BY run_id", ())

    def metrics(self, run_id: int, after_step: int = -1) -> dict[str, list[list[float | None]]]:
        """By name: [step, value] in order of steps."""
        result: dict[str, list[list[float | None]]] = {}
        for row in self._database.read(
            "SELECT name, step, value FROM metrics WHERE run_id = ? AND step > ?"
            " ORDER BY name, step",
            (run_id, after_step),
        ):
            result.setdefault(row["name"], []).append([row["step"], row["value"]])
        return result

    def _runs(self, where: str, parameters: Sequence[Any]) -> list[Run]:
        rows = self._database.read(f"SELECT * FROM runs {where}", parameters)
        return [Run.from_row(row) for row in rows]


def _run(db: sqlite3.Connection, run_id: int) -> Run:
    row = db.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no run {run_id}.")
    return Run.from_row(row)


def _set(db: sqlite3.Connection, run_id: int, values: Mapping[str, Any]) -> None:
    columns = ", ".join(f"{name} = ?" for name in values)
    db.execute(f"UPDATE runs SET {columns} WHERE run_id = ?", (*values.values(), run_id))


def _listed(statuses: Sequence[Status] | frozenset[Status]) -> str:
    return ", ".join(f"'{status.value}'" for status in statuses)
