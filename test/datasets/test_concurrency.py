"""The recorder appends, and several threads read, at the same time."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from strategies import DatasetSpec

from training_manager_ros.datasets import DatasetFormat, FactCache, open_dataset, summarise
from training_manager_ros.errors import Unreadable
from training_manager_ros.samples.write_innate import write_innate_episode

_RAW = DatasetSpec(DatasetFormat.H5, 30.0, ("main",), (4,) * 12)


def _record(skill: Path, spec: DatasetSpec) -> None:
    """What the recorder does: a hidden file, a rename, then the list in place, in two pieces."""
    data = skill / "data"
    path = data / "dataset_metadata.json"
    for number in range(1, len(spec.lengths)):
        hidden = data / ".episode_recording.h5.tmp"
        write_innate_episode(hidden, spec.recording(number), spec.rate, spec.cameras)
        hidden.rename(data / f"episode_{number}.h5")
        value = json.loads(path.read_text())
        value["episodes"].append({"episode_id": number, "file_name": f"episode_{number}.h5"})
        value["number_of_episodes"] += 1
        text = json.dumps(value, indent=4)
        with path.open("w") as file:
            file.write(text[: len(text) // 2])
            file.flush()
            os.fsync(file.fileno())
            file.write(text[len(text) // 2 :])


def _in_threads(*work: Callable[[], None]) -> list[BaseException]:
    errors: list[BaseException] = []

    def run(one: Callable[[], None]) -> None:
        try:
            one()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


def test_reading_while_the_recorder_appends(tmp_path: Path) -> None:
    skill = tmp_path / "skills/skill"
    replace(_RAW, lengths=_RAW.lengths[:1]).write(skill)
    done = threading.Event()
    facts = FactCache(tmp_path / "facts.sqlite")
    seen: list[int] = []
    torn: list[str] = []

    def record() -> None:
        try:
            _record(skill, _RAW)
        finally:
            done.set()

    def read() -> None:
        while not done.is_set():
            summary = summarise(skill)
            assert summary is not None
            assert ".tmp" not in " ".join(summary.problems)
            try:
                dataset = open_dataset(skill, facts)
            except Unreadable as error:
                torn.append(str(error))
                continue
            episodes = dataset.episodes()
            assert [(episode.frames, episode.problems) for episode in episodes] == [(4, ())] * len(
                episodes
            )
            seen.append(len(episodes))

    assert _in_threads(record, read) == []
    assert seen == sorted(seen)
    assert all("it will be read again" in text for text in torn)
    final = open_dataset(skill, facts)
    assert (final.summary.episode_count, final.summary.problems) == (12, ())
    assert [episode.problems for episode in final.episodes()] == [()] * 12
    facts.close()


@pytest.mark.parametrize("kind", [DatasetFormat.H5, DatasetFormat.LEROBOT_V30])
def test_several_threads_read_one_dataset(tmp_path: Path, kind: DatasetFormat) -> None:
    spec = replace(_RAW, format=kind)
    skill = tmp_path / "skills/skill"
    spec.write(skill)
    dataset = open_dataset(skill, FactCache(None))
    expected = open_dataset(skill, FactCache(None)).episodes()

    def read() -> None:
        assert dataset.episodes() == expected
        for number in dataset.episode_ids:
            assert (dataset.signals(number)[0].values == spec.action(number)).all()
            assert len(dataset.timestamps(number)) == 4

    assert _in_threads(*[read] * 4) == []
