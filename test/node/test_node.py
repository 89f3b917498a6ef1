from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from node_client import Manager, Peer, until
from rcl_interfaces.msg import Log, Parameter, ParameterValue
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters

from training_manager.msg import Skill, SkillList
from training_manager.srv import CreateSkill, GetLogs, GetSkill, ListEpisodes, UpdateSkill

SKILLS = "/training_manager/skills"
LOGS = "/training_manager/logs"


def newest(lists: list[SkillList]) -> dict[str, Skill]:
    return {skill.name: skill for skill in lists[-1].skills} if lists else {}


def folders(manager: Manager) -> set[str]:
    names = {path.name for path in manager.skills_dir.iterdir()}
    return {name for name in names if not name.startswith(".")}


def change(peer: Peer, name: str, **patch: object) -> UpdateSkill.Response:
    revision = peer.call(GetSkill, "get_skill", name=name).revision
    return peer.call(
        UpdateSkill, "update_skill", name=name, revision=revision, patch_json=json.dumps(patch)
    )


@pytest.fixture(scope="module")
def skills(manager: Manager, peer: Peer) -> list[SkillList]:
    lists = peer.listen(SkillList, SKILLS)
    until(lambda: lists)
    return lists


def test_a_late_comer_gets_all_skills_at_once(manager: Manager, peer: Peer, skills):
    assert skills[-1].skills_dir == str(manager.skills_dir)
    assert skills[-1].problem == ""
    names = [skill.name for skill in skills[-1].skills]
    assert names == sorted(folders(manager))
    formats = {skill.dataset_format for skill in skills[-1].skills}
    assert formats == {"", "h5", "h264", "mixed", "lerobot-v2.1", "lerobot-v3.0"}
    for skill in skills[-1].skills:
        assert skill.problem == ""
        assert skill.uploaded_episode_count == -1
        assert skill.modified.sec > 1_600_000_000
        if skill.dataset_format:
            assert skill.episode_count
            assert skill.rate
            assert skill.size_bytes


def test_every_skill_and_its_episodes_can_be_read(manager: Manager, peer: Peer, skills):
    for skill in skills[-1].skills:
        answer = peer.call(GetSkill, "get_skill", name=skill.name)
        assert (answer.success, answer.message) == (True, "")
        assert answer.skill == skill
        assert json.loads(answer.metadata_json)["name"] == skill.display_name
        assert answer.revision == skill.revision
        assert {field.path for field in answer.fields} >= {"name", "guidelines"}
        episodes = peer.call(ListEpisodes, "list_episodes", skill=skill.name)
        assert episodes.success is bool(skill.dataset_format)
        if not skill.dataset_format:
            assert "no dataset" in episodes.message
            continue
        assert episodes.total == skill.episode_count == len(episodes.episodes)
        assert [camera.width for camera in episodes.cameras] == [320, 320]
        for episode in episodes.episodes:
            assert list(episode.problems) == []
            assert episode.frames / episodes.rate == pytest.approx(episode.duration)


def test_pages_of_episodes(manager: Manager, peer: Peer, skills):
    name = max(skills[-1].skills, key=lambda skill: skill.episode_count).name
    whole = peer.call(ListEpisodes, "list_episodes", skill=name).episodes
    page = peer.call(ListEpisodes, "list_episodes", skill=name, offset=1, limit=2)
    assert page.episodes == whole[1:3]
    assert page.total == len(whole)
    assert peer.call(ListEpisodes, "list_episodes", skill=name, offset=10_000).episodes == []
    too_many = peer.call(ListEpisodes, "list_episodes", skill=name, limit=501)
    assert not too_many.success
    assert "500" in too_many.message


def test_a_change_by_service_is_on_disk_and_on_the_topic(manager: Manager, peer: Peer, skills):
    name = skills[-1].skills[0].name
    answer = change(peer, name, guidelines="When it rains.")
    assert (answer.success, answer.message) == (True, "")
    text = (manager.skills_dir / name / "metadata.json").read_text()
    assert text == answer.metadata_json
    assert json.loads(text)["guidelines"] == "When it rains."
    until(lambda: newest(skills)[name].revision == answer.revision)


