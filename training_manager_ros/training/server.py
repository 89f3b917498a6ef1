"""The training server's calls, typed: the contract's own, and extras where it offers them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import httpx

from training_manager_ros.errors import NotFound, Refused, Unavailable
from training_manager_ros.training.call_log import routine
from training_manager_ros.training.calls import QUICK, Calls
from training_manager_ros.training.models import (
    Listing,
    Metrics,
    ServerInfo,
    ServerRun,
    ServerSkill,
    SignedUrls,
)
from training_manager_ros.training.presets import Preset
from training_manager_ros.training.reading import Json, as_list, parse_json
from training_manager_ros.training.run_log import LogBytes, RunLog, read_part

__all__ = ["BATCH", "TrainingServer"]

log = logging.getLogger("training_manager.training")

_T = TypeVar("_T")

INFO_AGAIN = 600.0  # seconds until a server that said nothing about itself is asked again
BATCH = 25  # file names that one call may ask addresses for


class TrainingServer:
    """One training server, whoever runs it."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._info: ServerInfo | None = None
        self._info_again_at = 0.0
        self._left_out: set[str] = set()  # what was said of entries that can't be read

    # Skills

    async def create_skill(self, name: str, *, attempts: int = QUICK) -> ServerSkill:
        """Make a skill on the server."""
        answer = await self._calls("POST", "/skills", {"name": name}, attempts=attempts)
        return ServerSkill.parse(_json(answer))

    async def skills(self) -> list[ServerSkill]:
        """All skills of this owner."""
        skills = as_list(_json(await self._calls("GET", "/skills")), "a list of skills")
        return self._sound(skills, ServerSkill.parse)

    async def skill(self, skill_id: str, *, attempts: int = QUICK) -> ServerSkill:
        """One skill; `NotFound` or `Refused` (403) if the id is stale."""
        answer = await self._calls("GET", f"/skills/{_part(skill_id)}", attempts=attempts)
        return ServerSkill.parse(_json(answer))

    async def rename_skill(self, skill_id: str, name: str, *, attempts: int = QUICK) -> ServerSkill:
        """Give a skill on the server another name."""
        path = f"/skills/{_part(skill_id)}"
        answer = await self._calls("PATCH", path, {"name": name}, attempts=attempts)
        return ServerSkill.parse(_json(answer))

    async def upload_urls(
        self, skill_id: str, names: Sequence[str], *, attempts: int = QUICK
    ) -> SignedUrls:
        """Where to put up to `BATCH` files."""
        path = f"/skills/{_part(skill_id)}/files"
        body = {"filenames": list(names)}
        return SignedUrls.parse(_json(await self._calls("POST", path, body, attempts=attempts)))

    async def uploaded(self, skill_id: str, *, attempts: int = QUICK) -> Listing:
        """The files of a skill that are on the server."""
        path = f"/storage/list/{_part(skill_id)}"
        return Listing.parse(_json(await self._calls("GET", path, attempts=attempts)))

    # Runs

    async def create_run(self, skill_id: str, training_params: Json) -> ServerRun:
        """Ask for a training run; never sent twice.

        If the answer is lost, the list of runs tells whether the run was made.
        """
        path = f"/skills/{_part(skill_id)}/runs"
        before = {run.run_id for run in await self.runs(skill_id)}
        body = {"training_params": dict(training_params)}
        try:
            answer = await self._calls("POST", path, body, repeatable=False)
            return ServerRun.parse(_json(answer), skill_id)
        except Unavailable as error:
            made = [
                run
                for run in await self.runs(skill_id)
                if run.run_id not in before and _includes(run.training_params, training_params)
            ]
            if not made:
                raise Unavailable(f"{error} No run was made; try again.") from None
            return made[0]

    async def runs(self, skill_id: str, *, attempts: int = QUICK) -> list[ServerRun]:
        """All runs of a skill."""
        path = f"/skills/{_part(skill_id)}/runs"
        runs = as_list(_json(await self._calls("GET", path, attempts=attempts)), "a list of runs")
        return self._sound(runs, lambda run: ServerRun.parse(run, skill_id))

    async def run(self, skill_id: str, run_id: int, *, attempts: int = QUICK) -> ServerRun:
        """One run."""
        path = f"/skills/{_part(skill_id)}/runs/{run_id}"
        return ServerRun.parse(_json(await self._calls("GET", path, attempts=attempts)), skill_id)

    async def set_status(
        self, skill_id: str, run_id: int, status: str, *, attempts: int = QUICK
    ) -> ServerRun:
        """Set a run's status; a client sets only `downloaded`."""
        path = f"/skills/{_part(skill_id)}/runs/{run_id}"
        answer = await self._calls("PUT", path, {"status": status}, attempts=attempts)
        return ServerRun.parse(_json(answer), skill_id)

    async def results(self, skill_id: str, run_id: int, *, attempts: int = QUICK) -> Listing:
        """The files that a run left."""
        path = f"/storage/list/{_part(skill_id)}/{run_id}"
        return Listing.parse(_json(await self._calls("GET", path, attempts=attempts)))

    # Extras, where the server announces them

    async def info(self, *, attempts: int = QUICK, again: bool = False) -> ServerInfo:
        """What server this is and which extras it has; asked once, unless `again`.

        A server that says nothing about itself has none; `Unavailable` if it does not answer.
        """
        if again or (self._info is None and time.monotonic() >= self._info_again_at):
            try:
                answer = await self._calls("GET", "/", attempts=attempts, signed=False)
            except (NotFound, Refused):
                self._info = ServerInfo()
                return self._info
            if "json" not in answer.headers.get("content-type", ""):
                # Perhaps only the sign-in page of a network.
                self._info_again_at = time.monotonic() + INFO_AGAIN
                return ServerInfo()
            self._info = ServerInfo.parse(_json(answer))
        return self._info or ServerInfo()

    async def offers(self, feature: str) -> bool:
        """Whether the server has that extra."""
        return feature in (await self.info()).features

    async def all_runs(self, *, active: bool, attempts: int = QUICK) -> list[ServerRun]:
        """All runs of all skills in one call (extra `runs`)."""
        await self._need("runs", "list all runs at once")
        query = {"active": "true"} if active else None
        answer = await self._calls("GET", "/runs", query=query, attempts=attempts)
        return self._sound(as_list(_json(answer), "a list of runs"), ServerRun.parse)

    async def cancel_run(self, skill_id: str, run_id: int) -> ServerRun:
        """Stop a run (extra `cancel`)."""
        return await self._command("cancel", "cancel runs", skill_id, run_id, "cancel")

    async def approve_run(self, skill_id: str, run_id: int) -> ServerRun:
        """Let a waiting run start (extra `approve`)."""
        return await self._command("approve", "approve runs by a call", skill_id, run_id, "approve")

    async def reject_run(self, skill_id: str, run_id: int, reason: str = "") -> ServerRun:
        """Turn a waiting run down (extra `approve`)."""
        body = {"reason": reason} if reason else None
        return await self._command(
            "approve", "reject runs by a call", skill_id, run_id, "reject", body
        )

    async def run_log(
        self, skill_id: str, run_id: int, offset: int = 0, limit: int = 65536
    ) -> RunLog:
        """A part of a run's log (extra `log`); see `run_log.read_part`."""
        await self._need("log", "show the logs of runs")
        path = f"/skills/{_part(skill_id)}/runs/{run_id}/log"

        async def ask(offset: int, limit: int) -> LogBytes:
            query = {"offset": str(offset), "limit": str(limit)}
            answer = await self._calls("GET", path, query=query)
            return LogBytes(
                data=answer.content,
                start=_header_number(answer, "x-log-start", max(offset, 0)),
                complete=answer.headers.get("x-log-complete", "") == "true",
            )

        with routine():  # whoever looks at a log asks for what is new again and again
            return await read_part(ask, offset, limit)

    async def metrics(self, skill_id: str, run_id: int, after: int | None = None) -> Metrics:
        """The curves of a run (extra `metrics`), from the step behind `after` on."""
        await self._need("metrics", "show the curves of runs")
        path = f"/skills/{_part(skill_id)}/runs/{run_id}/metrics"
        query = {"after": str(after)} if after is not None else None
        with routine():  # likewise
            answer = await self._calls("GET", path, query=query)
        return Metrics.parse(_json(answer))

    async def delete_skill(self, skill_id: str) -> None:
        """Delete a skill with all that belongs to it (extra `delete_skill`)."""
        await self._need("delete_skill", "delete skills")
        await self._calls("DELETE", f"/skills/{_part(skill_id)}")

    async def presets(self, *, attempts: int = QUICK) -> list[Preset]:
        """The presets that the server offers (extra `presets`); [] where it tells none."""
        if not await self.offers("presets"):
            return []
        answer = await self._calls("GET", "/presets", attempts=attempts)
        presets = as_list(_json(answer), "a list of presets")
        return [preset for value in presets if (preset := Preset.parse(value)) is not None]

    async def _command(
        self,
        feature: str,
        what: str,
        skill_id: str,
        run_id: int,
        verb: str,
        body: Mapping[str, str] | None = None,
    ) -> ServerRun:
        await self._need(feature, what)
        path = f"/skills/{_part(skill_id)}/runs/{run_id}/{verb}"
        return ServerRun.parse(_json(await self._calls("POST", path, body)), skill_id)

    def _sound(self, values: Iterable[object], parse: Callable[[object], _T]) -> list[_T]:
        """What can be read of a list: one broken entry hides no other, and is told of once."""
        parsed = []
        for value in values:
            try:
                parsed.append(parse(value))
            except Unavailable as error:
                if str(error) not in self._left_out:
                    self._left_out.add(str(error))
                    log.warning("left out of a list: %s", error)
        return parsed

    async def _need(self, feature: str, what: str) -> None:
        if not await self.offers(feature):
            raise Refused(f"This training server can't {what}.")


def _part(skill_id: str) -> str:
    """An id as one part of a path; it may have been edited by hand in metadata.json."""
    if not skill_id or not all(c.isascii() and (c.isalnum() or c in "-_") for c in skill_id):
        raise NotFound("The skill's training_skill_id is none; submit the skill again.")
    return skill_id


def _json(answer: httpx.Response) -> object:
    try:
        return parse_json(answer.content)
    except ValueError:
        raise Unavailable(
            "The training server's answer is no JSON; is a proxy in between?"
        ) from None


def _header_number(answer: httpx.Response, name: str, otherwise: int) -> int:
    digits = answer.headers.get(name, "")
    return int(digits) if digits.isdecimal() and len(digits) < 19 else otherwise


def _includes(whole: Json, part: Json) -> bool:
    return all(name in whole and whole[name] == value for name, value in part.items())
