"""Who runs the jobs of a skills directory: one process at a time."""

from __future__ import annotations

from pathlib import Path

from training_manager_ros.jobs.locks import SkillLocks

__all__ = ["Ownership"]


class Ownership:
    """The right to run the jobs of `skills_dir`; it goes back when the process dies."""

    def __init__(self, skills_dir: Path, state: Path) -> None:
        self._skills_dir = skills_dir
        self._lock = SkillLocks(state)

    def take(self) -> str:
        """Why it can't be had now and what to do; "" once it is ours."""
        where = self._skills_dir
        if not where.is_dir():  # to make it is not our business
            return f"There is no skills directory {where}, so no jobs can run; make it."
        try:
            taken = self._lock.acquire((), ("engine",))
        except OSError as error:
            self._lock.release()
            return (
                f"Jobs can't be kept in {where} ({error.strerror or error}); give the user that "
                "runs this program access to it, or free some room."
            )
        if taken:
            return f"Another Training Manager already runs the jobs of {where}; use that one."
        return ""

    def give_back(self) -> None:
        """Let another process have it."""
        self._lock.release()
