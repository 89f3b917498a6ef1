"""The statistics that LeRobot keeps of an episode and of a dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from training_manager_ros.samples.recording import Picture

__all__ = ["PictureTally", "Stats", "combined", "of_rows"]

Stats = Mapping[str, npt.NDArray[np.float64]]  # min, max, mean, std, count


def of_rows(rows: npt.NDArray[np.float64]) -> Stats:
    """Statistics of (T, D) values, by column."""
    return {
        "min": rows.min(axis=0),
        "max": rows.max(axis=0),
        "mean": rows.mean(axis=0),
        "std": rows.std(axis=0),
        "count": np.array([float(len(rows))]),
    }


def combined(parts: Sequence[Stats]) -> Stats:
    """Statistics of all parts together."""
    counts = np.array([part["count"][0] for part in parts])
    weights = (counts / counts.sum()).reshape(-1, *[1] * parts[0]["mean"].ndim)
    means = np.stack([part["mean"] for part in parts])
    mean = (means * weights).sum(axis=0)
    squares = np.stack([part["std"] ** 2 for part in parts]) + (means - mean) ** 2
    return {
        "min": np.min([part["min"] for part in parts], axis=0),
        "max": np.max([part["max"] for part in parts], axis=0),
        "mean": mean,
        "std": np.sqrt((squares * weights).sum(axis=0)),
        "count": np.array([counts.sum()]),
    }


@dataclass
class PictureTally:
    """Statistics (3, 1, 1) of every tenth picture that passes by, its values from 0 to 1."""

    seen: list[npt.NDArray[np.float64]] = field(default_factory=list)

    def watch(self, pictures: Iterable[Picture]) -> Iterator[Picture]:
        """Hand on the pictures and look at some."""
        for number, picture in enumerate(pictures):
            if number % 10 == 0:
                self.seen.append(picture[::4, ::4].reshape(-1, 3) / 255.0)
            yield picture

    def stats(self) -> Stats:
        """What was seen so far."""
        found = of_rows(np.concatenate(self.seen))
        shaped = {name: found[name].reshape(3, 1, 1) for name in ("min", "max", "mean", "std")}
        return {**shaped, "count": np.array([float(len(self.seen))])}
