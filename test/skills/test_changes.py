from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training_manager_ros.errors import Conflict, InvalidInput, NotFound, Unreadable
from training_manager_ros.skills import (
    StaleRevision,
    create_skill,
    read_metadata,
    update_metadata,
)

PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])


def update(folder: Path, patch: Any) -> str:
    """Apply a patch to what is there now, and return the new text."""
    update_metadata(folder, read_metadata(folder).revision, patch)
    return (folder / "metadata.json").read_text()


def test_a_change_keeps_everything_else_where_it_is(make_skill: Callable[..., Path]) -> None:
    text = '{"zebra":[1,{"b":2,"a":1e3}],"type":"learned","execution":{"z":1,"a":null},"name":"A"}'
    folder = make_skill(text=text)
    assert update(folder, {"name": "B", "execution": {"a": 2}, "new": {"x": 1}}) == (
        '{\n    "zebra": [\n        1,\n        {\n            "b": 2,\n            "a": 1000.0\n'
        '        }\n    ],\n    "type": "learned",\n    "execution": {\n        "z": 1,\n'
        '        "a": 2\n    },\n    "name": "B",\n    "new": {\n        "x": 1\n    }\n}\n'
    )


def test_null_removes_a_key_but_means_default_in_execution(
    make_skill: Callable[..., Path],
) -> None:
    folder = make_skill(training_skill_id="an id", execution={"action_dim": 8, "other": {"a": 1}})
    value = json.loads(
        update(
            folder,
            {"training_skill_id": None, "execution": {"action_dim": None, "other": {"a": None}}},
        )
    )
    assert "training_skill_id" not in value
    assert value["execution"] == {"action_dim": None, "other": {"a": None}}


def test_a_stale_revision_is_refused_and_shows_what_is_there(
    make_skill: Callable[..., Path],
) -> None:
    folder = make_skill()
    first = read_metadata(folder)
    second = update_metadata(folder, first.revision, {"guidelines": "by somebody else"})
    for revision in (first.revision, "", "nonsense"):
        with pytest.raises(StaleRevision) as caught:
            update_metadata(folder, revision, {"name": "Mine"})
        assert caught.value.current == second
    assert read_metadata(folder) == second


def test_wrong_fields_are_named_and_nothing_changes(make_skill: Callable[..., Path]) -> None:
    folder = make_skill()
    before = read_metadata(folder)
    patch = {
        "name": "",
        "type": "learned",
        "guidelines": "this one is fine",
        "execution": {"action_dim": 0, "duration": "1", "checkpoint": "../x"},
    }
    with pytest.raises(InvalidInput) as caught:
        update_metadata(folder, before.revision, patch)
    assert sorted(caught.value.fields) == [
        "execution.action_dim",
        "execution.checkpoint",
        "execution.duration",
        "name",
    ]
    for invalid in ({"execution": []}, {"execution": "x"}, {"type": "dance"}, {"type": "replay"}):
        with pytest.raises(InvalidInput):
            update_metadata(folder, before.revision, invalid)
    assert read_metadata(folder) == before


def test_an_old_mistake_does_not_stop_another_change(make_skill: Callable[..., Path]) -> None:
    folder = make_skill(execution={"action_dim": 100})
    assert json.loads(update(folder, {"name": "B"}))["name"] == "B"
    assert json.loads(update(folder, {"execution": {"action_dim": 10}}))["execution"] == {
        "action_dim": 10
    }


def test_a_null_execution_can_be_repaired(make_skill: Callable[..., Path]) -> None:
    folder = make_skill(execution=None)
    assert json.loads(update(folder, {"execution": {"action_dim": 8}}))["execution"] == {
        "action_dim": 8
    }


def test_a_change_that_changes_nothing_leaves_the_file_alone(
    make_skill: Callable[..., Path],
) -> None:
    folder = make_skill(text='{"name":"A","type":"learned"}')
    before = (folder / "metadata.json").stat()
    for patch in ({}, {"name": "A"}, {"gone": None}):
        assert update(folder, patch) == '{"name":"A","type":"learned"}'
    assert (folder / "metadata.json").stat() == before


def test_a_broken_file_is_not_overwritten(make_skill: Callable[..., Path]) -> None:
    folder = make_skill(text='{"name": "A",}')
    with pytest.raises(Unreadable, match="correct it by hand"):
        update(folder, {"name": "B"})
    assert (folder / "metadata.json").read_text() == '{"name": "A",}'
    with pytest.raises(NotFound):
        update_metadata(folder.parent / "gone", "", {})


@pytest.mark.parametrize(
    "patch",
    [
        [1],
        None,
        {"x": float("nan")},
        {"x": object()},
        {"x": "x" * 2**20},
        json.loads('{"x":' * 900 + "1" + "}" * 900),
    ],
)
def test_a_patch_that_can_not_be_written(make_skill: Callable[..., Path], patch: Any) -> None:
    folder = make_skill()
    before = read_metadata(folder)
    with pytest.raises(InvalidInput):
        update_metadata(folder, before.revision, patch)
    assert read_metadata(folder) == before
    assert os.listdir(folder) == ["metadata.json"]


def test_mode_owner_and_links_stay(root: Path, make_skill: Callable[..., Path]) -> None:
    folder = make_skill()
    path = folder / "metadata.json"
    path.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(path, 12345, 23456)
    before = path.stat()
    update(folder, {"name": "B"})
    after = path.stat()
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert stat.S_IMODE(after.st_mode) == 0o664
    (root / "linked").mkdir()
    (root / "linked" / "metadata.json").symlink_to(path)
    update(root / "linked", {"name": "C"})
    assert (root / "linked" / "metadata.json").is_symlink()
    assert json.loads(path.read_text())["name"] == "C"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
