"""A copied skill folder, through ROS."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from node_client import Manager, Peer
from training_world import AS_PRESET, SKILL, Cloud, ok, upload

from training_manager.action import UploadSkill
from training_manager.srv import CreateRun, PlanUpload


def test_a_copy_is_refused_and_can_become_a_skill_of_its_own(
    cloud: Cloud, connect: Callable[..., Manager], peer: Peer, skills: Path
) -> None:
    connect(cloud)
    upload(peer)
    shutil.copytree(skills / SKILL, skills / "copy")
    plan = ok(peer.call(PlanUpload, "plan_upload", skill="copy"))
    assert (plan.shared_with, plan.refused) == ([SKILL], True)
    original = ok(peer.call(PlanUpload, "plan_upload", skill=SKILL))
    assert (original.shared_with, original.refused) == (["copy"], False)
    refused = peer.call(CreateRun, "create_run", skill="copy", **AS_PRESET)
    assert f"same skill on the training server as {SKILL}" in refused.message
    _, result = peer.send_goal(UploadSkill, "upload_skill", skill="copy").result()
    assert (result.success, f"copy is a copy of {SKILL}" in result.message) == (False, True)
    _, result = peer.send_goal(UploadSkill, "upload_skill", skill="copy", as_new=True).result()
    assert result.success, result.message
    assert ok(peer.call(PlanUpload, "plan_upload", skill="copy")).shared_with == []
