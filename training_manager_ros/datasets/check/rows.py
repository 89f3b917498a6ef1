"""Whether an episode's values can be learned from: finite, moving, and as wide as the others'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from training_manager_ros.datasets.check.finding import Finding
from training_manager_ros.datasets.listing import some
from training_manager_ros.datasets.model import Episode, Signal

__all__ = ["RowsCheck"]

_MEASURED = ("qpos", "observation.state")
_IDLE = ("linear_x", "angular_z")  # of the base, which often stands
_SHORT = 2  # timesteps from which on there is something to learn from
_FEW = 4  # episodes from which on one can stand out


class RowsCheck:
    """Looks at each episode's signals, and in the end at all of them side by side."""

    def __init__(self) -> None:
        self._widths: dict[str, dict[int, list[int]]] = {}
        self._lengths: dict[int, int] = {}
        self._moving: dict[tuple[str, str], list[int]] = {}
        self._still: dict[tuple[str, str], list[int]] = {}

    def add(self, episode: Episode, signals: Sequence[Signal]) -> Iterator[Finding]:
        """Findings of this episode alone."""
        self._lengths[episode.id] = episode.frames
        if 0 < episode.frames < _SHORT:
            yield Finding(
                "warning", "too-short", episode.id, None,
                f"It has {episode.frames} timestep: there is no movement to learn from.",
                "Delete the episode into a cleaned copy.",
            )  # fmt: skip
        for signal in signals:
            widths = self._widths.setdefault(signal.name, {})
            widths.setdefault(signal.values.shape[1], []).append(episode.id)
            bad = ~np.isfinite(signal.values)
            if bad.any():
                rows = np.flatnonzero(bad.any(axis=1))
                names = [signal.names[i] for i in np.flatnonzero(bad.any(axis=0))]
                yield Finding(
                    "error", "not-finite", episode.id, None,
                    f"{signal.name} is NaN or infinite in {len(rows)} timesteps, first at "
                    f"{rows[0]} ({some(names)}). One such value spoils a whole training.",
                    "Delete the episode into a cleaned copy.",
                )  # fmt: skip
            elif signal.name in _MEASURED and len(signal.values) >= _SHORT:
                still = (signal.values == signal.values[0]).all(axis=0)
                for name, stands in zip(signal.names, still, strict=True):
                    if name not in _IDLE:
                        kept = self._still if stands else self._moving
                        kept.setdefault((signal.name, name), []).append(episode.id)

    def findings(self) -> Iterator[Finding]:
        """Findings that show only when all episodes are known."""
        for name, widths in self._widths.items():
            if len(widths) > 1:
                usual = max(widths, key=lambda width: len(widths[width]))
                for width, episodes in widths.items():
                    for episode in episodes if width != usual else ():
                        yield Finding(
                            "error", "width-differs", episode, None,
                            f"{name} has {width} values a timestep, in other episodes {usual}. A "
                            "trainer can't put them into one batch.",
                            "Keep the episodes of one width in a cleaned copy.",
                        )  # fmt: skip
        yield from self._constant()
        yield from self._outliers()

    def _constant(self) -> Iterator[Finding]:
        stuck: dict[tuple[int | None, str], list[str]] = {}
        for (signal, joint), episodes in self._still.items():
            moving = self._moving.get((signal, joint), [])
            for episode in episodes if len(episodes) <= len(moving) else ():
                stuck.setdefault((episode, signal), []).append(joint)
            if not moving:
                stuck.setdefault((None, signal), []).append(joint)
        for (where, signal), joints in stuck.items():
            if where is None:
                yield Finding(
                    "note", "joint-constant", None, None,
                    f"{signal} has values that never change, in no episode: {some(joints)}. They "
                    "are not used, or not measured.", "Nothing must be done if they are not used.",
                )  # fmt: skip
            else:
                yield Finding(
                    "warning", "joint-constant", where, None,
                    f"{signal} has values that do not change once, though they do in other "
                    f"episodes: {some(joints)}. The joint was stuck, or not measured.",
                    "Look at the episode; delete it if the joint should have moved.",
                )  # fmt: skip

    def _outliers(self) -> Iterator[Finding]:
        lengths = [length for length in self._lengths.values() if length]
        if len(lengths) < _FEW:
            return
        typical = float(np.median(lengths))
        for episode, length in self._lengths.items():
            if _SHORT <= length < typical / 4 or length > 4 * typical:
                yield Finding(
                    "note", "length-unusual", episode, None,
                    f"It has {length} timesteps, where {typical:g} are usual: it was perhaps "
                    "broken off, or not stopped.", "Look at the episode.",
                )  # fmt: skip
