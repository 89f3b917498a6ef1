"""Follows the runs of all local skills on the server, with as few calls as it takes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timezone
from pathlib import Path

import anyio
from anyio import to_thread

from training_manager_ros.errors import (
    NotFound,
    NotSignedIn,
    Refused,
    Unavailable,
)
from training_manager_ros.training.bell import Bell
from training_manager_ros.training.call_log import routine
from training_manager_ros.training.calls import AT_ONCE
from training_manager_ros.training.client import Connection, TrainingClient
from training_manager_ros.training.models import ServerRun
from training_manager_ros.training.pauses import Pauses
from training_manager_ros.training.runs import (
    RunsState,
    SkillRuns,
    due,
    read_runs,
    write_runs,
)
from training_manager_ros.training.server import TrainingServer
from training_manager_ros.training.together import together

__all__ = ["RunMonitor"]

log = logging.getLogger("training_manager.training")

ACTIVE_SECONDS = 3.0
IDLE_SECONDS = 600.0
LOOK_SECONDS = 30.0  # between two looks at what is due, while no run is active
PAUSES = Pauses(first=3.0, most=60.0)  # while the server does not answer


def utc_now() -> datetime:
    """The time now."""
    return datetime.now(timezone.utc)


class RunMonitor:
    """Asks for active runs every few seconds and for the others rarely, until it is stopped.

    `skills` gives the training_skill_id of each local skill by its folder's name, "" where it was
    never submitted. `on_change` gets each new state. `on_done` gets each run that turned done,
    again at every answer until the server knows that it was downloaded, or `not_to_fetch`. Both
    are called from the client's thread and must return at once. What is known is kept in
    `state_file`.
    """

    def __init__(
        self,
        client: TrainingClient,
        skills: Callable[[], Mapping[str, str]],
        state_file: Path,
        on_change: Callable[[RunsState], None],
        on_done: Callable[[str, ServerRun], None] = lambda skill, run: None,
        *,
        active_seconds: float = ACTIVE_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.active_seconds = active_seconds  # may be changed while it runs
        self._client = client
        self._skills = skills
        self._state_file = state_file
        self._on_change = on_change
        self._on_done = on_done
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._state = read_runs(state_file, client.server_name)
        self._failures = 0
        self._asking: anyio.Lock | None = None
        self._bell = Bell()
        self._stop: Callable[[], None] | None = None

    @property
    def state(self) -> RunsState:
        """What is known now."""
        return self._state

    def start(self) -> None:
        """Begin to follow the runs."""
        self._on_change(self._state)
        self._stop = self._client.background(self._follow)

    def stop(self) -> None:
        """Stop following them."""
        if self._stop is not None:
            self._stop()
            self._stop = None

    def refresh(self, names: Collection[str] | None = None) -> RunsState:
        """Ask about these skills now (None: about all), and return what is known then.

        Where the server does not answer, the state says so.
        """

        async def ask(connection: Connection) -> RunsState:
            await self._ask(connection.server, names)
            self._bell.ring()  # what was found may have to be asked again soon
            return self._state

        return self._client.perform(ask)

    def wake(self) -> None:
        """Look now at what is due, for example because a skill is on the server by now."""
        self._bell.ring()

    def learn(self, name: str, run: ServerRun) -> None:
        """Take in what the server said about a run in answer to something else."""

        async def learn(connection: Connection) -> None:
            async with self._lock():
                before = self._state
                state = before.with_skills(await to_thread.run_sync(self._skills))
                if (known := state.skills.get(name)) is not None:
                    runs = [*known.runs, run]  # of two with the same number the last one counts
                    await self._take(before, state.with_runs(name, runs, known.asked_at))
            self._bell.ring()  # it may have to be asked about soon

        self._client.perform(learn)

    def not_to_fetch(self, name: str, run_id: int) -> None:
        """Tell no more that this run is done."""
        if self._state.not_to_fetch(name, run_id) is self._state:
            return

        async def forget(connection: Connection) -> None:
            async with self._lock():
                await self._take(self._state, self._state.not_to_fetch(name, run_id))

        self._client.perform(forget)

    async def _follow(self, connection: Connection) -> None:
        while True:
            with routine():
                await self._ask(connection.server, due_only=True)
            await self._bell.wait(self._pause())

    def _pause(self) -> float:
        if self._failures:
            return PAUSES.after(min(self._failures, PAUSES.attempts - 1)) or PAUSES.most
        active = any(known.active for known in self._state.skills.values())
        return self.active_seconds if active else LOOK_SECONDS

    async def _ask(
        self,
        server: TrainingServer,
        names: Collection[str] | None = None,
        *,
        due_only: bool = False,
    ) -> None:
        async with self._lock():
            before = self._state
            state = before.with_skills(await to_thread.run_sync(self._skills))
            wanted = (
                list(state.skills) if names is None else [n for n in names if n in state.skills]
            )
            if due_only:
                wanted = due(state, self._clock(), self.active_seconds, self._idle_seconds)
            poll = _Poll(server, state, self._clock)
            if wanted:
                await poll.ask(wanted)
            self._failures = self._failures + 1 if poll.failed else 0
            await self._take(before, poll.state)
            for name, known in poll.state.skills.items():
                if known.asked_at != state.skills[name].asked_at and not known.problem:
                    self._tell_done(name, known)

    def _lock(self) -> anyio.Lock:
        if self._asking is None:  # made in the client's thread
            self._asking = anyio.Lock()
        return self._asking

    async def _take(self, before: RunsState, after: RunsState) -> None:
        self._state = after
        if after.told() == before.told():
            return
        try:
            server = self._client.server_name
            await to_thread.run_sync(write_runs, self._state_file, server, after)
        except OSError as error:
            log.error("The state of the runs can't be kept in %s: %s", self._state_file, error)
        _log_changes(before, after)
        self._on_change(after)

    def _tell_done(self, name: str, known: SkillRuns) -> None:
        for run in known.runs:
            if run.run_id in known.to_fetch:
                self._on_done(name, run)


def _log_changes(before: RunsState, after: RunsState) -> None:
    """Say once what the calls, which are many, say each time."""
    if after.lost_since is not None and before.lost_since is None:
        log.warning("The connection to the training server is lost: %s", after.problem)
    elif after.problem and not before.problem:
        log.warning("%s", after.problem)
    elif before.problem and not after.problem:
        log.info("The training server answers again.")
    for name, known in after.skills.items():
        earlier = before.skills.get(name)
        if known.problem and (earlier is None or known.problem != earlier.problem):
            log.warning("%s: %s", name, known.problem)


class _Poll:
    """One round of questions."""

    def __init__(
        self, server: TrainingServer, state: RunsState, clock: Callable[[], datetime]
    ) -> None:
        self._server = server
        self._clock = clock
        self.state = state
        self.failed = False

    async def ask(self, names: list[str]) -> None:
        """Ask about these skills; what is found is in `state`."""
        try:
            # One call tells of all runs where the server offers that.
            at_once = len(names) > 1 and "runs" in (await self._server.info(attempts=1)).features
            left = await self._ask_at_once(names) if at_once else names
            await self._ask_each(left)
        except Unavailable as error:
            self.failed = True
            self.state = self.state.unanswered(str(error), self._clock())
        except NotSignedIn as error:
            self.failed = True
            self.state = self.state.not_let_in(str(error))
        else:
            self.state = self.state.answered()

    async def _ask_at_once(self, names: list[str]) -> list[str]:
        """Ask about all together; the skills that this does not settle."""
        only_active = all(self.state.skills[name].active for name in names)
        try:
            told = await self._server.all_runs(active=only_active, attempts=1)
        except NotSignedIn:
            raise
        except (NotFound, Refused):
            return names  # it does not offer that after all
        found: dict[str, list[ServerRun]] = {}
        for run in told:
            found.setdefault(run.skill_id, []).append(run)
        left = []
        for name in names:
            known = self.state.skills[name]
            runs = {run.run_id: run for run in found.get(known.skill_id, ())}
            if only_active:
                if any(run.active and run.run_id not in runs for run in known.runs):
                    left.append(name)  # a run has ended; how, its skill's list tells
                    continue
                runs = {run.run_id: run for run in known.runs} | runs
            self.state = self.state.with_runs(name, runs.values(), self._clock())
        return left

    async def _ask_each(self, names: list[str]) -> None:
        waiting = list(reversed(names))

        async def work() -> None:
            while waiting:
                await self._ask_one(waiting.pop())

        await together([work] * min(AT_ONCE, len(names)))

    async def _ask_one(self, name: str) -> None:
        try:
            runs = await self._server.runs(self.state.skills[name].skill_id, attempts=1)
        except NotFound:
            problem = "The training server does not know this skill any more; upload it again."
        except NotSignedIn:
            raise
        except Refused as error:
            problem = str(error)
        else:
            self.state = self.state.with_runs(name, runs, self._clock())
            return
        self.state = self.state.with_problem(name, problem, self._clock())
