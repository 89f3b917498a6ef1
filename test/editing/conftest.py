"""Small skills to edit."""

from __future__ import annotations

from pathlib import Path

import pytest
from strategies import DatasetSpec

from training_manager_ros.datasets import DatasetFormat

KINDS = {
    DatasetFormat.H5: frozenset(),
    DatasetFormat.H264: frozenset({0, 1, 2, 3}),
    DatasetFormat.MIXED: frozenset({0, 1}),
}


def spec(kind: DatasetFormat, label: int = 0, rate: float = 30.0, **more: object) -> DatasetSpec:
    """Four episodes, two cameras."""
    cameras, lengths = ("camera_1", "camera_2"), (3, 1, 4, 2)
    values = {
        "cameras": cameras,
        "lengths": lengths,
        "converted": KINDS.get(kind, frozenset()),
        **more,
    }
    return DatasetSpec(kind, rate, label=label, **values)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty skills directory."""
    folder = tmp_path / "skills"
    folder.mkdir()
    return folder
