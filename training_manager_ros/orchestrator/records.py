"""Skills and runs as the server keeps them, and as the contract shows them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training_manager_ros.orchestrator.lifecycle import ACTIVE, Status

__all__ = ["Progress", "Run", "Skill"]


@dataclass(frozen=True)
class Skill:
    """What uploads and runs belong to."""

    skill_id: str
    owner_id: str
    name: str
    created_at: str
    updated_at: str

    def to_json(self) -> dict[str, Any]:
        """The contract's Skill."""
        return {
            "skill_id": self.skill_id,
            "user_id": self.owner_id,
            "name": self.name,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


@dataclass(frozen=True)
class Progress:
    """How far a run is, as its log says."""

    step: int
    total: int | None
    loss: float | None
    seconds_left: float | None


@dataclass(frozen=True)
class Run:
    """One training run."""

    run_id: int
    skill_id: str
    status: Status
    daemon_state: str
    training_params: Mapping[str, Any]
    error_message: str | None
    created_at: str
    updated_at: str
    approved_at: str | None
    started_at: str | None
    finished_at: str | None
    instance_ip: str | None
    instance_type: str | None
    commit: str | None
    cancel_requested: bool
    progress: Progress | None
    log_offset: int  # how far the log has been read for metrics

    @property
    def active(self) -> bool:
        """Whether something is still to come."""
        return self.status in ACTIVE

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Run:
        """A row of the table `runs`."""
        progress = None
        if row["step"] is not None:
            progress = Progress(row["step"], row["total"], row["loss"], row["seconds_left"])
        return cls(
            run_id=row["run_id"],
            skill_id=row["skill_id"],
            status=Status(row["status"]),
            daemon_state=row["daemon_state"],
            training_params=json.loads(row["training_params"]),
            error_message=row["error_message"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            approved_at=row["approved_at"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            instance_ip=row["instance_ip"],
            instance_type=row["instance_type"],
            commit=row["commit_id"],
            cancel_requested=bool(row["cancel_requested"]),
            progress=progress,
            log_offset=row["log_offset"],
        )

    def to_json(self) -> dict[str, Any]:
        """The contract's Run, and our extras: progress, commit, cancel_requested."""
        progress = self.progress
        return {
            "skill_id": self.skill_id,
            "run_id": self.run_id,
            "status": self.status.value,
            "daemon_state": self.daemon_state,
            "training_params": self.training_params,
            "error_message": self.error_message,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "approved_at": self.approved_at,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "instance_ip": self.instance_ip,
            "instance_type": self.instance_type,
            "commit": self.commit,
            "cancel_requested": self.cancel_requested,
            "progress": None
            if progress is None
            else {
                "step": progress.step,
                "total": progress.total,
                "loss": progress.loss,
                "seconds_left": progress.seconds_left,
            },
        }
