"""Converting a skill's raw recordings while what is converted already is uploaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from training_manager_ros.datasets import DatasetFormat, FactCache, summarise
from training_manager_ros.datasets.edit.files import FileMode, Files
from training_manager_ros.datasets.edit.plan import EditPlan
from training_manager_ros.editing import estimate, plan_convert
from training_manager_ros.editing.convert_episode import ConvertEpisode, NameVideos
from training_manager_ros.editing.convert_in_place import convert_in_place
from training_manager_ros.errors import InvalidInput
from training_manager_ros.levers import Levers

__all__ = ["RawConversion", "may_be_raw"]

_RAW = (DatasetFormat.H5, DatasetFormat.MIXED)


def may_be_raw(folder: Path) -> bool:
    """Whether a skill has recordings that look raw, by its index alone."""
    summary = summarise(folder)
    return summary is not None and summary.format in _RAW


class RawConversion:
    """A `training.Conversion` in place; the originals are kept in raw_data/."""

    def __init__(self, skills_dir: Path, skill: str, facts: FactCache) -> None:
        """Plan it. Raises as `plan_convert`, and `InvalidInput` where it is not possible."""
        self._skills_dir = skills_dir
        self._plan = plan_convert(skills_dir, skill, DatasetFormat.H264.value, "", True, facts)
        _check(self._plan)
        cost = estimate(skills_dir, self._plan, FileMode.AUTO)
        if not cost.fits:
            raise InvalidInput(
                f"{cost.bytes_to_write:,} bytes are to be written to convert raw images, but only "
                f"{cost.bytes_free:,} are free; free some, or upload raw."
            )

    def pending(self) -> Mapping[str, int]:
        """See `training.Conversion`."""
        return {f"data/{step.file}": step.written for step in _episodes(self._plan)}

    def run(
        self, ready: Callable[[str], None], progress: Callable[[float], None], control: Levers
    ) -> None:
        """See `training.Conversion`."""
        total = max(1, self._plan.work)
        done = 0

        def advance(size: int) -> None:
            nonlocal done
            control.check()  # an episode may take minutes
            done += size
            progress(min(1.0, done / total))

        files = Files(FileMode.AUTO, advance)
        for step in convert_in_place(self._skills_dir, self._plan, files, control.check):
            for name in (step.file, *step.videos):
                ready(f"data/{name}")


def _episodes(plan: EditPlan) -> list[ConvertEpisode | NameVideos]:
    return [step for step in plan.steps if isinstance(step, (ConvertEpisode, NameVideos))]


def _check(plan: EditPlan) -> None:
    for problem in plan.problems:
        if problem.blocks:
            raise InvalidInput(
                f"The raw images can't be converted: {problem.message} {problem.remedy} "
                "Or upload them raw, as they are."
            )
