"""What is known of the runs of all local skills, and what has to be asked next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from training_manager_ros.errors import Unavailable
from training_manager_ros.training.models import DONE, ServerRun
from training_manager_ros.training.reading import parse_time, text, whole
from training_manager_ros.training.statefile import read_state, write_state

__all__ = ["RunsState", "SkillRuns", "due", "read_runs", "write_runs"]

FAILED_SECONDS = 30.0  # between two questions about a run that just failed
SLOWER = 10.0  # one that failed long ago is asked about as many times in all that time


@dataclass(frozen=True)
class SkillRuns:
    """The runs of one skill, newest first."""

    skill_id: str
    runs: tuple[ServerRun, ...] = ()
    asked_at: datetime | None = None  # when the server last answered for it
    changed_at: datetime | None = None  # when it last answered something new
    problem: str = ""  # what the server says instead; "" if it lists the runs
    to_fetch: frozenset[int] = frozenset()  # runs that turned done and are not downloaded yet

    @property
    def active(self) -> bool:
        """Whether one of them can change by itself."""
        return any(run.active for run in self.runs)

    def with_runs(self, answered: Iterable[ServerRun], now: datetime | None) -> SkillRuns:
        """The same with what the server answered at that time; None: not asked for all."""
        runs = {run.run_id: run for run in answered}
        ordered = tuple(sorted(runs.values(), key=_age_key, reverse=True))
        return replace(
            self,
            runs=ordered,
            asked_at=now,
            changed_at=now if ordered != self.runs or self.asked_at is None else self.changed_at,
            problem="",
            to_fetch=frozenset(run.run_id for run in ordered if self._is_to_fetch(run)),
        )

    def _is_to_fetch(self, run: ServerRun) -> bool:
        """Whether its results are new: of a run that turned done since the server was last asked.

        Of a skill that was never asked for, no run is: it may have years of them.
        """
        if run.status != DONE or run.error_message:
            return False
        known = {earlier.run_id: earlier for earlier in self.runs}
        if run.run_id in known:
            return run.run_id in self.to_fetch or not known[run.run_id].ended
        return self.asked_at is not None and not self.problem

    def interval(self, now: datetime, active: float, idle: float) -> float:
        """Seconds between two questions about it.

        A run that failed may be taken up again on the server: at first that is likely.
        """
        if self.active:
            return active
        if all(run.ended for run in self.runs) or self.changed_at is None:
            return idle
        age = (now - self.changed_at).total_seconds()
        return min(idle, max(FAILED_SECONDS, age / SLOWER))


@dataclass(frozen=True)
class RunsState:
    """The runs of all skills that were submitted, by the skill's folder name."""

    skills: Mapping[str, SkillRuns] = field(default_factory=dict)
    lost_since: datetime | None = None  # since when the server does not answer
    problem: str = ""  # why not, or why it does not let us in; "" if all is well

    def newest(self) -> list[tuple[str, ServerRun]]:
        """All runs with their skill, newest first."""
        every = [(skill, run) for skill, known in self.skills.items() for run in known.runs]
        return sorted(every, key=lambda item: _age_key(item[1]), reverse=True)

    def told(self) -> RunsState:
        """What of it is worth telling and keeping: all but when each skill was asked for."""
        skills = {name: replace(known, asked_at=None) for name, known in self.skills.items()}
        return replace(self, skills=skills)

    def with_skills(self, ids: Mapping[str, str]) -> RunsState:
        """The same for the skills that there are now, with what is known of each of them."""
        skills = {
            name: known
            if (known := self.skills.get(name)) is not None and known.skill_id == skill_id
            else SkillRuns(skill_id)
            for name, skill_id in ids.items()
            if skill_id
        }
        return self if skills == self.skills else replace(self, skills=skills)

    def with_runs(self, name: str, runs: Iterable[ServerRun], now: datetime | None) -> RunsState:
        """The same with what the server answered for a skill; see `SkillRuns.with_runs`."""
        known = self.skills[name].with_runs(runs, now)
        return replace(self, skills={**self.skills, name: known})

    def not_to_fetch(self, name: str, run_id: int) -> RunsState:
        """The same, but a run's results are not wanted."""
        known = self.skills.get(name, SkillRuns(""))
        if run_id not in known.to_fetch:
            return self
        known = replace(known, to_fetch=known.to_fetch - {run_id})
        return replace(self, skills={**self.skills, name: known})

    def with_problem(self, name: str, problem: str, now: datetime) -> RunsState:
        """The same with what the server says instead of a skill's runs."""
        known = replace(self.skills[name], asked_at=now, problem=problem)
        return replace(self, skills={**self.skills, name: known})

    def answered(self) -> RunsState:
        """The same, now that the server answers."""
        return replace(self, lost_since=None, problem="")

    def not_let_in(self, problem: str) -> RunsState:
        """The same, now that the sign-in fails: the connection is not what is wrong."""
        return replace(self, lost_since=None, problem=problem)

    def unanswered(self, problem: str, now: datetime) -> RunsState:
        """The same, now that the server does not answer; no run changes by that."""
        return replace(self, lost_since=self.lost_since or now, problem=problem)


def due(state: RunsState, now: datetime, active: float, idle: float) -> list[str]:
    """The skills to ask about now: those with active runs every `active` seconds, others rarely."""

    def is_due(known: SkillRuns) -> bool:
        if known.asked_at is None:
            return True
        waited = (now - known.asked_at).total_seconds()
        return waited >= known.interval(now, active, idle) or waited < 0

    return [name for name, known in state.skills.items() if is_due(known)]


def write_runs(path: Path, server: str, state: RunsState) -> None:
    """Keep the state across restarts; raises `OSError`."""
    skills = {
        name: {
            "skill_id": known.skill_id,
            "asked_at": _written(known.asked_at),
            "changed_at": _written(known.changed_at),
            "problem": known.problem,
            "to_fetch": sorted(known.to_fetch),
            "runs": [run.as_json() for run in known.runs],
        }
        for name, known in state.skills.items()
    }
    kept = {"server": server, "lost_since": _written(state.lost_since), "skills": skills}
    write_state(path, kept, private=True)  # a run's variables may hold a key


def read_runs(path: Path, server: str) -> RunsState:
    """What was kept; nothing if it is of another server or can't be read."""
    kept = read_state(path)
    listed = kept.get("skills")
    if kept.get("server") != server or not isinstance(listed, Mapping):
        return RunsState()
    skills = {}
    for name, known in listed.items():
        if isinstance(known, Mapping):
            skill_id = text(known.get("skill_id"))
            skills[text(name)] = SkillRuns(
                skill_id=skill_id,
                runs=tuple(_runs(known.get("runs"), skill_id)),
                asked_at=parse_time(known.get("asked_at")),
                changed_at=parse_time(known.get("changed_at")),
                problem=text(known.get("problem")),
                to_fetch=_numbers(known.get("to_fetch")),
            )
    return RunsState(skills, parse_time(kept.get("lost_since")))


def _runs(values: object, skill_id: str) -> Iterable[ServerRun]:
    for value in values if isinstance(values, list) else ():
        try:
            yield ServerRun.parse(value, skill_id)
        except Unavailable:
            continue


def _numbers(values: object) -> frozenset[int]:
    found = map(whole, values if isinstance(values, list) else ())
    return frozenset(number for number in found if number is not None)


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _age_key(run: ServerRun) -> tuple[float, int]:
    return (run.created_at.timestamp() if run.created_at is not None else 0.0, run.run_id)
