"""What is written in any format is read back: counts, values, names, and the very frames."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import INNATE, LEROBOT, DatasetSpec, datasets

from training_manager_ros.datasets import (
    DatasetFormat,
    FactCache,
    Hdf5Frames,
    VideoFrames,
    open_dataset,
    summarise,
)
from training_manager_ros.samples import read_frame_number

from .decoding import pictures

some_examples = settings(max_examples=12, deadline=None)


@pytest.mark.parametrize("kind", [*INNATE, *LEROBOT])
def test_reads_back_what_was_written(kind: DatasetFormat) -> None:
    @some_examples
    @given(datasets(formats=[kind]))
    def check(spec: DatasetSpec) -> None:
        with tempfile.TemporaryDirectory() as root:
            skill = Path(root) / "skill"
            spec.write(skill)
            _check_all(spec, skill)

    check()


def _check_all(spec: DatasetSpec, skill: Path) -> None:
    summary = summarise(skill)
    assert summary is not None
    assert summary.problems == ()
    assert (summary.format, summary.rate) == (spec.format, spec.rate)
    assert summary.episode_count == len(spec.lengths)
    data = [path for path in (skill / "data").rglob("*") if path.is_file()]
    assert summary.size_bytes == sum(path.stat().st_size for path in data)

    facts = FactCache(None)
    dataset = open_dataset(skill, facts)
    assert dataset.summary == summary
    assert list(dataset.episode_ids) == list(range(len(spec.lengths)))
    assert tuple(camera.name for camera in dataset.cameras()) == spec.camera_keys
    assert {(camera.width, camera.height) for camera in dataset.cameras()} == {(120, 64)}

    episodes = dataset.episodes()
    assert episodes == open_dataset(skill, facts).episodes()
    assert sum(episode.size_bytes for episode in episodes) <= summary.size_bytes
    for episode, length in zip(episodes, spec.lengths, strict=True):
        assert episode.problems == ()
        assert episode.frames == length
        assert episode.duration == pytest.approx(length / spec.rate)
        assert episode.cameras == spec.camera_keys
        assert episode.converted == (spec.format in LEROBOT or episode.id in spec.converted)
        assert (skill / episode.file).is_file()
        _check_values(spec, dataset.signals(episode.id), episode.id)
        times = dataset.timestamps(episode.id)
        np.testing.assert_allclose(times, np.arange(length) / spec.rate, atol=1e-5)
        for camera in episode.cameras:
            source = dataset.frames(episode.id, camera)
            assert isinstance(source, (VideoFrames, Hdf5Frames))
            assert (source.count, source.rate) == (length, spec.rate)
            numbers = [read_frame_number(picture) for picture in pictures(source)]
            assert numbers == [(spec.label + episode.id, frame) for frame in range(length)]


def _check_values(spec: DatasetSpec, found: tuple, episode: int) -> None:
    state = "qpos" if spec.format in INNATE else "observation.state"
    signals = {signal.name: signal for signal in found}
    assert [signal.name for signal in found][:2] == ["action", state]
    np.testing.assert_array_equal(signals["action"].values, spec.action(episode))
    np.testing.assert_array_equal(signals[state].values, spec.state(episode))
    for signal in found:
        width = signal.values.shape[1]
        assert len(signal.names) == len(set(signal.names)) == len(signal.units) == width
