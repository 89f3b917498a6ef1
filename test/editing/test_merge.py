from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import h5py
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import INNATE, LEROBOT, datasets

from training_manager_ros.datasets import DatasetFormat, FactCache
from training_manager_ros.datasets.edit.files import FileMode, Files
from training_manager_ros.datasets.edit.plan import EditPlan, apply_plan
from training_manager_ros.editing import (
    Mark,
    MergeRules,
    MergeSource,
    Verdict,
    estimate,
    mark_episodes,
    plan_delete,
    plan_merge,
    read_marks,
    read_provenance,
)
from training_manager_ros.errors import InvalidInput, NotFound

from .conftest import spec
from .converting import numbers, sound, values
from .seen import contents, leftovers, open_skill, tree, visible


def plan(root: Path, sources: Sequence[MergeSource], rules: MergeRules | None = None) -> EditPlan:
    return plan_merge(root, sources, "Both", rules or MergeRules(), FactCache(None))


def two(root: Path, kind: DatasetFormat = DatasetFormat.H5, **second: object) -> list[MergeSource]:
    """Two skills, the second of them different as asked."""
    spec(kind).write(root / "a")
    spec(kind, **{"label": 20, **second}).write(root / "b")
    return [MergeSource("a"), MergeSource("b")]


@pytest.mark.parametrize("kind", [DatasetFormat.H5, DatasetFormat.H264])
def test_merging_and_then_deleting_one_source_gives_the_other(kind: DatasetFormat):
    @settings(max_examples=6, deadline=None)
    @given(datasets(formats=[kind], max_episodes=3), st.data())
    def check(one, data):
        lengths = tuple(data.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
        other = replace(one, lengths=lengths, label=one.label + 10)
        if kind is DatasetFormat.H264:
            other = replace(other, converted=frozenset(range(len(lengths))))
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            one.write(root / "a")
            other.write(root / "b")
            before = tree(root)
            first, second = contents(root / "a"), contents(root / "b")
            made = plan(root, [MergeSource("a"), MergeSource("b")])
            assert made.problems == ()
            assert tree(root) == before
            apply_plan(root, made, Files())
            assert contents(root / "both") == first + second
            assert made.frames == sum(one["frames"] for one in first + second)
            ids = range(len(first), len(first) + len(second))
            again = plan_delete(root, "both", list(ids), "only a", FactCache(None))
            apply_plan(root, again, Files())
            assert contents(root / "only-a") == first
            ids = range(len(first))
            apply_plan(
                root, plan_delete(root, "both", list(ids), "only b", FactCache(None)), Files()
            )
            assert contents(root / "only-b") == second
            after = tree(root)
            assert {name: after[name] for name in before} == before

    check()


def test_episodes_come_in_the_order_asked_for(root: Path):
    two(root)
    first, second = contents(root / "a"), contents(root / "b")
    sources = [
        MergeSource("b", [3, 0]),
        MergeSource("a", [2]),
        MergeSource("b", [1]),
    ]
    apply_plan(root, plan(root, sources), Files())
    assert contents(root / "both") == [second[3], second[0], first[2], second[1]]
    made_by = read_provenance(root / "both")
    assert made_by is not None
    assert [(one.skill, one.episode) for one in made_by.episodes] == [
        ("b", 3),
        ("b", 0),
        ("a", 2),
        ("b", 1),
    ]


def test_metadata_is_fresh_and_knows_the_keys_of_all_sources(root: Path):
    sources = two(root)
    for name, execution in (
        ("a", {"duration": 3, "checkpoint": "x", "model_type": "act_policy"}),
        ("b", {"zeal": 1, "duration": 4, "stats_file": "y"}),
    ):
        value = {"name": name, "type": "learned", "guidelines": "do", "execution": execution}
        (root / name / "metadata.json").write_text(json.dumps(value))
    apply_plan(root, plan(root, sources), Files())
    assert json.loads((root / "both/metadata.json").read_text()) == {
        "name": "Both",
        "type": "learned",
        "guidelines": "",
        "guidelines_when_running": "",
        "inputs": {},
        "execution": {"duration": None, "model_type": None, "zeal": None},
    }


def test_broken_metadata_of_a_source_is_told_and_blocks_nothing(root: Path):
    sources = two(root)
    (root / "b/metadata.json").write_text("{")
    made = plan(root, sources)
    assert [problem.blocks for problem in made.problems] == [False]
    apply_plan(root, made, Files())


def test_marks_of_all_sources_survive(root: Path):
    sources = two(root)
    mark_episodes(root / "a", [1], Verdict.KEEP, "a1")
    mark_episodes(root / "b", [0], Verdict.REJECT, "b0")
    apply_plan(root, plan(root, sources), Files())
    assert read_marks(root / "both") == {
        1: Mark(Verdict.KEEP, "a1"),
        4: Mark(Verdict.REJECT, "b0"),
    }


def blocked(root: Path, made: EditPlan, words: str, rule: str) -> None:
    blocking = [problem for problem in made.problems if problem.blocks]
    assert [rule] == [problem.rule for problem in blocking if words in problem.message], blocking
    assert all(problem.remedy for problem in made.problems if problem.blocks)
    with pytest.raises(InvalidInput, match=words):
        apply_plan(root, made, Files())
    assert visible(root) == ["a", "b"]
    assert leftovers(root) == []


def test_different_rates_need_a_rule(root: Path):
    sources = two(root, rate=15.0)
    blocked(root, plan(root, sources), "frame rates differ", "rate")
    made = plan(root, sources, MergeRules(rate=15.0))
    assert [problem.blocks for problem in made.problems] == [False]
    assert "0.5 times as fast" in made.problems[0].message
    apply_plan(root, made, Files())
    assert open_skill(root / "both").summary.rate == 15.0
    assert len(contents(root / "both")) == 8


def test_one_source_at_another_rate_is_told_as_well(root: Path):
    source = two(root)[:1]
    assert plan(root, source).problems == ()
    made = plan(root, source, MergeRules(rate=15.0))
    assert "0.5 times as fast" in made.problems[0].message


def test_an_unknown_rate_is_a_difference_too(root: Path):
    sources = two(root)
    path = root / "b/data/dataset_metadata.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"data_frequency": 0}))
    blocked(root, plan(root, sources), "a 30 Hz, b unknown", "rate")


@pytest.mark.parametrize("width", [{"action_width": 8}, {"state_width": 7}])
def test_different_widths_need_a_rule(root: Path, width: Mapping[str, int]):
    sources = two(root, **width)
    blocked(root, plan(root, sources), "values in a and", "any_width")
    apply_plan(root, plan(root, sources, MergeRules(any_width=True)), Files())
    assert len(contents(root / "both")) == 8


def test_different_cameras_are_mapped_or_allowed(root: Path):
    sources = two(root, cameras=("camera_1", "wrist"))
    blocked(root, plan(root, sources), "cameras differ", "any_cameras")
    first, second = contents(root / "a"), contents(root / "b")
    before = tree(root)
    mapped = [MergeSource("a"), MergeSource("b", cameras={"wrist": "camera_2"})]
    made = plan(root, mapped)
    assert made.problems == ()
    assert made.cameras == ("camera_1", "camera_2")
    apply_plan(root, made, Files())
    for episode in second:
        episode["pictures"]["camera_2"] = episode["pictures"].pop("wrist")
    assert contents(root / "both") == first + second
    after = tree(root)
    assert {name: after[name] for name in before} == before
    with h5py.File(root / "both/data/episode_4.h5") as file:
        assert sorted(file["timestamps/images"]) == ["camera_1", "camera_2"]


def test_different_cameras_can_be_allowed(root: Path):
    sources = two(root, cameras=("camera_1", "wrist"))
    apply_plan(root, plan(root, sources, MergeRules(any_cameras=True)), Files())
    assert contents(root / "both") == contents(root / "a") + contents(root / "b")


@pytest.mark.parametrize("kind", LEROBOT)
@pytest.mark.parametrize("other", [{"cameras": ("wrist",)}, {"action_width": 8}])
def test_no_rule_settles_what_a_lerobot_dataset_has_once(
    root: Path, kind: DatasetFormat, other: Mapping[str, object]
):
    sources = two(root, kind, **other)
    for rules in (MergeRules(), MergeRules(any_width=True, any_cameras=True)):
        blocking = [problem for problem in plan(root, sources, rules).problems if problem.blocks]
        assert blocking
        assert {problem.rule for problem in blocking} == {""}
        assert "allow" not in "".join(problem.remedy for problem in blocking)


@pytest.mark.parametrize("kind", [DatasetFormat.H5, DatasetFormat.H264])
def test_cameras_can_be_swapped(root: Path, kind: DatasetFormat):
    sources = two(root, kind)
    swap = {"camera_1": "camera_2", "camera_2": "camera_1"}
    apply_plan(root, plan(root, [sources[0], MergeSource("b", [0], swap)]), Files(FileMode.AUTO))
    seen = contents(root / "both")[4]["pictures"]
    expected = contents(root / "b")[0]["pictures"]
    assert seen == {swap[name]: value for name, value in expected.items()}


@pytest.mark.parametrize(
    "cameras",
    [{"nothing": "wrist"}, {"camera_1": ""}, {"camera_1": "a/b"}, {"camera_1": "camera_2"}],
)
def test_a_mapping_that_can_not_be_is_refused(root: Path, cameras: Mapping[str, str]):
    two(root)
    with pytest.raises(InvalidInput):
        plan(root, [MergeSource("a"), MergeSource("b", cameras=cameras)])


def test_raw_recordings_are_converted_where_others_are(root: Path):
    spec(DatasetFormat.MIXED).write(root / "a")
    spec(DatasetFormat.H5, 20).write(root / "b")
    pictures = {name: numbers(root / name) for name in ("a", "b")}
    recorded = {name: values(root / name) for name in ("a", "b")}
    before = tree(root)
    swap = {"camera_1": "camera_2", "camera_2": "camera_1"}
    made = plan(root, [MergeSource("b", [3, 0], swap), MergeSource("a")])
    (problem,) = made.problems
    assert problem.message.startswith("The raw recordings of b, a are converted to h264")
    assert not problem.blocks
    assert made.format is DatasetFormat.H264
    assert made.encoded == 120 * 64 * 2 * (2 + 3 + 4 + 2)
    assert estimate(root, made, FileMode.AUTO).seconds > made.encoded * 1e-9
    apply_plan(root, made, Files())
    sound(root / "both", 30.0)
    there = numbers(root / "both")
    for number, origin in enumerate(made.episodes):
        expected = pictures[origin.skill][origin.episode]
        if origin.skill == "b":
            expected = {swap[camera]: seen for camera, seen in expected.items()}
        assert there[number] == expected
        assert values(root / "both")[number] == recorded[origin.skill][origin.episode]
    with h5py.File(root / "both/data/episode_0.h5") as file:
        assert "images" not in file["observations"]
    assert {name: one for name, one in tree(root).items() if name in before} == before


def test_raw_recordings_alone_stay_raw(root: Path):
    made = plan(root, two(root))
    assert (made.format, made.encoded, made.problems) == (DatasetFormat.H5, 0, ())


def test_converted_recordings_of_a_mixed_dataset_can_be_merged(root: Path):
    spec(DatasetFormat.H264).write(root / "a")
    spec(DatasetFormat.MIXED, 20).write(root / "b")
    made = plan(root, [MergeSource("a"), MergeSource("b", [0, 1])])
    assert made.format is DatasetFormat.H264
    apply_plan(root, made, Files())
    assert contents(root / "both") == contents(root / "a") + contents(root / "b")[:2]


@pytest.mark.parametrize("kind", LEROBOT)
@pytest.mark.parametrize("innate", INNATE)
def test_the_two_families_are_not_merged(root: Path, kind: DatasetFormat, innate: DatasetFormat):
    spec(innate).write(root / "a")
    replace(spec(DatasetFormat.H5), format=kind).write(root / "b")
    with pytest.raises(InvalidInput, match="can't be merged"):
        plan(root, [MergeSource("a"), MergeSource("b")])


def test_an_episode_named_in_two_sources_is_told(root: Path):
    two(root)
    made = plan(root, [MergeSource("a"), MergeSource("a", [1])])
    assert [problem.message for problem in made.problems] == [
        "Episodes are in it more than once: a 1."
    ]
    apply_plan(root, made, Files())


def test_no_sources_unknown_ones_and_unknown_episodes_are_refused(root: Path):
    two(root)
    with pytest.raises(InvalidInput):
        plan(root, [])
    with pytest.raises(NotFound):
        plan(root, [MergeSource("a"), MergeSource("c")])
    with pytest.raises(InvalidInput):
        plan(root, [MergeSource("a", [7])])
    with pytest.raises(InvalidInput):
        plan(root, [MergeSource("a", [])])
