"""Plans of the two edits, which are one: choose episodes of some skills for a new skill."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from training_manager_ros.datasets import Dataset, FactCache, open_dataset
from training_manager_ros.datasets.edit.join import Joined, JoinRules, Part, join
from training_manager_ros.datasets.edit.marks import MARKS_FILE, Mark, notes_text, read_marks
from training_manager_ros.datasets.edit.plan import EditPlan, Origin, PlanProblem
from training_manager_ros.datasets.edit.selection import kept_episodes, named_episodes
from training_manager_ros.datasets.edit.steps import Write
from training_manager_ros.editing.metadata import copied_metadata, merged_metadata
from training_manager_ros.editing.provenance import Provenance
from training_manager_ros.errors import Conflict, InvalidInput, Unreadable
from training_manager_ros.skills import folder_name, is_one_line, skill_folder

__all__ = [
    "MergeRules",
    "MergeSource",
    "free_folder",
    "open_patiently",
    "plan_delete",
    "plan_merge",
    "plan_of",
    "utc_now",
]

MergeRules = JoinRules

_LONGEST = 200  # characters of a folder's name; the hidden ones beside it add to theirs
# problems of a list of episodes that may not name everything that was recorded
_UNLISTED = frozenset({"count-differs", "file-unlisted", "leads-elsewhere", "list-broken"})
_PATIENCE = 1.0  # seconds for the recorder to finish writing its list
_PAUSE = 0.05  # seconds between two tries


@dataclass(frozen=True)
class MergeSource:
    """A skill whose episodes go into a merge."""

    skill: str  # folder name
    episodes: Sequence[int] | None = None  # ids in order; None: all
    cameras: Mapping[str, str] = field(default_factory=dict)  # new names of cameras, if any


def utc_now() -> datetime:
    """The time that is noted in what is made."""
    return datetime.now(timezone.utc)


def plan_delete(
    root: Path,
    skill: str,
    delete: Sequence[int],
    new_name: str,
    facts: FactCache,
    *,
    now: Callable[[], datetime] = utc_now,
    request: Mapping[str, object] | None = None,
) -> EditPlan:
    """A copy of `skill` without some episodes, as the new skill `new_name` (a display name).

    Writes nothing. `request` is noted in the copy, so that whoever asked can find it done.
    Raises `InvalidInput` for ids that are unknown, none or all, `Conflict` where the new skill's
    folder is taken, `NotFound` where there is no such skill or dataset, and `Unreadable`.
    """
    folder = free_folder(root, new_name)
    source = skill_folder(root, skill)
    dataset = open_patiently(source, facts)
    part = Part(dataset, kept_episodes(delete, dataset.episode_ids))
    metadata = copied_metadata(source, new_name)
    joined = join([part], JoinRules())
    made_by = Provenance("delete", joined.origins, now(), dict(request or {}))
    return plan_of(folder, [part], joined, metadata, made_by, ())


def plan_merge(
    root: Path,
    sources: Sequence[MergeSource],
    new_name: str,
    rules: MergeRules,
    facts: FactCache,
    *,
    now: Callable[[], datetime] = utc_now,
    request: Mapping[str, object] | None = None,
) -> EditPlan:
    """The sources' episodes, in order, as the new skill `new_name`; see `plan_delete`.

    What the sources disagree about, and no rule settles, is a problem of the plan that blocks it.
    Raises `InvalidInput` for sources that can't be merged at all.
    """
    if not sources:
        raise InvalidInput("Nothing is to be merged; name the sources.")
    folder = free_folder(root, new_name)
    parts = [_part(root, source, facts) for source in sources]
    folders = list(dict.fromkeys(part.dataset.root for part in parts))
    metadata, problems = merged_metadata(folders, new_name)
    joined = join(parts, rules)
    made_by = Provenance("merge", joined.origins, now(), dict(request or {}))
    twice = [*problems, *_repeated(joined.origins)]
    return plan_of(folder, parts, joined, metadata, made_by, twice)


def free_folder(root: Path, new_name: str) -> str:
    """The folder's name of a new skill; `InvalidInput` or `Conflict` where it can't be had."""
    if not is_one_line(new_name):
        message = "must be one line of text, without control characters"
        raise InvalidInput(f"The name {message}.", {"name": message})
    folder = folder_name(new_name)
    if len(folder) > _LONGEST:
        message = f"must give a folder name of at most {_LONGEST} characters"
        raise InvalidInput(f"The name {message}.", {"name": message})
    if os.path.lexists(root / folder):
        raise Conflict(f"There is already a skill in the folder {folder}; choose another name.")
    return folder


def _part(root: Path, source: MergeSource, facts: FactCache) -> Part:
    dataset = open_patiently(skill_folder(root, source.skill), facts)
    known = dataset.episode_ids
    chosen = known if source.episodes is None else source.episodes
    return Part(dataset, named_episodes(chosen, known), dict(source.cameras))


def open_patiently(folder: Path, facts: FactCache) -> Dataset:
    """The dataset; the recorder, which may be writing its list at this moment, gets some time."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return open_dataset(folder, facts)
        except Unreadable:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def plan_of(
    folder: str,
    parts: Sequence[Part],
    joined: Joined,
    metadata: str,
    made_by: Provenance,
    problems: Sequence[PlanProblem],
) -> EditPlan:
    """The plan of the skill in `folder`, made of the parts as they are joined."""
    marks, mark_problems = _marks(parts, joined.origins)
    notes = notes_text({"made_by": made_by.value()}, marks)
    own = (
        Write(MARKS_FILE, notes.encode()),
        Write("metadata.json", metadata.encode()),
    )
    return EditPlan(
        name=folder,
        sources=tuple(part.skill for part in parts),
        format=joined.format,
        rate=joined.rate,
        cameras=joined.cameras,
        episodes=joined.origins,
        frames=joined.frames,
        problems=(*_left_out(parts), *joined.problems, *problems, *mark_problems),
        steps=(*joined.steps, *own),
    )


