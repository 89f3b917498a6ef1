"""Go through a dataset once, episode by episode, and gather what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from training_manager_ros.datasets.check.codecs import CodecCheck
from training_manager_ros.datasets.check.finding import Finding, Watch
from training_manager_ros.datasets.check.gathered import gathered
from training_manager_ros.datasets.check.known import known_problem
from training_manager_ros.datasets.check.lerobot import LeRobotCheck
from training_manager_ros.datasets.check.pictures import check_pictures
from training_manager_ros.datasets.check.rows import RowsCheck
from training_manager_ros.datasets.check.timing import check_camera_clock, check_timestamps
from training_manager_ros.datasets.facts import FactCache
from training_manager_ros.datasets.model import Dataset, Episode, FrameSource, VideoFrames
from training_manager_ros.datasets.opening import open_dataset
from training_manager_ros.datasets.problem import Problem, problem_of
from training_manager_ros.datasets.sound import out_of_reach
from training_manager_ros.errors import Cancelled, TrainingManagerError, Unreadable

__all__ = ["check_dataset"]

# what the dataset as a whole says, and each episode that it concerns says again, more exactly
_SAID_TWICE = {
    "file-missing": {"file-missing"},
    "lfs-pointer": {"lfs-pointer", "file-damaged"},  # by size alone an empty file looks the same
}


def check_dataset(skill_dir: Path, facts: FactCache, watch: Watch) -> tuple[Finding, ...]:
    """Everything that is wrong with a skill's dataset, the worst first; () where all is well.

    Nothing is changed. Memory holds one episode's signals and one picture at a time. Damage becomes
    a finding; raises `NotFound` where there is no dataset, and `Cancelled`.
    """
    watch.stage("Reading the list of episodes")
    try:
        dataset = open_dataset(skill_dir, facts)
    except Unreadable as error:
        return (known_problem(error.code, str(error), None, ()),)
    found = _Checking(dataset, facts, watch).run()
    by_episodes = {finding.code for finding in found if finding.episode is not None}
    kept = dict.fromkeys(
        finding
        for finding in found
        if finding.episode is not None or not (_SAID_TWICE.get(finding.code, set()) & by_episodes)
    )
    together = gathered(tuple(kept), len(dataset.episode_ids))
    return tuple(sorted(together, key=lambda finding: finding.order))


class _Checking:
    def __init__(self, dataset: Dataset, facts: FactCache, watch: Watch) -> None:
        self._dataset = dataset
        self._watch = watch
        kind = dataset.summary.format.value
        self._lerobot = LeRobotCheck(dataset, facts) if kind.startswith("lerobot") else None
        declared = self._lerobot.info.cameras if self._lerobot is not None else ()
        self._cameras = tuple(
            dict.fromkeys(
                [camera.name for camera in dataset.cameras()] + [one.name for one in declared]
            )
        )
        self._rows = RowsCheck()
        self._codecs = CodecCheck({one.name: one for one in declared})
        self._found: list[Finding] = []

    def run(self) -> list[Finding]:
        """All findings, in no particular order."""
        self._readers(None, self._dataset.summary.problems)
        if not self._dataset.episode_ids:
            self._found.append(_EMPTY)
        if self._lerobot is not None:
            self._found += self._lerobot.structure()
        self._watch.stage("Checking episodes", items=len(self._dataset.episode_ids))
        for number in self._dataset.episode_ids:
            self._watch.check()
            self._one(number)
            self._watch.advance(items=1)
        self._found += self._rows.findings()
        self._found += self._codecs.findings()
        if self._lerobot is not None:
            self._found += self._lerobot.totals()
        return self._found

    def _one(self, number: int) -> None:
        episode = self._dataset.episode(number)
        self._readers(number, episode.problems)
        self._gather(number, None, self._values(episode))
        self._gather(number, None, self._times(episode))
        for camera in self._cameras:
            self._watch.check()
            if camera in episode.cameras:
                self._gather(number, camera, self._camera(episode, camera))
            elif self._should_see(episode, camera):
                self._found.append(_blind(number, camera))

    def _should_see(self, episode: Episode, camera: str) -> bool:
        """Whether it is odd that a camera is missing, and nobody has said so."""
        known = self._lerobot is None or camera in self._dataset.summary.cameras
        said = any(camera in problem for problem in episode.problems)
        return known and not said and episode.frames > 0

    def _values(self, episode: Episode) -> Iterator[Finding]:
        signals = self._dataset.signals(episode.id)
        yield from self._rows.add(episode, signals)
        if self._lerobot is not None:
            yield from self._lerobot.values(episode, signals)

    def _times(self, episode: Episode) -> Iterator[Finding]:
        if self._lerobot is None:
            times = self._dataset.timestamps(episode.id)
            yield from check_timestamps(self._dataset, episode, False, times)
            return
        columns = self._lerobot.columns(episode)
        yield from self._lerobot.numbers(episode, columns)
        times = columns.get("timestamp", np.empty(0))
        yield from check_timestamps(self._dataset, episode, True, times)

    def _camera(self, episode: Episode, camera: str) -> Iterator[Finding]:
        source: FrameSource = self._dataset.frames(episode.id, camera)
        if isinstance(source, VideoFrames):
            self._codecs.add(episode.id, camera, source)
        by_clock = list(check_camera_clock(self._dataset, episode, camera))
        yield from by_clock
        said = {finding.code for finding in by_clock}
        for finding in check_pictures(episode.id, camera, source, self._watch.check):
            if finding.code not in said:
                yield finding

    def _gather(self, number: int, camera: str | None, findings: Iterator[Finding]) -> None:
        """Take findings; what can't be read is one, unless a reader has said so already."""
        try:
            for finding in findings:
                self._found.append(finding)
            return
        except Cancelled:
            raise
        except Unreadable as error:
            problem = problem_of(error)
        except TrainingManagerError as error:  # the dataset does not have it, or it makes no sense
            problem = Problem("file-damaged", str(error))
        except OSError as error:  # it went away meanwhile
            problem = problem_of(out_of_reach(error))
        cameras = self._cameras if camera is None else (camera,)
        finding = known_problem(problem.code, problem, number, cameras)
        if not any((one.episode, one.code) == (number, finding.code) for one in self._found):
            self._found.append(finding)

    def _readers(self, number: int | None, problems: Sequence[Problem]) -> None:
        for problem in problems:
            self._found.append(known_problem(problem.code, problem, number, self._cameras))


_EMPTY = Finding(
    "warning", "no-episodes", None, None, "The dataset has no episode.", "Record one."
)  # fmt: skip


def _blind(episode: int, camera: str) -> Finding:
    return Finding(
        "error", "camera-missing", episode, camera,
        f"It has no pictures of {camera}, which other episodes have. A trainer fails on it.",
        "Delete the episode into a cleaned copy.",
    )  # fmt: skip