def test_a_stale_revision_is_refused_with_the_current_state(manager: Manager, peer: Peer, skills):
    name = skills[-1].skills[0].name
    old = peer.call(GetSkill, "get_skill", name=name).revision
    current = change(peer, name, guidelines="First.")
    late = peer.call(
        UpdateSkill, "update_skill", name=name, revision=old, patch_json='{"guidelines": "Late."}'
    )
    assert (late.success, late.conflict) == (False, True)
    assert (late.revision, late.metadata_json) == (current.revision, current.metadata_json)
    assert late.message


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ('{"execution": {"action_dim": 65}}', "execution.action_dim"),
        ('{"execution": {"action_dim": "10"}}', "execution.action_dim"),
        ('{"execution": {"duration": true}}', "execution.duration"),
        ('{"name": ""}', "name"),
        ('{"type": "dance"}', "type"),
    ],
)
def test_a_wrong_value_names_its_field(manager: Manager, peer: Peer, skills, patch, field):
    name = next(skill.name for skill in skills[-1].skills if skill.type == "learned")
    before = (manager.skills_dir / name / "metadata.json").read_bytes()
    revision = peer.call(GetSkill, "get_skill", name=name).revision
    answer = peer.call(UpdateSkill, "update_skill", name=name, revision=revision, patch_json=patch)
    assert not answer.success
    assert not answer.conflict
    assert field in [error.field for error in answer.errors]
    assert (manager.skills_dir / name / "metadata.json").read_bytes() == before


@pytest.mark.parametrize("patch", ["", "{", "[1]", "null", '{"a": NaN}', '"text"'])
def test_a_patch_that_is_no_object_is_refused(manager: Manager, peer: Peer, skills, patch):
    name = skills[-1].skills[0].name
    revision = peer.call(GetSkill, "get_skill", name=name).revision
    answer = peer.call(UpdateSkill, "update_skill", name=name, revision=revision, patch_json=patch)
    assert not answer.success
    assert answer.message


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "/etc", "no-such", "a/b", ".hidden", "é\t"]
)
def test_names_that_are_no_skill(manager: Manager, peer: Peer, name):
    for answer in (
        peer.call(GetSkill, "get_skill", name=name),
        peer.call(UpdateSkill, "update_skill", name=name, revision="", patch_json="{}"),
        peer.call(ListEpisodes, "list_episodes", skill=name),
    ):
        assert not answer.success
        assert answer.message


def test_a_new_skill(manager: Manager, peer: Peer, skills):
    answer = peer.call(
        CreateSkill, "create_skill", name="Sort  Screws!", type="learned", guidelines="Blocks."
    )
    assert (answer.success, answer.message) == (True, "")
    assert answer.skill.display_name == "Sort  Screws!"
    until(lambda: answer.skill.name in newest(skills))
    again = peer.call(CreateSkill, "create_skill", name="Sort  Screws!", type="learned")
    assert not again.success
    for wrong in ({"name": "!!!", "type": "learned"}, {"name": "Dance", "type": "dance"}):
        refused = peer.call(CreateSkill, "create_skill", **wrong)
        assert not refused.success
        assert refused.message
    assert set(newest(skills)) == folders(manager)


def test_a_change_on_disk_is_on_the_topic_within_a_second(manager: Manager, peer: Peer, skills):
    name = peer.call(CreateSkill, "create_skill", name="By machine", type="learned").skill.name
    until(lambda: name in newest(skills))
    path = manager.skills_dir / name / "metadata.json"
    value = json.loads(path.read_text())
    value["name"] = "By hand"
    began = time.monotonic()
    path.write_text(json.dumps(value))
    until(lambda: newest(skills)[name].display_name == "By hand")
    assert time.monotonic() - began < 1.0
    shutil.rmtree(manager.skills_dir / name)
    until(lambda: name not in newest(skills))


