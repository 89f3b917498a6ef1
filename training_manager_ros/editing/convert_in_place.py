"""Carrying out a conversion in the skill's own folder, episode by episode."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.edit.plan import EditPlan, check_plan
from training_manager_ros.editing.convert_episode import ROOMS, ConvertEpisode, NameVideos
from training_manager_ros.editing.convert_list import list_videos, rescue_episodes
from training_manager_ros.errors import Conflict, Unreadable

__all__ = ["convert_in_place"]


def convert_in_place(
    root: Path, plan: EditPlan, files: Files, check: Callable[[], None] = lambda: None
) -> Iterator[ConvertEpisode | NameVideos]:
    """Carry out a plan to h264; yields each step when its episode is converted.

    `check` raises to stop between two steps, as `files` may at any moment; what is finished stays
    and is not done again. An episode that can't be converted stays as it is, and once the others
    are done `Unreadable` says which. Raises `InvalidInput` where a problem blocks the plan or the
    disk has too little room, and `Conflict` where somebody else converts the same skill.
    """
    check_plan(root, plan)
    if not plan.steps:
        return
    folder = root / plan.name
    problems: list[str] = []
    done: dict[str, tuple[str, ...]] = {}
    with _alone(folder, files):
        _clean(folder, plan, files)
        rescue_episodes(folder / "data", files)
        for step in plan.steps:
            assert isinstance(step, (ConvertEpisode, NameVideos))
            check()
            try:
                step.apply(folder, files)
            except (Unreadable, Conflict) as error:
                problems.append(f"Episode {step.episode} stays as it is: {error}")
                continue
            done[step.file] = step.videos
            yield step
        # a recorder that had read the list before puts back what it had read
        list_videos(folder / "data", done, files)
    if problems:
        raise Unreadable(" ".join(problems))


@contextmanager
def _alone(folder: Path, files: Files) -> Iterator[None]:
    rooms = folder / ROOMS
    files.make_folder(rooms)
    descriptor = os.open(rooms, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Conflict(f"{folder.name} is being converted already.") from None
    try:
        yield
    finally:
        for room in [*rooms.glob("*"), rooms]:
            with contextlib.suppress(OSError):  # something is finished in it
                room.rmdir()
        os.close(descriptor)


def _clean(folder: Path, plan: EditPlan, files: Files) -> None:
    """Remove what was made of recordings that are gone."""
    wanted = {step.room for step in plan.steps if isinstance(step, ConvertEpisode)}
    for name in sorted(os.listdir(folder / ROOMS)):
        if name not in wanted:
            files.change(folder / ROOMS, partial(_remove, name))


def _remove(name: str, rooms: Path) -> None:
    path = rooms / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
