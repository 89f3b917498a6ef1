#!/usr/bin/env python3
"""Rewrite the reference part of docs/api.md from the interface files' comments and the parameters.

python tools/api_docs.py           rewrite
python tools/api_docs.py --check   exit 1 if it would change anything
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from training_manager_ros.node.parameters import PARAMETERS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "api.md"
BEGIN = "<!-- reference: made by tools/api_docs.py from the interface files -->\n"
FIELD = re.compile(r"^(?P<type>\S+)\s+(?P<name>[a-z]\w*)\s*(?:#\s*(?P<doc>.*))?$")


def table(lines: list[str], source: str) -> Iterator[str]:
    """One row a field; a field without a comment is an error."""
    fields = [match for line in lines if (match := FIELD.match(line))]
    if not fields:
        yield "*(empty)*"
        return
    yield "| field | type | meaning |"
    yield "| --- | --- | --- |"
    for field in fields:
        if not field["doc"]:
            raise SystemExit(f"{source}: {field['name']} has no comment")
        doc = (field["doc"] or "").replace("|", "\\|")
        yield f"| `{field['name']}` | {field['type']} | {doc} |"


def interface(path: Path) -> Iterator[str]:
    """A section: the file's leading comment, then its fields."""
    lines = path.read_text().splitlines()
    intro = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
    yield from (f"### {path.parent.name}/{path.stem}", "", " ".join(intro), "")
    parts = "\n".join(line for line in lines if not line.startswith("#")).split("---\n")
    names = {1: ("",), 2: ("Request", "Response"), 3: ("Goal", "Result", "Feedback")}[len(parts)]
    for name, part in zip(names, parts, strict=True):
        if name:
            yield from (f"**{name}**", "")
        yield from (*table([line.strip() for line in part.splitlines()], path.name), "")


def reference() -> str:
    """The whole generated part."""
    lines = ["## Parameters", "", "| parameter | default | meaning |", "| --- | --- | --- |"]
    for spec in PARAMETERS:
        doc = spec.explained + (" Fixed at start." if spec.read_only else "")
        lines.append(f"| `{spec.name}` | `{spec.default}` | {doc} |")
    lines.append("")
    for title, folder in (("Services", "srv"), ("Actions", "action"), ("Messages", "msg")):
        lines += [f"## {title}", ""]
        for path in sorted((ROOT / folder).iterdir()):
            lines += interface(path)
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    page = PAGE.read_text()
    head, _, _ = page.partition(BEGIN)
    wanted = head + BEGIN + "\n" + reference()
    if "--check" in sys.argv[1:]:
        if page != wanted:
            print("docs/api.md is not what the interface files say; run tools/api_docs.py")
        return int(page != wanted)
    PAGE.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
