"""Training on ROS: the topic `~/runs` and the services around uploads, runs and activation."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Collection, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from training_manager.srv import (
    ActivateRun,
    CancelRun,
    CreateRun,
    DeactivateRun,
    GetRun,
    GetTrainingDefaults,
    PlanUpload,
    RefreshRuns,
    ReviewRun,
    RunLog,
)
from training_manager_ros.errors import InvalidInput
from training_manager_ros.jobs import Job
from training_manager_ros.node.answers import answers_errors
from training_manager_ros.node.auto_download import AutoDownload
from training_manager_ros.node.runs_topic import RunsTopic
from training_manager_ros.node.training_messages import (
    curves_to_msg,
    features_to_msg,
    preset_to_msg,
    request_from_msg,
    run_field_to_msg,
    run_to_msg,
    text_to_msg,
)
from training_manager_ros.node.waiting import Waiting
from training_manager_ros.paths import server_settings_file, state_dir
from training_manager_ros.redaction import SecretFilter, redacted
from training_manager_ros.skills import Catalog
from training_manager_ros.training import (
    RUN_FIELDS,
    Activation,
    Settings,
    TrainingClient,
    load_settings,
)
from training_manager_ros.training.desk import DeskOptions, TrainingDesk

__all__ = ["Surroundings", "TrainingServices", "settings_of"]

_log = logging.getLogger("training_manager.training")

_LOG_BYTES = 65536  # of a log where the caller names no limit
_MOST_LOG_BYTES = 1 << 20


@dataclass(frozen=True)
class Surroundings:
    """What the rest of the node does for training."""

    catalog: Catalog
    changed: Callable[[str], bool]  # a skill was changed; whether the robot was told to reload
    submit: Callable[[str, Mapping[str, Any]], Job]  # starts a job
    auto_download: Callable[[], bool]


def settings_of(
    server_url: str, issuer_url: str, environ: MutableMapping[str, str] = os.environ
) -> tuple[Settings, str]:
    """The server's settings, and why they can't be used ("" if they can).

    What the parameters say is put into the environment as well: the processes that carry out jobs
    have theirs from there.
    """
    if server_url:
        environ["TRAINING_SERVER_URL"] = server_url
    if issuer_url:
        environ["INNATE_AUTH_ISSUER_URL"] = issuer_url
    try:
        return load_settings(environ=environ, file=server_settings_file()), ""
    except InvalidInput as error:
        return Settings(), str(error)


class TrainingServices:
    """The part of the node that talks to the training server."""

    def __init__(
        self,
        node: Node,
        server_url: str,
        issuer_url: str,
        surroundings: Surroundings,
        secrets: SecretFilter,
    ) -> None:
        settings, problem = settings_of(server_url, issuer_url)
        secrets.hide(settings.service_key)
        self._secrets = (settings.service_key,)
        self._around = surroundings
        self._waiting = Waiting()
        self._seen_jobs: set[str] | None = None
        self._downloads = AutoDownload(
            lambda skill, run_id: surroundings.submit(
                "download_run", {"skill": skill, "run_id": run_id}
            ),
            self._not_to_fetch,
            surroundings.auto_download,
        )
        catalog = surroundings.catalog
        self._desk = TrainingDesk(
            TrainingClient(settings),
            DeskOptions(
                skills_dir=catalog.root,
                skills=lambda: {skill.name: skill.training_skill_id for skill in catalog.skills()},
                dataset=catalog.dataset,
                state_file=state_dir() / "runs.json",
                on_change=lambda: self._topic.changed(),
                on_done=self._downloads.done,
                problem=problem,
            ),
        )
        self._topic = RunsTopic(node, self._desk.overview, self._secrets)
        group = ReentrantCallbackGroup()
        for kind, name, handler in (
            (PlanUpload, "~/plan_upload", self._plan_upload),
            (GetTrainingDefaults, "~/get_training_defaults", self._get_training_defaults),
            (CreateRun, "~/create_run", self._create_run),
            (GetRun, "~/get_run", self._get_run),
            (RefreshRuns, "~/refresh_runs", self._refresh_runs),
            (RunLog, "~/run_log", self._run_log),
            (CancelRun, "~/cancel_run", self._cancel_run),
            (ReviewRun, "~/review_run", self._review_run),
            (ActivateRun, "~/activate_run", self._activate_run),
            (DeactivateRun, "~/deactivate_run", self._deactivate_run),
        ):
            node.create_service(kind, name, handler, callback_group=group)

    def start(self) -> None:
        """Publish what is known, and begin to follow the server; waits for nothing."""
        self._desk.start()
        self._topic.start()

    def let_go(self) -> None:
        """End what waits for the server, and with it the handlers that wait for that."""
        self._waiting.refuse()
        self._desk.stop()

    def stop(self) -> None:
        """End all of it."""
        self.let_go()
        self._topic.stop()
        self._waiting.close()

    def poll_every(self, seconds: float) -> None:
        """How often active runs are asked about."""
        self._desk.monitor.active_seconds = seconds
        self._desk.monitor.wake()

    def skills_changed(self, names: Collection[str] = ()) -> None:
        """These skills changed on disk (none named: all may have)."""
        self._desk.changed(names)

    def jobs_changed(self, jobs: Collection[Job]) -> None:
        """Look at the runs of a skill when an upload or a download of it ends."""
        self._downloads.jobs_changed(jobs)
        ended = {job.id: job for job in jobs if job.ended}
        seen, self._seen_jobs = self._seen_jobs, set(ended)
        for job_id in ended.keys() - (seen if seen is not None else ended.keys()):
            job = ended[job_id]
            if job.kind in ("upload_skill", "download_run"):
                skill = str(job.arguments.get("skill", ""))
                self._waiting.in_background(functools.partial(self._desk.refresh, skill))

    def _not_to_fetch(self, skill: str, run_id: int) -> None:
        forget = functools.partial(self._desk.monitor.not_to_fetch, skill, run_id)
        self._waiting.in_background(forget)

    @answers_errors
    def _plan_upload(self, request: Any, response: Any) -> Any:
        plan, response.raw_episodes = self._desk.plan_upload(request.skill)
        response.state = plan.state.value
        response.episodes, response.files, response.bytes = plan.episodes, plan.files, plan.size
        response.new_files, response.changed_files = len(plan.new), len(plan.changed)
        response.bytes_to_send = plan.bytes_to_send
        response.shared_with, response.refused = list(plan.shared_with), plan.refused
        return response

    @answers_errors
    def _get_training_defaults(self, request: Any, response: Any) -> Any:
        offers = self._desk.offers
        response.presets = [preset_to_msg(preset) for preset in offers.presets]
        response.default_preset = response.presets[0].name
        response.fields = [run_field_to_msg(field) for field in RUN_FIELDS]
        response.features = features_to_msg(offers.features)
        offers.freshen()
        return response

    @answers_errors
    def _create_run(self, request: Any, response: Any) -> Any:
        asked = request_from_msg(request, self._desk.offers.presets[0].name)
        view = self._waiting(lambda: self._desk.create_run(request.skill, asked))
        _log.info("%s: run %d was asked for.", request.skill, view.run.run_id)
        response.run = run_to_msg(view, self._secrets)
        return response

    @answers_errors
    def _get_run(self, request: Any, response: Any) -> Any:
        view = self._desk.view(request.skill, request.run_id)
        response.run = run_to_msg(view, self._secrets)
        metrics = self._waiting(lambda: self._desk.metrics(request.skill, request.run_id))
        response.curves = curves_to_msg(metrics) if metrics is not None else []
        return response

    @answers_errors
    def _refresh_runs(self, request: Any, response: Any) -> Any:
        self._desk.check(request.skill)
        self._waiting.in_background(lambda: self._desk.refresh(request.skill))
        return response

    @answers_errors
    def _run_log(self, request: Any, response: Any) -> Any:
        limit = min(request.limit or _LOG_BYTES, _MOST_LOG_BYTES)
        part = self._waiting(
            lambda: self._desk.run_log(request.skill, request.run_id, request.offset, limit)
        )
        response.text = text_to_msg(redacted(part.text, self._secrets))
        response.complete = part.complete
        response.start, response.next_offset = part.start, part.next_offset
        return response

    @answers_errors
    def _cancel_run(self, request: Any, response: Any) -> Any:
        view = self._waiting(lambda: self._desk.cancel_run(request.skill, request.run_id))
        _log.info("%s: run %d was asked to stop.", request.skill, request.run_id)
        response.run = run_to_msg(view, self._secrets)
        return response

    @answers_errors
    def _review_run(self, request: Any, response: Any) -> Any:
        view = self._waiting(
            lambda: self._desk.review_run(
                request.skill, request.run_id, approved=request.approved, reason=request.reason
            )
        )
        response.run = run_to_msg(view, self._secrets)
        return response

    @answers_errors
    def _activate_run(self, request: Any, response: Any) -> Any:
        used = self._waiting(lambda: self._desk.activate(request.skill, request.run_id))
        _log.info("%s uses run %d now.", request.skill, request.run_id)
        return self._in_use(request.skill, used, response)

    @answers_errors
    def _deactivate_run(self, request: Any, response: Any) -> Any:
        used = self._desk.deactivate(request.skill, back=request.roll_back)
        _log.info("%s uses %s now.", request.skill, used.checkpoint or "no checkpoint")
        return self._in_use(request.skill, used, response)

    def _in_use(self, skill: str, used: Activation, response: Any) -> Any:
        response.reloaded = self._around.changed(skill)
        self._desk.changed([skill])
        response.checkpoint, response.stats_file = used.checkpoint, used.stats_file
        return response
