"""What training and a trained policy have to agree on with the recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training_manager_ros.datasets import Dataset
from training_manager_ros.errors import TrainingManagerError
from training_manager_ros.training.reading import text, whole

__all__ = ["DatasetFacts", "dataset_facts"]


@dataclass(frozen=True)
class DatasetFacts:
    """A dataset as a policy sees it; "nothing known" is 0 or empty."""

    cameras: tuple[str, ...] = ()
    action_width: int = 0
    episodes: int = 0
    frames: int = 0

    @classmethod
    def parse(cls, value: object) -> DatasetFacts:
        """From a state file."""
        if not isinstance(value, Mapping):
            return cls()
        cameras = value.get("cameras")
        return cls(
            cameras=tuple(text(name) for name in cameras) if isinstance(cameras, list) else (),
            action_width=whole(value.get("action_width")) or 0,
            episodes=whole(value.get("episodes")) or 0,
            frames=whole(value.get("frames")) or 0,
        )

    def as_json(self) -> dict[str, object]:
        """What `parse` reads."""
        return {**vars(self), "cameras": list(self.cameras)}

    def differences(self, other: DatasetFacts) -> list[str]:
        """Why a policy that was trained on `self` can't work with `other`; as far as known."""
        found = []
        if self.cameras and other.cameras and set(self.cameras) != set(other.cameras):
            found.append(
                f"it was trained with the cameras {', '.join(self.cameras)}, "
                f"and the dataset has {', '.join(other.cameras)}"
            )
        if self.action_width and other.action_width and self.action_width != other.action_width:
            found.append(
                f"it was trained with {self.action_width} action values, "
                f"and the dataset has {other.action_width}"
            )
        return found


def dataset_facts(dataset: Dataset) -> DatasetFacts:
    """The facts of a dataset; episodes that can't be read are left out."""
    width = frames = 0
    ids = dataset.episode_ids
    for episode_id in ids:
        try:
            frames += dataset.episode(episode_id).frames
            if not width:
                signals = {signal.name: signal for signal in dataset.signals(episode_id)}
                width = signals["action"].values.shape[1] if "action" in signals else 0
        except TrainingManagerError:
            continue
    return DatasetFacts(
        cameras=tuple(sorted(camera.name for camera in dataset.cameras())),
        action_width=width,
        episodes=len(ids),
        frames=frames,
    )
