"""The services over datasets: dry runs of edits, results of checks, marks on episodes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.node import Node

from training_manager.srv import CheckDataset, MarkEpisodes, PlanConvert, PlanDelete, PlanMerge
from training_manager_ros.editing import FileMode, Verdict, estimate, mark_episodes, named_episodes
from training_manager_ros.errors import InvalidInput
from training_manager_ros.jobs import JobEngine
from training_manager_ros.jobs.checks import Checks, fingerprint
from training_manager_ros.jobs.kinds.making import MakesSkill
from training_manager_ros.node.answers import answers_errors
from training_manager_ros.node.convert import time_to_msg
from training_manager_ros.node.job_messages import arguments, finding_to_msg, plan_to_msg
from training_manager_ros.skills import Catalog, skill_folder

__all__ = ["EditServices"]

_log = logging.getLogger("training_manager.node")


class EditServices:
    """Made once; rclpy calls the handlers.

    `complete` adds to the arguments of a kind of job what the parameters say.
    """

    def __init__(
        self,
        node: Node,
        catalog: Catalog,
        engine: JobEngine,
        complete: Callable[[str, Mapping[str, Any]], dict[str, Any]],
    ) -> None:
        self._catalog = catalog
        self._engine = engine
        self._complete = complete
        self._checks = Checks(catalog.root)
        # Plans read whole lists of episodes: one at a time, so that they never hold up the others.
        plans, quick = MutuallyExclusiveCallbackGroup(), ReentrantCallbackGroup()
        for kind, name, handler, group in (
            (PlanDelete, "~/plan_delete", self._plan_delete, plans),
            (PlanMerge, "~/plan_merge", self._plan_merge, plans),
            (PlanConvert, "~/plan_convert", self._plan_convert, plans),
            (CheckDataset, "~/check_dataset", self._check_dataset, quick),
            (MarkEpisodes, "~/mark_episodes", self._mark_episodes, quick),
        ):
            node.create_service(kind, name, handler, callback_group=group)

    @answers_errors
    def _plan_delete(self, request: Any, response: Any) -> Any:
        return self._plan("delete_episodes", request, response)

    @answers_errors
    def _plan_merge(self, request: Any, response: Any) -> Any:
        return self._plan("merge_datasets", request, response)

    @answers_errors
    def _plan_convert(self, request: Any, response: Any) -> Any:
        return self._plan("convert_dataset", request, response)

    def _plan(self, name: str, request: Any, response: Any) -> Any:
        wanted = self._complete(name, arguments(request))
        kind = self._engine.kind(name)
        kind.locks(wanted)
        assert isinstance(kind, MakesSkill)
        plan = kind.plan(wanted)
        cost = estimate(self._catalog.root, plan, FileMode(wanted["file_mode"]))
        response.plan = plan_to_msg(plan, cost)
        return response

    @answers_errors
    def _check_dataset(self, request: Any, response: Any) -> Any:
        folder = skill_folder(self._catalog.root, request.skill)
        running = (
            job.id
            for job in self._engine.jobs()
            if job.kind == "check_dataset" and job.reads == (folder.name,) and not job.ended
        )
        response.job_id = next(running, "")
        if result := self._checks.load(folder.name):
            response.checked = True
            response.current = fingerprint(folder) == result.fingerprint
            response.stamp = time_to_msg(result.time)
            response.findings = [finding_to_msg(finding) for finding in result.findings]
        return response

    @answers_errors
    def _mark_episodes(self, request: Any, response: Any) -> Any:
        if not (request.set_verdict or request.set_note):
            raise InvalidInput("Say what is to be set: the verdict, the note or both.")
        known = self._catalog.dataset(request.skill).episode_ids
        episodes = named_episodes(map(int, request.episodes), known)
        mark_episodes(
            skill_folder(self._catalog.root, request.skill),
            episodes,
            _verdict(request.verdict) if request.set_verdict else None,
            request.note if request.set_note else None,
        )
        plural = "" if len(episodes) == 1 else "s"
        _log.info("%s: %d episode%s marked.", request.skill, len(episodes), plural)
        return response


def _verdict(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        message = 'must be "keep", "reject" or empty'
        raise InvalidInput(f"The verdict {message}.", {"verdict": message}) from None
