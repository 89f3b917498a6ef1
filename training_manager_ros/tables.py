"""Text tables that fit the terminal, and everything into a pipe."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

__all__ = ["Column", "plain", "print_table", "size_text", "time_text"]

_GAP = "  "
_NARROWEST = 8  # a column that gives way keeps so many characters


@dataclass(frozen=True)
class Column:
    """A column and its cells, one a row."""

    title: str
    cells: Sequence[str]
    right: bool = False  # numbers
    gives_way: bool = False  # is cut where the line is too long
    importance: int = 9  # the least important columns are left out where cutting is not enough


def print_table(columns: Sequence[Column], out: TextIO) -> None:
    """Print the columns that have anything to say, one line a row.

    On a terminal lines are cut and columns left out until they fit; elsewhere nothing is lost.
    """
    shown = [
        Column(c.title, [plain(cell) for cell in c.cells], c.right, c.gives_way, c.importance)
        for c in columns
        if any(c.cells)
    ]
    widths = [max(map(_width, (c.title, *c.cells))) for c in shown]
    if out.isatty():
        shown, widths = _fit(shown, widths, shutil.get_terminal_size().columns)
    for row in range(-1, max((len(c.cells) for c in shown), default=-1)):
        cells = [
            _padded(c.title if row < 0 else c.cells[row], width, c.right)
            for c, width in zip(shown, widths, strict=True)
        ]
        print(_GAP.join(cells).rstrip(), file=out)


def plain(text: str) -> str:
    """Text without what would move the cursor or change colours: names come from anywhere."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def size_text(size: int) -> str:
    """Bytes as people read them: "1.2 GB"."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 99.5 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def time_text(seconds: float) -> str:
    """A length of time as people read it: "0:05.2", "12:30.0", "1:02:03.0"."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    text = f"{minutes:02}:{rest / 10:04.1f}" if hours else f"{minutes}:{rest / 10:04.1f}"
    return f"{hours}:{text}" if hours else text


def _fit(columns: list[Column], widths: list[int], line: int) -> tuple[list[Column], list[int]]:
    widths = [min(width, line) for width in widths]
    while True:
        excess = sum(widths) + len(_GAP) * (len(widths) - 1) - line
        if excess <= 0:
            return columns, widths
        spare = {
            i: widths[i] - max(_NARROWEST, _width(c.title))
            for i, c in enumerate(columns)
            if c.gives_way
        }
        widest = max(spare, key=lambda i: widths[i] if spare[i] > 0 else 0, default=-1)
        if sum(s for s in spare.values() if s > 0) >= excess:
            widths[widest] -= 1
        elif len(columns) > 1:
            least = min(range(len(columns)), key=lambda i: (columns[i].importance, -i))
            del columns[least], widths[least]
        else:
            return columns, [max(line, 1)]


def _padded(text: str, width: int, right: bool) -> str:
    text = _cut(text, width)
    padding = " " * (width - _width(text))
    return padding + text if right else text + padding


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    used = 0
    for position, character in enumerate(text):
        used += _cells(character)
        if used > width - 1:
            return text[:position] + "…"
    return text


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(_cells(c) for c in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