def test_a_broken_skill_is_shown_and_breaks_no_other(manager: Manager, peer: Peer, skills):
    name = peer.call(CreateSkill, "create_skill", name="Break", type="learned").skill.name
    until(lambda: name in newest(skills))
    (manager.skills_dir / name / "metadata.json").write_text('{"name": ')
    broken = until(lambda: (skill := newest(skills)[name]).problem and skill)
    assert broken.badge == "broken"
    answer = peer.call(GetSkill, "get_skill", name=name)
    assert answer.success
    assert answer.metadata_json == '{"name": '
    statuses: list[DiagnosticArray] = []
    peer.node.create_subscription(DiagnosticArray, "/diagnostics", statuses.append, 1)
    status = until(lambda: statuses and statuses[-1].status[0])
    assert (status.level, status.name) == (b"\x01", "training_manager: skills")
    assert name in {pair.key: pair.value for pair in status.values}["broken"]
    shutil.rmtree(manager.skills_dir / name)
    until(lambda: name not in newest(skills))


def of_panel(lines: Sequence[Log]) -> list[str]:
    """What the panel logged; the node's own lines may be anywhere between."""
    return [line.msg for line in lines if line.name == "training_manager.panel"]


def test_the_log_is_latched_and_takes_in_other_processes(manager: Manager, peer: Peer, skills):
    publisher = peer.node.create_publisher(Log, "/training_manager/log_input", 1000)
    until(lambda: publisher.get_subscription_count())
    for half in (range(300), range(300, 600)):  # not more at once than the node's queue takes
        for number in half:
            publisher.publish(Log(level=20, name="training_manager.panel", msg=f"line {number}"))
        last = f"line {half[-1]}"
        until(lambda last=last: last in [line.msg for line in peer.call(GetLogs, "get_logs").logs])
    lines = peer.listen(Log, LOGS, depth=500)
    until(lambda: len(lines) == 500)
    assert of_panel(lines)[-3:] == ["line 597", "line 598", "line 599"]
    newest = peer.call(GetLogs, "get_logs", limit=20).logs
    assert len(newest) == 20
    assert of_panel(newest)[-2:] == ["line 598", "line 599"]
    assert len(peer.call(GetLogs, "get_logs").logs) == 500

    for number in range(150):
        publisher.publish(Log(level=10, name="training_manager.panel", msg=f"detail {number}"))
    publisher.publish(Log(level=30, name="training_manager.panel", msg="the last line"))
    kept = until(
        lambda: (
            (said := of_panel(peer.call(GetLogs, "get_logs").logs))[-1] == "the last line" and said
        )
    )
    details = [words for words in kept if words.startswith("detail")]
    assert 50 < len(details) <= 100
    assert details == [f"detail {n}" for n in range(150)][-len(details) :]
    others = [words for words in kept if words.startswith("line")]
    assert 350 < len(others) < 400
    assert others == [f"line {n}" for n in range(600)][-len(others) :]


def test_parameters_are_described_and_checked(manager: Manager, peer: Peer, skills):
    names = ["skills_dir", "log_level", "reload_service"]
    described = peer.call(DescribeParameters, "describe_parameters", names=names).descriptors
    assert all(descriptor.description for descriptor in described)
    values = peer.call(GetParameters, "get_parameters", names=names).values
    assert values[0].string_value == str(manager.skills_dir)

    def put(name: str, value: str) -> SetParameters.Response:
        parameter = Parameter(name=name, value=ParameterValue(type=4, string_value=value))
        return peer.call(SetParameters, "set_parameters", parameters=[parameter]).results[0]

    assert put("log_level", "debug").successful
    refused = put("log_level", "loud")
    assert not refused.successful
    assert "debug, info, warning, error" in refused.reason
    assert not put("skills_dir", "/etc").successful
    # Its client is made at the start, and nobody shall have another service called.
    assert not put("reload_service", "/robot/shut_down").successful
