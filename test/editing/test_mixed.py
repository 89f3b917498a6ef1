"""Merging datasets that differ, and deleting of the result, gives what a simple model says."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import INNATE, LEROBOT, DatasetSpec

from training_manager_ros.datasets import DatasetFormat, FactCache
from training_manager_ros.datasets.edit.files import FileMode, Files
from training_manager_ros.datasets.edit.plan import apply_plan
from training_manager_ros.editing import MergeRules, MergeSource, plan_delete, plan_merge

from .converting import numbers
from .seen import leftovers, open_skill, tree

RATES = (10.0, 29.97, 30.0)
V30 = DatasetFormat.LEROBOT_V30


@dataclass(frozen=True)
class Wanted:
    """An episode as it must come out, whatever it went through."""

    spec: DatasetSpec
    episode: int
    cameras: Mapping[str, str]  # names in the source and in the result


@st.composite
def sources(draw: st.DrawFn, formats: Sequence[DatasetFormat], label: int) -> DatasetSpec:
    kind = draw(st.sampled_from(list(formats)))
    least = 2 if kind is DatasetFormat.MIXED else 1
    lengths = tuple(draw(st.lists(st.integers(1, 6), min_size=least, max_size=3)))
    converted = {DatasetFormat.H264: len(lengths), DatasetFormat.MIXED: len(lengths) - 1}
    return DatasetSpec(
        kind,
        draw(st.sampled_from(RATES)),
        tuple(draw(st.sampled_from([("wrist",), ("front", "wrist"), ("0", "10")]))),
        lengths,
        frozenset(range(converted.get(kind, 0))),
        action_width=draw(st.sampled_from([8, 10])),
        label=label,
        task=draw(st.sampled_from(["Do it", "Undo it"])),
    )


def chosen(draw: st.DrawFn, count: int) -> list[int]:
    """Some of the numbers from 0 on, in any order."""
    return draw(st.lists(st.sampled_from(range(count)), min_size=1, unique=True))


def delete(root: Path, skill: str, gone: Sequence[int], name: str) -> None:
    apply_plan(root, plan_delete(root, skill, list(gone), name, FactCache(None)), Files())


def merge(root: Path, listed: Sequence[MergeSource], name: str, rate: float | None) -> None:
    rules = MergeRules(rate, any_width=True, any_cameras=True)
    plan = plan_merge(root, listed, name, rules, FactCache(None))
    apply_plan(root, plan, Files(FileMode.AUTO))


def check(skill: Path, wanted: Sequence[Wanted], rate: float) -> None:
    dataset = open_skill(skill)
    assert dataset.summary.problems == ()
    assert dataset.summary.rate == rate
    assert list(dataset.episode_ids) == list(range(len(wanted)))
    there = numbers(skill)
    for number, one in enumerate(wanted):
        episode, spec = dataset.episode(number), one.spec
        assert episode.problems == ()
        assert episode.frames == spec.lengths[one.episode]
        signals = {signal.name: signal.values for signal in dataset.signals(number)}
        state = "qpos" if spec.format in INNATE else "observation.state"
        np.testing.assert_array_equal(signals["action"], spec.action(one.episode))
        np.testing.assert_array_equal(signals[state], spec.state(one.episode))
        shown = [(spec.label + one.episode, frame) for frame in range(episode.frames)]
        cameras = [one.cameras.get(name, name) for name in spec.camera_keys]
        assert there[number] == dict.fromkeys(sorted(cameras), shown)
        if spec.format in LEROBOT:
            assert episode.task == spec.task
            steps = np.arange(episode.frames) / rate
            np.testing.assert_allclose(dataset.timestamps(number), steps, atol=1e-6)


def everything(
    spec: DatasetSpec, cameras: Mapping[str, str], picked: Sequence[int]
) -> list[Wanted]:
    return [Wanted(spec, number, cameras) for number in picked]


def walk(draw: st.DrawFn, root: Path, one: DatasetSpec, other: DatasetSpec) -> None:
    """Merge and delete, delete and merge; both are what the model says."""
    one.write(root / "a")
    other.write(root / "b")
    before = tree(root)
    rate = None if one.rate == other.rate else draw(st.sampled_from([one.rate, other.rate]))
    names = dict(zip(other.camera_keys, one.camera_keys, strict=False))
    mapped = one.format in LEROBOT or draw(st.booleans())
    cameras = names if mapped and len(names) == len(other.cameras) else {}
    first = MergeSource("a", chosen(draw, len(one.lengths)))
    second = MergeSource("b", chosen(draw, len(other.lengths)), cameras)
    of_first = everything(one, {}, first.episodes)
    of_second = everything(other, cameras, second.episodes)
    if draw(st.booleans()):
        merge(root, [first, second], "Both", rate)
        model, declared = of_first + of_second, rate or one.rate
    else:
        merge(root, [second, first], "Both", rate)
        model, declared = of_second + of_first, rate or other.rate
    check(root / "both", model, declared)

    gone = chosen(draw, len(model))[: len(model) - 1]
    delete(root, "both", gone, "Less")
    left = [wanted for number, wanted in enumerate(model) if number not in gone]
    check(root / "less", left, declared)

    gone = chosen(draw, len(one.lengths))[: len(one.lengths) - 1]
    if gone:
        delete(root, "a", gone, "Less of a")
        kept = [number for number in range(len(one.lengths)) if number not in gone]
        check(root / "less-of-a", everything(one, {}, kept), one.rate)
        merge(root, [MergeSource("less-of-a"), second], "Again", rate)
        check(root / "again", everything(one, {}, kept) + of_second, rate or one.rate)

    after = tree(root)
    assert {name: after[name] for name in before} == before
    assert leftovers(root) == []


def test_innate_datasets_that_differ():
    @settings(max_examples=8, deadline=None)
    @given(st.data(), sources(INNATE, 0), sources(INNATE, 20))
    def check(data: st.DataObject, one: DatasetSpec, other: DatasetSpec) -> None:
        with tempfile.TemporaryDirectory() as folder:
            walk(data.draw, Path(folder), one, other)

    check()


def test_lerobot_datasets_of_any_versions():
    @settings(max_examples=8, deadline=None)
    @given(st.data(), sources(LEROBOT, 0), sources(LEROBOT, 20))
    def check(data: st.DataObject, one: DatasetSpec, other: DatasetSpec) -> None:
        count = min(len(one.cameras), len(other.cameras))
        other = replace(other, action_width=one.action_width, cameras=other.cameras[:count])
        one = replace(one, cameras=one.cameras[:count])
        with tempfile.TemporaryDirectory() as folder:
            walk(data.draw, Path(folder), one, other)

    check()