def _left_out(parts: Sequence[Part]) -> Iterator[PlanProblem]:
    """A note where a source may hold recordings that its list of episodes does not name."""
    for dataset in dict.fromkeys(part.dataset for part in parts):
        wrong = [problem for problem in dataset.summary.problems if problem.code in _UNLISTED]
        if wrong:
            more = f" There are {len(wrong) - 3} more problems like that." if wrong[3:] else ""
            yield PlanProblem(
                f"{dataset.root.name}: {' '.join(wrong[:3])}{more}",
                "Only what the list of episodes names is taken over.",
            )


def _marks(
    parts: Sequence[Part], origins: Sequence[Origin]
) -> tuple[dict[int, Mark], list[PlanProblem]]:
    """The sources' marks by the new ids."""
    marks: dict[str, dict[int, Mark]] = {}
    problems: list[PlanProblem] = []
    for folder in dict.fromkeys(part.dataset.root for part in parts):
        try:
            marks[folder.name] = read_marks(folder)
        except Unreadable as error:
            remedy = "Its marks are left out."
            problems.append(PlanProblem(f"{folder.name}: {error}", remedy))
    return {
        one.new_id: marks[one.skill][one.episode]
        for one in origins
        if one.episode in marks.get(one.skill, {})
    }, problems


def _repeated(origins: Sequence[Origin]) -> list[PlanProblem]:
    seen = Counter((one.skill, one.episode) for one in origins)
    twice = sorted(one for one, times in seen.items() if times > 1)
    if not twice:
        return []
    listed = ", ".join(f"{skill} {episode}" for skill, episode in twice[:5])
    listed += ", …" if len(twice) > 5 else ""
    return [PlanProblem(f"Episodes are in it more than once: {listed}.", "Name each once.")]
