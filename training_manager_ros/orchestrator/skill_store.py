"""Skills: made, renamed, deleted; an owner sees none but their own."""

from __future__ import annotations

import sqlite3
import unicodedata
import uuid
from concurrent.futures import Future

from training_manager_ros.errors import Conflict, InvalidInput, NotFound
from training_manager_ros.orchestrator.clock import Clock, iso
from training_manager_ros.orchestrator.database import Database
from training_manager_ros.orchestrator.lifecycle import ACTIVE
from training_manager_ros.orchestrator.records import Skill

__all__ = ["SkillStore"]

LONGEST_NAME = 200  # characters


class SkillStore:
    """Every method that takes an owner answers `NotFound` for a skill of somebody else."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, owner_id: str, name: object) -> Future[Skill]:
        """A new skill; two may have the same name."""
        now = iso(self._clock())
        skill = Skill(str(uuid.uuid4()), owner_id, _check_name(name), now, now)

        def insert(db: sqlite3.Connection) -> Skill:
            row = (skill.skill_id, owner_id, skill.name, now, now)
            db.execute("INSERT INTO skills VALUES (?, ?, ?, ?, ?)", row)
            return skill

        return self._database.write(insert)

    def skills(self, owner_id: str) -> list[Skill]:
        """The owner's skills, oldest first."""
        rows = self._database.read(
            "SELECT * FROM skills WHERE owner_id = ? ORDER BY created_at", (owner_id,)
        )
        return [Skill(**dict(row)) for row in rows]

    def skill(self, owner_id: str, skill_id: str) -> Skill:
        """The owner's skill of that id."""
        rows = self._database.read(
            "SELECT * FROM skills WHERE skill_id = ? AND owner_id = ?", (skill_id, owner_id)
        )
        if not rows:
            raise NotFound(f"You have no skill {skill_id!r} on this server.")
        return Skill(**dict(rows[0]))

    def rename(self, owner_id: str, skill_id: str, name: object) -> Future[Skill]:
        """Change the name alone."""
        skill, text, now = self.skill(owner_id, skill_id), _check_name(name), iso(self._clock())

        def update(db: sqlite3.Connection) -> Skill:
            db.execute(
                "UPDATE skills SET name = ?, updated_at = ? WHERE skill_id = ?",
                (text, now, skill_id),
            )
            return Skill(skill_id, owner_id, text, skill.created_at, now)

        return self._database.write(update)

    def delete(self, owner_id: str, skill_id: str) -> Future[list[int]]:
        """Forget a skill, its runs and objects; the ids of its runs.

        `Conflict` while a run of it is active.
        """
        self.skill(owner_id, skill_id)

        def delete(db: sqlite3.Connection) -> list[int]:
            rows = db.execute(
                "SELECT run_id, status FROM runs WHERE skill_id = ?", (skill_id,)
            ).fetchall()
            active = [row["run_id"] for row in rows if row["status"] in ACTIVE]
            if active:
                raise Conflict(f"Run {active[0]} of this skill is active: cancel it first.")
            db.execute("DELETE FROM skills WHERE skill_id = ?", (skill_id,))
            return [row["run_id"] for row in rows]

        return self._database.write(delete)


def _check_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
        raise InvalidInput(
            f"A skill needs a name of 1 to {LONGEST_NAME} characters.", {"name": "missing or long"}
        )
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("The skill's name is no valid Unicode.", {"name": "bad text"}) from error
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise InvalidInput("The skill's name has control characters.", {"name": "bad text"})
    return name
