"""Findings that most episodes share become one: their cause is the dataset's, not an episode's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from training_manager_ros.datasets.check.finding import Finding
from training_manager_ros.datasets.listing import ranges

__all__ = ["gathered"]

# What is mended once for all: a declared rate, a column that the writer left out.
_SHARED = frozenset({"rate-differs", "column-missing"})
_FEW = 3  # episodes that are rather named one by one


def gathered(findings: Sequence[Finding], episodes: int) -> Iterator[Finding]:
    """The findings, of which those that most of so many episodes share are told once a camera."""
    groups: dict[tuple[str, str | None], list[Finding]] = {}
    for finding in findings:
        if finding.code in _SHARED and finding.episode is not None:
            groups.setdefault((finding.code, finding.camera), []).append(finding)
        else:
            yield finding
    for group in groups.values():
        concerned = sorted({one.episode for one in group if one.episode is not None})
        if len(concerned) < _FEW or len(concerned) <= episodes / 2:
            yield from group
            continue
        first = min(group, key=lambda one: one.order)
        where = f"In episodes {ranges(concerned)}, such as {first.episode}:"
        yield replace(first, episode=None, message=f"{where} {first.message}")
