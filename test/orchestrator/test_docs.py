"""What can be asked for stands in docs/orchestrator.md."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from training_manager_ros.orchestrator.command import add_arguments
from training_manager_ros.orchestrator.web.sign_in import FEATURES

DOCS = (Path(__file__).parents[2] / "docs" / "orchestrator.md").read_text()


def options(parser: argparse.ArgumentParser) -> set[str]:
    found = set()
    for action in parser._actions:
        found |= {text for text in action.option_strings if text.startswith("--")}
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                found |= {name} | options(child)
    return found - {"--help"}


def test_every_option_and_sub_command():
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    for option in options(parser):
        assert re.search(rf"`[^`]*{option}\b[^`]*`", DOCS), option


def test_every_feature():
    for feature in (*FEATURES, "approve"):
        assert f"| `{feature}` |" in DOCS, feature


def test_every_file_that_the_docs_name_is_there():
    for path in re.findall(r"`(contrib/[^`]+)`", DOCS):
        assert (Path(__file__).parents[2] / path).is_file(), path
