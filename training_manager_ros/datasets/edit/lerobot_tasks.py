"""The tasks of LeRobot datasets: a list, and numbers in the rows that name its entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from training_manager_ros.datasets.edit.lerobot_parts import source_of
from training_manager_ros.datasets.edit.parts import Part
from training_manager_ros.datasets.edit.plan import PlanProblem
from training_manager_ros.datasets.jsonfile import read_json_lines, to_int, to_text
from training_manager_ros.datasets.model import DatasetFormat
from training_manager_ros.errors import Unreadable

__all__ = ["Change", "annotation_notes", "merge_tasks", "read_tasks", "task_column"]

Change = tuple[tuple[int, int], ...]  # old and new task_index; () = they stay as they are


def read_tasks(part: Part) -> dict[int, str]:
    """The tasks of a source by task_index; none where there is no list of them."""
    meta = source_of(part).root / "data/meta"
    if source_of(part).summary.format is DatasetFormat.LEROBOT_V30:
        path = meta / "tasks.parquet"
        if not path.is_file():
            return {}
        try:
            table = pq.read_table(path)
        except (OSError, ValueError) as error:
            raise Unreadable(f"{path.name} can't be read as parquet.") from error
        texts = table.column(task_column(table)).to_pylist()
        return dict(enumerate(map(to_text, texts)))
    path = meta / "tasks.jsonl"
    if not path.is_file():
        return {}
    lines, _ = read_json_lines(path)
    numbered = [
        (to_int(line.get("task_index"), i), line.get("task")) for i, line in enumerate(lines)
    ]
    return {number: to_text(text) for number, text in numbered if number is not None}


def task_column(table: Any) -> str:
    """Which column of tasks.parquet holds the texts: the data frame's index, or another."""
    names: list[str] = table.schema.names
    for name in ("__index_level_0__", "task"):
        if name in names:
            return name
    others = [name for name in names if name != "task_index"]
    if not others:
        raise Unreadable("tasks.parquet holds no texts.")
    return others[0]


def merge_tasks(
    sources: Sequence[Mapping[int, str]], dense: bool
) -> tuple[dict[int, str], list[Change]]:
    """All tasks, the first source's first and in order, and each source's old and new numbers.

    () stands for numbers that stay as they are. `dense`: numbers count up from 0 without gaps.
    """
    tasks: dict[int, str] = {}
    changes: list[Change] = []
    for source in sources:
        mapped: list[tuple[int, int]] = []
        for old, text in sorted(source.items()):
            # the first source keeps even two tasks of the same text apart
            known = None if not changes else next((n for n, t in tasks.items() if t == text), None)
            new = known
            if new is None:
                new = len(tasks) if dense else (old if not changes else max(tasks, default=-1) + 1)
            tasks[new] = text
            mapped.append((old, new))
        changes.append(() if all(old == new for old, new in mapped) else tuple(mapped))
    return tasks, changes


def annotation_notes(parts: Sequence[Part], changes: Sequence[Change]) -> Iterator[PlanProblem]:
    """A note for sources with further columns that may number tasks, whose numbers change."""
    for part, change in zip(parts, changes, strict=True):
        if not change:
            continue
        try:
            schema = pq.read_schema(source_of(part).rows(part.episodes[0]).file.path)
        except (Unreadable, OSError, ValueError):
            continue  # its episode says so
        for field in schema:
            if field.name.startswith("annotation.") and pa.types.is_integer(field.type):
                yield PlanProblem(
                    f"{field.name} of {part.skill} stays as it is; if it numbers tasks, it names "
                    "others in the result.",
                    "Merge it as the first source, or without that column.",
                )
