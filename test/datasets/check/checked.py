"""Checking a skill and looking at what comes out."""

from __future__ import annotations

from pathlib import Path

from training_manager_ros.datasets import FactCache
from training_manager_ros.datasets.check import Finding, check_dataset
from training_manager_ros.jobs.control import Control

Place = tuple[str, int | None, str | None]


def check(skill: Path) -> tuple[Finding, ...]:
    """All findings, each of them whole and in order."""
    found = check_dataset(skill, FactCache(None), Control())
    for finding in found:
        assert finding.severity in ("error", "warning", "note")
        assert finding.message.endswith(".")
        assert finding.remedy.endswith(".")
        assert finding.code != "problem", finding  # a reader's sentence that nobody has explained
        f"{finding.message}{finding.remedy}".encode()
    assert sorted(found, key=lambda one: one.order) == list(found)
    return found


def codes(skill: Path) -> set[str]:
    """The codes of all findings."""
    return {finding.code for finding in check(skill)}


def places(skill: Path) -> set[Place]:
    """(code, episode, camera) of all findings."""
    return {(one.code, one.episode, one.camera) for one in check(skill)}
