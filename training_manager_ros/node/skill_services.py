"""The services over the skills on disk: reading and changing metadata.json, episodes, the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from training_manager.srv import CreateSkill, GetLogs, GetSkill, ListEpisodes, UpdateSkill
from training_manager_ros.datasets.edit.marks import Mark, read_marks
from training_manager_ros.errors import InvalidInput, Unreadable
from training_manager_ros.node import convert
from training_manager_ros.node.answers import answers_errors
from training_manager_ros.node.logs import KEPT, LogTopic
from training_manager_ros.skills import (
    Catalog,
    StaleRevision,
    create_skill,
    known_fields,
    parse_object,
    read_metadata,
    skill_folder,
    update_metadata,
)

__all__ = ["SkillServices"]

_log = logging.getLogger("training_manager.node")

_PAGE = 100  # episodes a page where the caller names no limit
_LARGEST_PAGE = 500


class SkillServices:
    """Made once; rclpy calls the handlers. `on_change` is told the skill that one has changed."""

    def __init__(
        self, node: Node, catalog: Catalog, logs: LogTopic, on_change: Callable[[str], object]
    ) -> None:
        self._catalog = catalog
        self._skills_dir = catalog.root
        self._logs = logs
        self._on_change = on_change
        handlers = ReentrantCallbackGroup()
        for kind, name, handler in (
            (GetSkill, "~/get_skill", self._get_skill),
            (UpdateSkill, "~/update_skill", self._update_skill),
            (CreateSkill, "~/create_skill", self._create_skill),
            (ListEpisodes, "~/list_episodes", self._list_episodes),
            (GetLogs, "~/get_logs", self._get_logs),
        ):
            node.create_service(kind, name, handler, callback_group=handlers)

    @answers_errors
    def _get_skill(self, request: Any, response: Any) -> Any:
        skill = self._catalog.skill(request.name)
        response.skill = convert.skill_to_msg(skill)
        response.fields = [convert.field_to_msg(field) for field in known_fields(skill.type)]
        metadata = read_metadata(skill_folder(self._skills_dir, request.name))
        response.metadata_json, response.revision = metadata.text, metadata.revision
        return response

    @answers_errors
    def _update_skill(self, request: Any, response: Any) -> Any:
        folder = skill_folder(self._skills_dir, request.name)
        try:
            metadata = update_metadata(
                folder, request.revision, parse_object(request.patch_json, "patch_json")
            )
        except StaleRevision as conflict:
            response.conflict = True
            response.metadata_json = conflict.current.text
            response.revision = conflict.current.revision
            raise
        response.metadata_json, response.revision = metadata.text, metadata.revision
        _log.info("%s: metadata.json changed", request.name)
        self._on_change(request.name)
        return response

    @answers_errors
    def _create_skill(self, request: Any, response: Any) -> Any:
        name = create_skill(
            self._skills_dir,
            request.name,
            request.type,
            guidelines=request.guidelines,
            guidelines_when_running=request.guidelines_when_running,
            execution=parse_object(request.execution_json or "{}", "execution_json"),
        )
        _log.info("%s: new skill", name)
        self._on_change(name)
        response.skill = convert.skill_to_msg(self._catalog.skill(name))
        return response

    @answers_errors
    def _list_episodes(self, request: Any, response: Any) -> Any:
        if request.limit > _LARGEST_PAGE:
            raise InvalidInput(
                f"At most {_LARGEST_PAGE} episodes a page; ask for the rest by offset."
            )
        dataset = self._catalog.dataset(request.skill)
        summary = dataset.summary
        response.dataset_format = summary.format.value
        response.rate = summary.rate
        problems: list[str] = list(summary.problems)
        response.cameras = [convert.camera_to_msg(camera) for camera in dataset.cameras()]
        response.total = len(dataset.episode_ids)
        page = dataset.episodes(request.offset, request.limit or _PAGE)
        marks = self._marks(dataset.root, problems)
        response.episodes = [convert.episode_to_msg(one, marks.get(one.id)) for one in page]
        response.problems = problems
        return response

    def _marks(self, folder: Path, problems: list[str]) -> dict[int, Mark]:
        try:
            return read_marks(folder)
        except Unreadable as error:
            problems.append(f"What was said about episodes can't be read: {error}")
            return {}

    @answers_errors
    def _get_logs(self, request: Any, response: Any) -> Any:
        response.logs = self._logs.newest(min(request.limit or KEPT, KEPT))
        return response