def test_without_the_right_to_write_nothing_happens(make_skill: Callable[..., Path]) -> None:
    readonly_file = make_skill("readonly-file")
    readonly_file.chmod(0o777)
    (readonly_file / "metadata.json").chmod(0o444)
    readonly_folder = make_skill("readonly-folder")
    (readonly_folder / "metadata.json").chmod(0o666)
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from training_manager_ros.errors import TrainingManagerError\n"
        "from training_manager_ros.skills import read_metadata, update_metadata\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "folder = Path(sys.argv[1])\n"
        "try: update_metadata(folder, read_metadata(folder).revision, {'name': 'B'})\n"
        "except TrainingManagerError as error: print(error)\n"
    )
    for folder in (readonly_file, readonly_folder):
        before = read_metadata(folder)
        output = subprocess.run(
            [sys.executable, "-c", script, folder.name],
            cwd=folder.parent,
            env={**os.environ, "PYTHONPATH": PACKAGE_ROOT},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert "can't be written: no permission" in output
        assert read_metadata(folder) == before


KEYS = st.sampled_from(["name", "guidelines", "other", "execution", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(patch=st.dictionaries(KEYS, VALUES, max_size=4))
def test_whatever_is_asked_the_file_stays_whole_and_valid(
    make_skill: Callable[..., Path], root: Path, patch: dict[str, Any]
) -> None:
    folder = root / "skill"
    if not folder.exists():
        make_skill("skill", keep={"b": [1.5, None], "a": "ü"})
    before = read_metadata(folder)
    try:
        after = update_metadata(folder, before.revision, patch)
    except InvalidInput:
        assert read_metadata(folder) == before
        return
    assert read_metadata(folder) == after
    assert after.value is not None
    assert after.value["keep"] == {"b": [1.5, None], "a": "ü"}
    assert json.loads(after.text) == after.value


@pytest.mark.parametrize(
    ("skill_type", "execution", "filled"),
    [
        ("learned", None, {"action_dim": None, "checkpoint": None}),
        ("replay", {"replay_file": "a.h5"}, {"replay_file": "a.h5", "replay_frequency": None}),
        ("poses", {"poses": [[0] * 6], "more": 1}, {"steps": None, "more": 1}),
    ],
)
def test_a_new_skill(
    root: Path, skill_type: str, execution: dict[str, Any], filled: dict[str, Any]
) -> None:
    assert create_skill(root, "Wave twice!", skill_type, "when", "watch", execution) == "wave-twice"
    text = (root / "wave-twice" / "metadata.json").read_text()
    value = json.loads(text)
    assert text == json.dumps(value, indent=4) + "\n"
    assert list(value) == [
        "name",
        "type",
        "guidelines",
        "guidelines_when_running",
        "inputs",
        "execution",
    ]
    assert value["name"] == "Wave twice!"
    assert value["guidelines_when_running"] == "watch"
    assert filled.items() <= value["execution"].items()
    assert os.listdir(root) == ["wave-twice"]


def test_a_new_skill_that_is_not_right(root: Path) -> None:
    for name, skill_type, execution, fields in (
        ("", "learned", {}, {"name"}),
        ("!?", "learned", {}, {"name"}),
        ("A", "dance", {}, {"type"}),
        ("A", "replay", {}, {"execution.replay_file"}),
        ("A", "learned", {"action_dim": 0}, {"execution.action_dim"}),
    ):
        with pytest.raises(InvalidInput) as caught:
            create_skill(root, name, skill_type, execution=execution)
        assert caught.value.fields.keys() == fields
    assert os.listdir(root) == []


def test_a_name_that_is_taken(root: Path) -> None:
    (root / "a-folder").mkdir()
    (root / "a-file").write_text("")
    (root / "a-link").symlink_to("gone")
    for name in ("a folder", "A file", "A-LINK"):
        with pytest.raises(Conflict, match="use another name"):
            create_skill(root, name, "learned")
    assert sorted(os.listdir(root)) == ["a-file", "a-folder", "a-link"]


def test_of_two_who_make_the_same_skill_one_succeeds(root: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from training_manager_ros.errors import Conflict\n"
        "from training_manager_ros.skills import create_skill\n"
        "made = 0\n"
        "for number in range(100):\n"
        "    try: create_skill(Path(sys.argv[1]), f'Skill {number}', 'learned', sys.argv[2])\n"
        "    except Conflict: continue\n"
        "    made += 1\n"
        "print(made)\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(root), guidelines],
            env={**os.environ, "PYTHONPATH": PACKAGE_ROOT},
            stdout=subprocess.PIPE,
        )
        for guidelines in ("one", "other")
    ]
    made = [int(process.communicate()[0]) for process in processes]
    assert sum(made) == 100
    assert len(os.listdir(root)) == 100
    texts = [(root / f"skill-{n}" / "metadata.json").read_text() for n in range(100)]
    assert sum('"one"' in text for text in texts) == made[0]


def test_only_the_skills_directory_itself_is_made(root: Path) -> None:
    assert create_skill(root / "new", "A", "learned") == "a"
    with pytest.raises(NotFound):
        create_skill(root / "no" / "where", "A", "learned")
