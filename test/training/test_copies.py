"""Copied skill folders: one skill on the server has room for one of them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_server import FaultServer
from helpers import metadata, on_disk, stored

from training_manager_ros.errors import Conflict, InvalidInput
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.copies import find_copies, refuse_copy, set_apart
from training_manager_ros.training.dataset_facts import DatasetFacts
from training_manager_ros.training.ledger import claim, read_ledger
from training_manager_ros.training.new_run import create_run
from training_manager_ros.training.run_request import RunRequest
from training_manager_ros.training.skill_metadata import metadata_value
from training_manager_ros.training.upload_plan import UploadState, plan_upload

MakeSkill = Callable[..., Path]


def copied(folder: Path, name: str = "copy") -> Path:
    """What `cp -r` makes."""
    copy = folder.with_name(name)
    shutil.copytree(folder, copy, symlinks=True)
    return copy


def give_id(folder: Path, skill_id: str) -> None:
    """As another program leaves it: the id alone, and no ledger."""
    value = {**metadata(folder), "training_skill_id": skill_id}
    (folder / "metadata.json").write_text(json.dumps(value))


def test_a_copy_replaces_nothing_of_its_original(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    copy = copied(folder)
    (copy / "data" / "episode_1.h5").write_bytes(b"another one")
    before = stored(server, skill_id)
    server.calls.clear()
    with pytest.raises(Conflict, match=r"copy is a copy of pick-cup and .* \(--as-new\)"):
        client.upload(copy)
    assert server.calls == []
    plan = plan_upload(copy, client.server_name)
    assert (plan.shared_with, plan.refused) == (("pick-cup",), True)
    with pytest.raises(InvalidInput, match="same skill on the training server as pick-cup, whose"):
        create_run(client, copy, RunRequest(), DatasetFacts())
    assert server.calls == []
    assert stored(server, skill_id) == before

    plan = plan_upload(folder, client.server_name)
    assert (plan.shared_with, plan.refused, plan.state) == (("copy",), False, UploadState.WHOLE)
    assert client.upload(folder).sent == ()


def test_a_copy_becomes_a_skill_of_its_own(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    copy = copied(folder)
    before = stored(server, skill_id)
    result = client.upload(copy, as_new=True)
    assert result.skill_id != skill_id
    assert set(result.elsewhere.values()) == {"pick-cup"}
    assert stored(server, result.skill_id) == on_disk(copy)
    assert stored(server, skill_id) == before
    assert metadata(copy)["uploaded_episode_count"] == 3
    for one in (folder, copy):
        plan = plan_upload(one, client.server_name)
        assert (plan.shared_with, plan.refused, plan.state) == ((), False, UploadState.WHOLE)
        assert client.upload(one).sent == ()
    assert client.upload(copy, as_new=True).skill_id == result.skill_id  # it is one already
    assert len(server.skills) == 2


def test_the_original_can_go_its_own_way_too(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    copy = copied(folder)
    assert client.upload(folder, as_new=True).skill_id != skill_id
    assert client.upload(copy).skill_id == skill_id


def test_a_renamed_folder_is_the_same_skill(client: TrainingClient, make_skill: MakeSkill) -> None:
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    renamed = folder.rename(folder.with_name("renamed"))
    copied(renamed, "pick-cup")
    assert find_copies(renamed, skill_id).owner == "renamed"
    result = client.upload(renamed)
    assert (result.skill_id, result.sent) == (skill_id, ())
    with pytest.raises(Conflict, match="pick-cup is a copy of renamed"):
        client.upload(renamed.with_name("pick-cup"))


def test_a_copy_whose_original_is_gone_is_not_refused(
    client: TrainingClient, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    copy = copied(folder)
    shutil.rmtree(folder)
    result = client.upload(copy)
    assert (result.skill_id, result.sent) == (skill_id, ())
    assert find_copies(copied(copy, "again"), skill_id).owner == "copy"


@pytest.mark.parametrize("where", ["metadata", "legacy"])
def test_where_it_can_not_be_told_whose_it_is_all_are_refused(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, where: str
) -> None:
    folder = make_skill()
    server.skills["some-id"] = {"skill_id": "some-id", "name": "Pick cup"}
    if where == "metadata":
        give_id(folder, "some-id")
    else:
        (folder / "server-skill.json").write_text('{"id": "some-id"}')
    copy = copied(folder)
    for one, other in ((folder, copy), (copy, folder)):
        with pytest.raises(Conflict, match=f"{one.name} and {other.name} are the same skill"):
            client.upload(one)
        assert plan_upload(one, client.server_name).refused
    assert client.upload(copy, as_new=True).skill_id != "some-id"
    assert not (copy / "server-skill.json").exists()
    assert client.upload(folder).skill_id == "some-id"


def test_two_that_both_were_uploaded_with_the_id_are_both_refused(make_skill: MakeSkill) -> None:
    folders = [make_skill("one"), make_skill("two")]
    for folder in folders:
        give_id(folder, "some-id")
        (folder / ".training_manager").mkdir()
        line = {"server": "x", "skill_id": "some-id", "inode": folder.stat().st_ino}
        (folder / ".training_manager" / "upload.jsonl").write_text(json.dumps(line))
    for folder in folders:
        with pytest.raises(Conflict, match="same skill"):
            refuse_copy(folder)


def test_what_is_no_copy(client: TrainingClient, make_skill: MakeSkill) -> None:
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    copied(folder, ".hidden")
    folder.with_name("link").symlink_to(folder)
    folder.with_name("no-skill").mkdir()
    broken = copied(folder, "broken")
    (broken / "metadata.json").write_text("{")
    make_skill("another")
    make_skill("yet-another")
    assert find_copies(folder, skill_id).others == ()
    assert find_copies(folder.with_name("another"), "").others == ()  # both were never uploaded


def test_setting_apart_goes_on_after_a_kill_at_any_step(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    copy = copied(folder)
    # killed when the id was gone and the ledger was still the original's
    value = metadata(copy)
    del value["training_skill_id"]
    (copy / "metadata.json").write_text(json.dumps(value))
    set_apart(copy)
    assert read_ledger(copy).skill_id == ""
    assert read_ledger(copy).inode == copy.stat().st_ino
    assert "uploaded_episode_count" not in metadata_value(copy)
    # killed when the new id was there and nothing was uploaded yet
    server.skills["new-id"] = {"skill_id": "new-id", "name": "Pick cup"}
    give_id(copy, "new-id")
    result = client.upload(copy, as_new=True)
    assert result.skill_id == "new-id"
    assert stored(server, skill_id) == on_disk(folder)


def test_a_skill_that_was_never_uploaded_can_be_asked_for_as_new(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    result = client.upload(make_skill(), as_new=True)
    assert list(server.skills) == [result.skill_id]


def test_a_claimed_ledger_is_empty(make_skill: MakeSkill) -> None:
    folder = make_skill()
    claim(folder)
    ledger = read_ledger(folder)
    assert (ledger.skill_id, ledger.records, ledger.complete) == ("", {}, None)
