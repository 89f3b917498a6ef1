from __future__ import annotations

import shutil
from pathlib import Path

from node_client import Peer, until
from std_srvs.srv import Trigger

from training_manager.msg import SkillList
from training_manager.srv import StartJob, UpdateSkill

SKILLS = "/training_manager/skills"


def test_the_brain_is_told_of_a_change(start, sample_skills: Path, tmp_path: Path, peer: Peer):
    told: list[object] = []

    def reload(request: object, response: Trigger.Response) -> Trigger.Response:
        told.append(request)
        return response

    service = peer.node.create_service(Trigger, "/brain/reload_primitives", reload)
    shutil.copytree(sample_skills, tmp_path / "skills")
    start(tmp_path / "skills")
    lists = peer.listen(SkillList, SKILLS)
    until(lambda: lists)
    name = lists[-1].skills[0].name
    revision = lists[-1].skills[0].revision
    patch = '{"guidelines": "Told."}'
    # The node calls only a service that it has found.
    until(lambda: peer.node.count_clients("/brain/reload_primitives"))
    peer.call(UpdateSkill, "update_skill", name=name, revision=revision, patch_json=patch)
    until(lambda: told)
    del told[:]
    edit = '{"skill": "fold-towel", "episodes": [0], "name": "Cleaned"}'
    peer.call(StartJob, "start_job", kind="delete_episodes", arguments_json=edit)
    until(lambda: told)
    until(lambda: "cleaned" in [skill.name for skill in lists[-1].skills])
    peer.node.destroy_service(service)


def test_ends_cleanly_and_says_a_wrong_parameter(start, tmp_path: Path, peer: Peer):
    (tmp_path / "skills").mkdir()
    manager = start(tmp_path / "skills")
    lists = peer.listen(SkillList, SKILLS)
    until(lambda: lists)
    code, printed = manager.end()
    assert code == 0
    assert "Traceback" not in printed
    assert "rcutils" not in printed  # ROS found all that belongs to our interfaces
    wrong = start(tmp_path / "skills", "-p", "log_level:=loud")
    assert wrong.process.wait(20) == 1
    _, printed = wrong.end()
    assert "log_level must be one of" in printed


def test_a_missing_skills_directory_is_said_and_found_when_it_comes(
    start, sample_skills: Path, tmp_path: Path, peer: Peer
):
    start(tmp_path / "later")
    lists = peer.listen(SkillList, SKILLS)
    until(lambda: lists and lists[-1].problem)
    shutil.copytree(sample_skills, tmp_path / "later")
    until(lambda: lists[-1].skills and not lists[-1].problem)
