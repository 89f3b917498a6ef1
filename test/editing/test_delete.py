from __future__ import annotations

import json
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import INNATE, datasets

from training_manager_ros.datasets import DatasetFormat, FactCache
from training_manager_ros.datasets.edit.files import FileMode, Files
from training_manager_ros.datasets.edit.plan import EditPlan, apply_plan
from training_manager_ros.editing import (
    Mark,
    Verdict,
    estimate,
    mark_episodes,
    plan_delete,
    read_marks,
    read_provenance,
)
from training_manager_ros.errors import Conflict, InvalidInput, NotFound, Unreadable

from .conftest import spec
from .seen import contents, leftovers, tree, visible

NOW = datetime(2026, 3, 2, 9, tzinfo=timezone.utc)


def plan(root: Path, delete: list[int], name: str = "Cup, clean", skill: str = "cup") -> EditPlan:
    return plan_delete(root, skill, delete, name, FactCache(None), now=lambda: NOW)


@pytest.mark.parametrize("kind", INNATE)
def test_a_copy_holds_the_kept_episodes_and_nothing_else(kind: DatasetFormat):
    @settings(max_examples=8, deadline=None)
    @given(datasets(formats=[kind], min_episodes=2), st.data())
    def check(generated, data):
        count = len(generated.lengths)
        gone = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=count - 1))
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            generated.write(root / "cup")
            before, episodes = tree(root / "cup"), contents(root / "cup")
            kept = [one for number, one in enumerate(episodes) if number not in gone]
            made = plan(root, sorted(gone))
            assert visible(root) == ["cup"]
            assert leftovers(root) == []
            mode = data.draw(st.sampled_from([FileMode.AUTO, FileMode.HARDLINK, FileMode.COPY]))
            assert apply_plan(root, made, Files(mode)) == root / "cup-clean"
            assert contents(root / "cup-clean") == kept
            assert made.frames == sum(one["frames"] for one in kept)
            assert len(made.episodes) == len(kept)
            assert tree(root / "cup") == before
            assert leftovers(root) == []

    check()


def test_files_are_renamed_by_number_and_not_by_text(root: Path):
    spec(DatasetFormat.H264, cameras=("1_0", "0"), lengths=(1,) * 12, converted=range(12)).write(
        root / "cup"
    )
    apply_plan(root, plan(root, [0]), Files())
    names = sorted(tree(root / "cup-clean"))
    assert "data/episode_10_1_0.mp4" in names
    assert not [name for name in names if "episode_11" in name]
    listed = json.loads((root / "cup-clean/data/dataset_metadata.json").read_text())
    assert listed["number_of_episodes"] == 11
    last = {"episode_id": 10, "file_name": "episode_10.h5"}
    assert listed["episodes"][10].items() >= last.items()
    assert listed["episodes"][10]["video_files"] == ["episode_10_0.mp4", "episode_10_1_0.mp4"]


