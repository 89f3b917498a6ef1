"""Runs: made, looked at, cancelled, approved; their logs and metrics."""

from __future__ import annotations

import asyncio
import secrets

from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from training_manager_ros.orchestrator.lifecycle import Event
from training_manager_ros.orchestrator.request import run_request
from training_manager_ros.orchestrator.runlog import log_end, read_log
from training_manager_ros.orchestrator.web.base import ApiHandler

__all__ = ["AllRuns", "Cancel", "Decision", "Metrics", "OneRun", "PresetList", "RunLog", "Runs"]

FOLLOW_PAUSE = 0.3  # s
LARGEST = 1 << 20  # bytes of log in one piece


class Runs(ApiHandler):
    """/skills/{skill_id}/runs"""

    def get(self, skill_id: str) -> None:
        """A skill's runs, newest first."""
        self.skill(skill_id)
        self.answer([run.to_json() for run in self.services.runs.of_skill(skill_id)])

    async def post(self, skill_id: str) -> None:
        """A new run."""
        self.skill(skill_id)
        params = self.body().get("training_params", {})
        run_request(params, self.services.presets)
        run = await self.written(self.services.runs.create(skill_id, params))
        self.services.conductor.wake()
        # the contract has a secret for the machine that trains; here the engine needs none
        self.answer({**run.to_json(), "agent_secret": secrets.token_urlsafe(32)}, 201)


class AllRuns(ApiHandler):
    """/runs"""

    def get(self) -> None:
        """All runs of the caller, newest first."""
        active = self.get_query_argument("active", "false") == "true"
        found = self.services.runs.of_owner(self.owner, active)
        self.answer([run.to_json() for run in found])


class OneRun(ApiHandler):
    """/skills/{skill_id}/runs/{run_id}"""

    def get(self, skill_id: str, run_id: str) -> None:
        """One run."""
        self.answer(self.run_of(skill_id, run_id).to_json())

    async def put(self, skill_id: str, run_id: str) -> None:
        """The client has the results."""
        run = self.run_of(skill_id, run_id)
        if self.body().get("status") != "downloaded":
            raise HTTPError(400, "A client can only set the status downloaded.")
        changed = self.services.runs.apply(run.run_id, Event.DOWNLOAD)
        self.answer((await self.written(changed)).to_json())


class Cancel(ApiHandler):
    """/skills/{skill_id}/runs/{run_id}/cancel"""

    async def post(self, skill_id: str, run_id: str) -> None:
        """Ask for the run's end; it comes within seconds."""
        run = self.run_of(skill_id, run_id)
        cancelled = await self.written(self.services.runs.request_cancel(run.run_id))
        self.services.conductor.wake()
        self.answer(cancelled.to_json())


class Decision(ApiHandler):
    """/skills/{skill_id}/runs/{run_id}/approve and …/reject"""

    async def post(self, skill_id: str, run_id: str, decision: str) -> None:
        """Let a waiting run go on, or end it."""
        run = self.run_of(skill_id, run_id)
        reason = self.body().get("reason")
        if reason is not None and not isinstance(reason, str):
            raise HTTPError(400, "reason must be text.")
        event = Event(decision)
        error = reason if event is Event.REJECT else None
        decided = await self.written(self.services.runs.apply(run.run_id, event, error=error))
        self.services.conductor.wake()
        self.answer(decided.to_json())


class RunLog(ApiHandler):
    """/skills/{skill_id}/runs/{run_id}/log"""

    async def get(self, skill_id: str, run_id: str) -> None:
        """A piece of the log, or all that comes from an offset on."""
        run = self.run_of(skill_id, run_id)
        folder = self.services.folders.log(run.run_id)
        offset = self.number("offset", 0, -(1 << 53), 1 << 53)
        if offset < 0:
            offset = max(0, log_end(folder) + offset)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        if self.get_query_argument("follow", "false") == "true":
            await self._follow(run.run_id, offset)
            return
        active = run.active  # before reading: what is written after it counts as still to come
        chunk = read_log(folder, offset, self.number("limit", 1 << 16, 1, LARGEST))
        self.set_header("X-Log-Start", str(chunk.start))
        self.set_header("X-Log-Next", str(chunk.next))
        complete = not active and chunk.next >= log_end(folder)
        self.set_header("X-Log-Complete", str(complete).lower())
        self.finish(chunk.data)

    async def _follow(self, run_id: int, offset: int) -> None:
        folder = self.services.folders.log(run_id)
        try:
            await self.flush()
            while True:
                active = self.services.runs.run(run_id).active
                chunk = await self.thread(read_log, folder, offset, LARGEST)
                offset = chunk.next
                if chunk.data:
                    self.write(chunk.data)
                    await self.flush()
                elif not active:
                    break
                else:
                    await asyncio.sleep(FOLLOW_PAUSE)
        except StreamClosedError:
            return
        self.finish()

    def on_connection_close(self) -> None:
        """The next flush of a follower raises, which ends it."""


class Metrics(ApiHandler):
    """/skills/{skill_id}/runs/{run_id}/metrics"""

    def get(self, skill_id: str, run_id: str) -> None:
        """Progress and curves."""
        run = self.run_of(skill_id, run_id)
        metrics = self.services.runs.metrics(run.run_id, self.number("after", -1, -1, 1 << 53))
        self.answer({"progress": run.to_json()["progress"], "metrics": metrics})


class PresetList(ApiHandler):
    """/presets"""

    def get(self) -> None:
        """What runs can be asked for by name."""
        price = self.services.settings.price
        presets = self.services.presets.presets()
        self.answer([{**p.to_json(), "gpu_hour_price": price(p.gpu_type)} for p in presets])
