"""A check finds every known defect, none on sound datasets, and changes nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import INNATE, DatasetSpec, datasets

from training_manager_ros.datasets import DatasetFormat, FactCache
from training_manager_ros.datasets.check import check_dataset
from training_manager_ros.errors import Cancelled, NotFound
from training_manager_ros.jobs.control import Control
from training_manager_ros.jobs.model import Progress

from ..test_defects import _DAMAGES
from .checked import check, codes

_V21 = DatasetSpec(DatasetFormat.LEROBOT_V21, 30.0, ("main", "wrist"), (5, 3))
_V30 = replace(_V21, format=DatasetFormat.LEROBOT_V30)

# each of the defects that reading must survive, with what it is called here
_CODES = {
    "LFS pointers for videos": "lfs-pointer",
    "LFS pointers for rows": "lfs-pointer",
    "missing index": "column-missing",
    "missing bookkeeping": "column-missing",
    "missing action": "signal-missing",
    "truncated parquet": "file-damaged",
    "no parquet at all": "file-missing",
    "duplicate column": "column-twice",
    "string as action": "wrong-type",
    "ragged action": "wrong-type",
    "null action": "wrong-type",
    "string as timestamp": "wrong-type",
    "declared camera without files": "camera-missing",
    "wrong totals": "count-differs",
    "no totals": "count-differs",
    "templates that lead nowhere": "path-differs",
    "templates that lead out": "leads-elsewhere",
    "contradicting version": "version-differs",
    "no rate": "rate-unknown",
    "wrong chunk size": "metadata-broken",
    "no features": "features-broken",
    "frames are more than rows": "frames-differ",
}


@pytest.mark.parametrize("spec", [_V21, _V30], ids=lambda spec: spec.format.value)
@pytest.mark.parametrize("damage", _DAMAGES)
def test_known_defects_are_found(tmp_path: Path, spec: DatasetSpec, damage: str) -> None:
    skill = tmp_path / "skills/skill"
    spec.write(skill)
    assert check(skill) == ()
    _DAMAGES[damage][0](skill)
    found = check(skill)
    if damage == "frames are more than rows" and spec is _V30:
        # the shared file has frames enough for all; those that are shown are black
        assert {"black"} == {finding.code for finding in found}
        return
    assert _CODES[damage] in {finding.code for finding in found}
    assert any(finding.severity != "note" for finding in found)


def test_the_samples_are_clean(sample_skills: Path) -> None:
    for name in ("fold-towel", "pick-up-cup", "sort-fruit", "stack-blocks", "wipe-table"):
        assert check(sample_skills / name) == ()
    with pytest.raises(NotFound):
        check(sample_skills / "look-around")


@settings(max_examples=25, deadline=None)
@given(spec=datasets(max_episodes=3))
def test_generated_datasets_are_clean(
    tmp_path_factory: pytest.TempPathFactory, spec: DatasetSpec
) -> None:
    skill = tmp_path_factory.mktemp("skills") / "skill"
    spec.write(skill)
    assert {(one.code, one.episode) for one in check(skill)} == {
        ("too-short", i) for i, length in enumerate(spec.lengths) if length == 1
    }


@settings(max_examples=25, deadline=None)
@given(spec=datasets(max_episodes=2), seed=st.integers(0, 10**6))
def test_no_damage_crashes_it(
    tmp_path_factory: pytest.TempPathFactory, spec: DatasetSpec, seed: int
) -> None:
    dice = random.Random(seed)
    skill = tmp_path_factory.mktemp("skills") / "skill"
    spec.write(skill)
    files = sorted(path for path in (skill / "data").rglob("*") if path.is_file())
    for path in dice.sample(files, min(2, len(files))):
        content = path.read_bytes()
        middle = dice.randrange(len(content))
        what = dice.choice(["cut", "gone", "hole", "zeros", "other"])
        if what == "gone":
            path.unlink()
        elif what == "other":
            path.write_bytes(dice.choice([one for one in files if one.exists()]).read_bytes())
        else:
            path.write_bytes(
                {
                    "cut": content[:middle],
                    "hole": content[:middle] + bytes(40) + content[middle + 40 :],
                    "zeros": bytes(len(content)),
                }[what]
            )
    try:
        check(skill)
    except NotFound:
        assert not (skill / "data/dataset_metadata.json").exists()


def _tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


class Stopping(Control):
    """Ends the work when it asks for the so-manieth time; 0: never."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.asked = 0
        self._at = at

    def check(self) -> None:
        self.asked += 1
        if self.asked == self._at:
            raise Cancelled("cancelled")


@pytest.mark.parametrize("kind", [*INNATE, DatasetFormat.LEROBOT_V20, DatasetFormat.LEROBOT_V30])
def test_it_reads_only_and_can_be_cancelled_anywhere(tmp_path: Path, kind: DatasetFormat) -> None:
    converted = frozenset({0, 1} if kind is DatasetFormat.H264 else {0})
    spec = DatasetSpec(
        kind, 30.0, ("main",), (6, 4), converted if kind is not DatasetFormat.H5 else frozenset()
    )
    skill = tmp_path / "skills/skill"
    spec.write(skill)
    before = _tree(tmp_path)
    counting = Stopping(at=0)
    assert check_dataset(skill, FactCache(None), counting) == ()
    assert counting.asked > 10
    for stop in range(1, counting.asked + 1):
        control = Stopping(at=stop)
        with pytest.raises(Cancelled):
            check_dataset(skill, FactCache(None), control)
        assert control.asked == stop
    assert _tree(tmp_path) == before


def test_progress_counts_episodes(copy_sample: Callable[[str], Path]) -> None:
    seen: list[Progress] = []
    ticks = iter(range(10**6))
    control = Control(seen.append, clock=lambda: float(next(ticks)))
    check_dataset(copy_sample("fold-towel"), FactCache(None), control)
    last = seen[-1]
    assert (last.stage, last.items_done, last.items_total) == ("Checking episodes", 3, 3)


def test_a_list_that_cant_be_read_is_a_finding(copy_sample: Callable[[str], Path]) -> None:
    skill = copy_sample("fold-towel")
    (skill / "data/dataset_metadata.json").write_text("{")
    assert codes(skill) == {"metadata-broken"}
    (skill / "data/dataset_metadata.json").write_text('{"episodes": []}')
    assert "no-episodes" in codes(skill)


def test_what_episodes_say_is_not_said_again_of_the_whole(
    copy_sample: Callable[[str], Path],
) -> None:
    skill = copy_sample("pick-up-cup")
    (skill / "data/episode_1.h5").unlink()
    found = check(skill)
    assert [one.episode for one in found if one.code == "file-missing"] == [1]
