"""Everything about training for one skills directory, as a long-running program offers it.

Puts together what the other modules do: it follows the runs, knows what the server offers, and
carries out what is asked. Nothing here waits for the network but what says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from training_manager_ros.datasets import Dataset, DatasetFormat
from training_manager_ros.errors import InvalidInput, NotFound
from training_manager_ros.skills import skill_folder
from training_manager_ros.training.activation import (
    Activation,
    activate,
    deactivate,
    roll_back,
)
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.curves import CurveCache
from training_manager_ros.training.dataset_facts import DatasetFacts, dataset_facts
from training_manager_ros.training.models import Metrics, ServerRun
from training_manager_ros.training.monitor import RunMonitor
from training_manager_ros.training.new_run import create_run
from training_manager_ros.training.offers import Offers
from training_manager_ros.training.overview import LocalStates, Overview, RunView
from training_manager_ros.training.readiness import check_uploaded
from training_manager_ros.training.recordings import require_sound
from training_manager_ros.training.run_log import RunLog
from training_manager_ros.training.run_request import RunRequest
from training_manager_ros.training.submit import known_skill_id
from training_manager_ros.training.upload_plan import UploadPlan, plan_upload

__all__ = ["DeskOptions", "TrainingDesk"]

_RAW = (DatasetFormat.H5, DatasetFormat.MIXED)


@dataclass(frozen=True)
class DeskOptions:
    """What a desk is told about its surroundings."""

    skills_dir: Path
    skills: Callable[[], Mapping[str, str]]  # the known training_skill_id ("") by folder name
    dataset: Callable[[str], Dataset]  # raises as `open_dataset`
    state_file: Path  # where the runs are kept across restarts
    on_change: Callable[[], None] = lambda: None  # `overview` gives something else; from any thread
    on_done: Callable[[str, int], None] = lambda skill, run_id: None  # a run turned done; likewise
    problem: str = ""  # why the settings of the server can't be used; it is left alone then


class TrainingDesk:
    """Safe for threads. What `DeskOptions` says must be called back must return at once."""

    def __init__(self, client: TrainingClient, options: DeskOptions) -> None:
        self._client = client
        self._options = options
        self._local = LocalStates(options.skills_dir)
        self._curves = CurveCache()
        self._ids: Mapping[str, str] = {}
        self.offers = Offers(client, options.state_file.with_name("offers.json"), options.on_change)
        self.monitor = RunMonitor(
            client,
            self._skill_ids,
            options.state_file,
            on_change=lambda state: self._runs_changed(),
            on_done=lambda skill, run: options.on_done(skill, run.run_id),
        )

    def start(self) -> None:
        """Begin to follow the server, unless its settings can't be used."""
        if not self._options.problem:
            self._ids = self._skill_ids()
            self.offers.start()
            self.monitor.start()

    def stop(self) -> None:
        """Follow it no more, and end what waits for it."""
        self.monitor.stop()
        self.offers.stop()
        self._client.close()

    def overview(self) -> Overview:
        """All that is known now; asks nobody. For one thread."""
        state, sign_in = self.monitor.state, self._client.state
        now = datetime.now(timezone.utc)
        self._local.renew()
        views = []
        for skill, run in state.newest():
            local, used = self._local.of(skill, state.skills[skill].skill_id, run.run_id)
            views.append(RunView(skill, run, run.progress(now), local, used))
        problems = (self._options.problem, sign_in.problem, state.problem, self.offers.problem)
        return Overview(
            server=sign_in.server,
            signed_in=sign_in.signed_in and not self._options.problem,
            problem=next(filter(None, problems), ""),
            lost_since=state.lost_since or self.offers.lost_since,
            features=self.offers.features,
            skill_problems=tuple(
                f"{name}: {known.problem}" for name, known in state.skills.items() if known.problem
            ),
            runs=tuple(views),
        )

    def changed(self, names: Collection[str] = ()) -> None:
        """Take note that these skills changed on disk (none named: all may have)."""
        self._local.forget(names)
        ids = self._skill_ids()
        if ids != self._ids and not self._options.problem:
            self._ids = ids
            self.monitor.wake()
        self._options.on_change()

    def view(self, skill: str, run_id: int) -> RunView:
        """One run as it is known here; `NotFound` if it is not."""
        skill_folder(self._options.skills_dir, skill)
        known = self.monitor.state.skills.get(skill)
        for run in known.runs if known is not None else ():
            if run.run_id == run_id:
                return self._view(skill, run)
        raise NotFound(f"{skill} has no run {run_id}, as far as is known here; refresh the runs.")

    def plan_upload(self, skill: str) -> tuple[UploadPlan, int]:
        """What an upload would do, and how many episodes it would convert before."""
        plan = plan_upload(self._folder(skill), self._client.server_name)
        dataset = self._options.dataset(skill)
        episodes = dataset.episodes(0, len(dataset.episode_ids))
        require_sound(skill, episodes)
        if dataset.summary.format not in _RAW:
            return plan, 0
        return plan, sum(not episode.converted for episode in episodes)

    def activate(self, skill: str, run_id: int) -> Activation:
        """Make a downloaded run the one in use; see `activation.activate`."""
        try:
            facts = dataset_facts(self._options.dataset(skill))
        except NotFound:
            facts = DatasetFacts()  # the recordings are gone, the run is good still
        return activate(self._folder(skill), run_id, facts)

    def deactivate(self, skill: str, *, back: bool) -> Activation:
        """Use what was in use before, or nothing."""
        folder = self._folder(skill)
        return roll_back(folder) if back else deactivate(folder)

    # What waits for the server

    def create_run(self, skill: str, request: RunRequest) -> RunView:
        """Ask for a run; see `new_run.create_run`."""
        client, folder = self._usable(), self._folder(skill)
        check_uploaded(skill, plan_upload(folder, client.server_name))  # first what is quick
        known = self.offers.answered
        run = create_run(
            client,
            folder,
            request,
            dataset_facts(self._options.dataset(skill)),
            presets=self.offers.by_name if known else None,
            any_git_url=bool(self.offers.features) if known else None,
        )
        return self._learned(skill, run)

    def cancel_run(self, skill: str, run_id: int) -> RunView:
        """Stop a run."""
        client, skill_id = self._usable(), self._skill_id(skill)
        return self._learned(skill, client.cancel_run(skill_id, run_id))

    def review_run(self, skill: str, run_id: int, *, approved: bool, reason: str) -> RunView:
        """Let a waiting run start, or turn it down."""
        client, skill_id = self._usable(), self._skill_id(skill)
        if approved:
            return self._learned(skill, client.approve_run(skill_id, run_id))
        return self._learned(skill, client.reject_run(skill_id, run_id, reason))

    def run_log(self, skill: str, run_id: int, offset: int, limit: int) -> RunLog:
        """A part of a run's log."""
        return self._usable().run_log(self._skill_id(skill), run_id, offset, limit)

    def metrics(self, skill: str, run_id: int) -> Metrics | None:
        """The curves of a run; None where the server has none."""
        if self.offers.answered and "metrics" not in self.offers.features:
            return None
        client, skill_id = self._usable(), self._skill_id(skill)
        return self._curves.get(
            (skill_id, run_id), lambda after: client.metrics(skill_id, run_id, after)
        )

    def refresh(self, skill: str = "") -> None:
        """Ask about the runs of a skill, or of all; what is found shows in `overview`."""
        self._usable()
        self._local.forget([skill] if skill else ())
        self.monitor.refresh([skill] if skill else None)
        self._options.on_change()

    def check(self, skill: str = "") -> None:
        """Raise what `refresh` would, as far as that is known without the server."""
        self._usable()
        if skill:
            self._skill_id(skill)

    def _usable(self) -> TrainingClient:
        if self._options.problem:
            raise InvalidInput(self._options.problem)
        return self._client

    def _folder(self, skill: str) -> Path:
        return skill_folder(self._options.skills_dir, skill)

    def _skill_id(self, skill: str) -> str:
        self._folder(skill)
        skill_id = self._skill_ids().get(skill, "")
        if not skill_id:
            raise NotFound(f"{skill} is not on the training server; upload it first.")
        return skill_id

    def _skill_ids(self) -> dict[str, str]:
        return {
            name: skill_id or known_skill_id(self._options.skills_dir / name, {})
            for name, skill_id in self._options.skills().items()
        }

    def _learned(self, skill: str, run: ServerRun) -> RunView:
        self.monitor.learn(skill, run)
        return self._view(skill, run)

    def _view(self, skill: str, run: ServerRun) -> RunView:
        local = LocalStates(self._options.skills_dir)
        skill_id = self._skill_ids().get(skill, "")
        return RunView(
            skill,
            run,
            run.progress(datetime.now(timezone.utc)),
            *local.of(skill, skill_id, run.run_id),
        )

    def _runs_changed(self) -> None:
        if self.offers.problem and not self.monitor.state.problem:
            self.offers.wake()
        self._options.on_change()
