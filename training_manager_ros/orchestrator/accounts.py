"""Owners and their service keys. A key is shown once, when it is made; only its hash is kept."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import uuid
from dataclasses import dataclass

from training_manager_ros.errors import Conflict, InvalidInput, NotFound
from training_manager_ros.orchestrator.clock import Clock, iso
from training_manager_ros.orchestrator.database import Database

__all__ = ["Accounts", "ServiceKey"]

PREFIX = "tmk"  # so that a key that leaked is recognised as one


@dataclass(frozen=True)
class ServiceKey:
    """A key as it is listed: everything but the key itself."""

    key_id: str
    owner_id: str
    owner: str
    note: str
    created_at: str
    revoked_at: str | None


class Accounts:
    """Makes, finds and revokes service keys. An owner is made with the first key."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def owner(self, name: str) -> str:
        """The id of the owner of that name, made where there is none."""
        if not name or len(name) > 200 or not name.isprintable():
            raise InvalidInput("An owner's name must be 1 to 200 printable characters.")
        return self._database.write(lambda db: self._owner(db, name)).result()

    def create(self, owner: str, note: str = "") -> tuple[ServiceKey, str]:
        """A new key of that owner, and the secret text that signs in with it."""
        owner_id = self.owner(owner)
        key_id, now = secrets.token_hex(4), iso(self._clock())
        text = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"

        def insert(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?, ?, NULL)",
                (key_id, owner_id, _hash(text), note, now),
            )

        self._database.write(insert).result()
        return ServiceKey(key_id, owner_id, owner, note, now, None), text

    def listed(self) -> list[ServiceKey]:
        """All keys, oldest first, revoked ones too."""
        rows = self._database.read(
            "SELECT key_id, owner_id, owners.name AS owner, note, keys.created_at, revoked_at"
            " FROM keys JOIN owners USING (owner_id) ORDER BY keys.created_at"
        )
        return [ServiceKey(**dict(row)) for row in rows]

    def revoke(self, key_id: str) -> None:
        """End a key and every token made with it, at once.

        Raises `NotFound`, or `Conflict` if it is revoked already.
        """
        now = iso(self._clock())

        def update(db: sqlite3.Connection) -> None:
            row = db.execute("SELECT revoked_at FROM keys WHERE key_id = ?", (key_id,)).fetchone()
            if row is None:
                raise NotFound(f"There is no service key {key_id}.")
            if row["revoked_at"] is not None:
                raise Conflict(f"The service key {key_id} is revoked already.")
            db.execute("UPDATE keys SET revoked_at = ? WHERE key_id = ?", (now, key_id))

        self._database.write(update).result()

    def by_text(self, text: str) -> tuple[str, str] | None:
        """(owner, key) for a service key's text; None if it is unknown or revoked."""
        rows = self._database.read(
            "SELECT owner_id, key_id FROM keys WHERE hash = ? AND revoked_at IS NULL",
            (_hash(text),),
        )
        return (rows[0]["owner_id"], rows[0]["key_id"]) if rows else None

    def is_valid(self, owner_id: str, key_id: str) -> bool:
        """Whether the key that a token was made with still is that owner's."""
        rows = self._database.read(
            "SELECT 1 FROM keys WHERE key_id = ? AND owner_id = ? AND revoked_at IS NULL",
            (key_id, owner_id),
        )
        return bool(rows)

    def _owner(self, db: sqlite3.Connection, name: str) -> str:
        row = db.execute("SELECT owner_id FROM owners WHERE name = ?", (name,)).fetchone()
        if row is not None:
            return str(row["owner_id"])
        owner_id = str(uuid.uuid4())
        db.execute("INSERT INTO owners VALUES (?, ?, ?)", (owner_id, name, iso(self._clock())))
        return owner_id


def _hash(text: str) -> str:
    # the key has 256 random bits, so a plain hash can't be searched; it needs no salt or stretching
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