def test_metadata_loses_what_belongs_to_the_source_alone(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    value = {
        "name": "Cup",
        "zeal": [1, {"a": None}],
        "training_skill_id": "abc",
        "type": "learned",
        "uploaded_episode_count": 4,
        "execution": {"checkpoint": "1/a.pth", "duration": None, "stats_file": "1/s.pt", "x": 1},
        "guidelines": "Tässä",
    }
    (root / "cup/metadata.json").write_text(json.dumps(value))
    (root / "cup/17").mkdir()
    (root / "cup/17/act_step_1.pth").write_bytes(b"weights")
    apply_plan(root, plan(root, [0]), Files())
    text = (root / "cup-clean/metadata.json").read_text()
    copied = json.loads(text)
    assert list(copied) == ["name", "zeal", "type", "execution", "guidelines"]
    assert copied["name"] == "Cup, clean"
    assert copied["execution"] == {"duration": None, "x": 1}
    assert text == json.dumps(copied, indent=4, ensure_ascii=False) + "\n"
    assert not (root / "cup-clean/17").exists()


def test_unknown_keys_of_the_list_and_of_its_episodes_stay(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    path = root / "cup/data/dataset_metadata.json"
    listed = json.loads(path.read_text())
    listed["robot"] = "maurice"
    listed["data_frequency"] = 30
    for number, entry in enumerate(listed["episodes"]):
        entry["operator"] = f"op{number}"
    path.write_text(json.dumps(listed))
    apply_plan(root, plan(root, [1]), Files())
    copied = json.loads((root / "cup-clean/data/dataset_metadata.json").read_text())
    assert copied["robot"] == "maurice"
    assert repr(copied["data_frequency"]) == "30"
    assert [entry["operator"] for entry in copied["episodes"]] == ["op0", "op2", "op3"]


def test_marks_follow_their_episodes_and_provenance_is_kept(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    mark_episodes(root / "cup", [1], Verdict.REJECT, "dropped it")
    mark_episodes(root / "cup", [2, 3], Verdict.KEEP)
    mark_episodes(root / "cup", [3], note="best")
    before = tree(root / "cup")
    apply_plan(root, plan(root, [1]), Files())
    assert read_marks(root / "cup-clean") == {
        1: Mark(Verdict.KEEP),
        2: Mark(Verdict.KEEP, "best"),
    }
    made_by = read_provenance(root / "cup-clean")
    assert made_by is not None
    assert (made_by.operation, made_by.time) == ("delete", NOW)
    assert made_by.tool.startswith("training_manager ")
    assert [(one.skill, one.episode, one.new_id) for one in made_by.episodes] == [
        ("cup", 0, 0),
        ("cup", 2, 1),
        ("cup", 3, 2),
    ]
    assert tree(root / "cup") == before


def test_equal_plans_are_equal(root: Path):
    spec(DatasetFormat.MIXED).write(root / "cup")
    assert plan(root, [1, 2]) == plan(root, [2, 1, 1])
    assert plan(root, [1]) != plan(root, [2])


@pytest.mark.parametrize("gone", [[], [0, 1, 2, 3], [4], [-1], [0, 99]])
def test_nothing_everything_and_unknown_ids_are_refused(root: Path, gone: list[int]):
    spec(DatasetFormat.H5).write(root / "cup")
    with pytest.raises(InvalidInput):
        plan(root, gone)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("Cup", Conflict),
        ("!?", InvalidInput),
        ("a" * 201, InvalidInput),
        ("a\nb", InvalidInput),
    ],
)
def test_a_name_that_can_not_be_had_is_refused(root: Path, name: str, error: type):
    spec(DatasetFormat.H5).write(root / "cup")
    with pytest.raises(error):
        plan(root, [0], name)


@pytest.mark.parametrize("skill", ["../cup", "cup/data", "nothing", "", "."])
def test_a_skill_that_is_none_is_refused(root: Path, skill: str):
    spec(DatasetFormat.H5).write(root / "cup")
    with pytest.raises((NotFound, InvalidInput)):
        plan(root, [0], skill=skill)


def damage_missing_h5(skill: Path) -> None:
    (skill / "data/episode_1.h5").unlink()


def damage_cut_h5(skill: Path) -> None:
    path = skill / "data/episode_1.h5"
    path.write_bytes(path.read_bytes()[:1000])


def damage_missing_video(skill: Path) -> None:
    (skill / "data/episode_1_camera_2.mp4").unlink()


def damage_cut_video(skill: Path) -> None:
    path = skill / "data/episode_1_camera_2.mp4"
    path.write_bytes(path.read_bytes()[:100])


def damage_pointer(skill: Path) -> None:
    path = skill / "data/episode_1_camera_2.mp4"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n")


@pytest.mark.parametrize(
    "damage",
    [damage_missing_h5, damage_cut_h5, damage_missing_video, damage_cut_video, damage_pointer],
)
def test_a_broken_episode_can_be_deleted_but_not_kept(root: Path, damage):
    spec(DatasetFormat.H264).write(root / "cup")
    sound = contents(root / "cup")
    damage(root / "cup")
    kept = plan(root, [0])
    assert [problem.blocks for problem in kept.problems]
    assert all(problem.blocks and problem.remedy for problem in kept.problems)
    assert all("episode 1" in problem.message for problem in kept.problems)
    with pytest.raises(InvalidInput, match="episode 1"):
        apply_plan(root, kept, Files())
    assert visible(root) == ["cup"]
    assert leftovers(root) == []
    without = plan(root, [1])
    assert without.problems == ()
    apply_plan(root, without, Files())
    assert contents(root / "cup-clean") == [sound[0], sound[2], sound[3]]


def test_an_oddity_is_told_and_blocks_nothing(root: Path):
    spec(DatasetFormat.H264).write(root / "cup")
    data = root / "cup/data"
    # a video with fewer frames than the episode has timesteps
    (data / "episode_0_camera_1.mp4").write_bytes((data / "episode_1_camera_1.mp4").read_bytes())
    made = plan(root, [3])
    assert made.problems
    assert not any(problem.blocks for problem in made.problems)
    apply_plan(root, made, Files())


def test_broken_metadata_is_refused_before_anything_is_made(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    (root / "cup/metadata.json").write_text("{")
    with pytest.raises(Unreadable, match=r"metadata\.json"):
        plan(root, [0])


def test_broken_marks_are_left_out_and_told(root: Path):
    spec(DatasetFormat.H5).write(root / "cup")
    (root / "cup/data/.training_manager.json").write_text("{")
    made = plan(root, [0])
    assert [problem.blocks for problem in made.problems] == [False]
    apply_plan(root, made, Files())
    assert read_marks(root / "cup-clean") == {}


def test_a_file_that_changed_since_the_plan_stops_it(root: Path):
    spec(DatasetFormat.H264).write(root / "cup")
    made = plan(root, [0])
    with (root / "cup/data/episode_2.h5").open("ab") as file:
        file.write(b"more")
    with pytest.raises(Conflict, match=r"episode_2\.h5 was changed"):
        apply_plan(root, made, Files())
    assert visible(root) == ["cup"]
    assert leftovers(root) == []


def test_links_cost_nothing_and_copies_their_size(root: Path):
    spec(DatasetFormat.H264).write(root / "cup")
    made = plan(root, [0])
    linked = estimate(root, made, FileMode.AUTO)
    copied = estimate(root, made, FileMode.COPY)
    assert linked.bytes_to_write == made.written < 10_000
    assert copied.bytes_to_write == made.written + made.linked
    assert made.linked == sum(
        path.stat().st_size
        for path in (root / "cup/data").iterdir()
        if path.suffix != ".json" and not path.name.startswith("episode_0")
    )
    assert linked.fits
    assert linked.bytes_free > 0


@pytest.mark.parametrize("count", [1, 5])
def test_recordings_that_are_not_listed_are_told(root: Path, count: int):
    spec(DatasetFormat.H5).write(root / "a")
    path = root / "a/data/dataset_metadata.json"
    value = json.loads(path.read_text())
    value["episodes"] += [None] * (count - 1)
    path.write_text(json.dumps(value | {"number_of_episodes": len(value["episodes"])}))
    (root / "a/data/episode_7.h5").write_bytes((root / "a/data/episode_0.h5").read_bytes())
    made = plan_delete(root, "a", [0], "Less", FactCache(None))
    (note,) = made.problems
    assert not note.blocks
    assert ("There are 3 more" in note.message) == (count == 5)
    if count == 1:
        assert note.message == "a: Files in data/ are not in the list of episodes: episode_7.h5."
