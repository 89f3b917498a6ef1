"""Smooth shapes on a float32 RGB canvas (3, H, W) of 0 to 255: what a simple scene is made of.

Points are (x, y) in pixels, colours (r, g, b); edges are smoothed over one pixel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Canvas", "Colour", "Point", "capsule", "ellipse", "polygon", "text"]

Canvas = npt.NDArray[np.float32]
Mask = npt.NDArray[Any]  # float32, one plane
Point = tuple[float, float]
Colour = tuple[float, float, float]

_HALF = np.float32(0.5)
_STEPS = np.arange(1024, dtype=np.float32) + _HALF  # the middle of every pixel


def ellipse(
    canvas: Canvas, centre: Point, rx: float, ry: float, colour: Colour, alpha: float = 1.0
) -> None:
    """A filled ellipse."""
    x, y = centre
    box = _box(canvas, x - rx, y - ry, x + rx, y + ry)
    if box is None or min(rx, ry) <= 0:
        return
    ys, xs = _grid(box)
    across, down = (xs - x) / rx, (ys - y) / ry
    inside = 1 - np.sqrt(across * across + down * down)
    _blend(canvas, box, _cover(inside * min(rx, ry)), colour, alpha)


def capsule(
    canvas: Canvas, start: Point, end: Point, radius: float, colour: Colour, alpha: float = 1.0
) -> None:
    """A thick line with round ends."""
    (ax, ay), (bx, by) = start, end
    box = _box(
        canvas,
        min(ax, bx) - radius,
        min(ay, by) - radius,
        max(ax, bx) + radius,
        max(ay, by) + radius,
    )
    if box is None:
        return
    ys, xs = _grid(box)
    _blend(canvas, box, _cover(radius - _distance(xs, ys, start, end)), colour, alpha)


def polygon(canvas: Canvas, points: Sequence[Point], colour: Colour, alpha: float = 1.0) -> None:
    """A filled convex polygon."""
    xs_all, ys_all = [x for x, _ in points], [y for _, y in points]
    box = _box(canvas, min(xs_all), min(ys_all), max(xs_all), max(ys_all))
    edges = list(zip(points, [*points[1:], points[0]], strict=True))
    area = sum(ax * by - bx * ay for (ax, ay), (bx, by) in edges)
    if box is None or abs(area) < 1:
        return
    ys, xs = _grid(box)
    inside: Mask | None = None
    for (ax, ay), (bx, by) in edges:
        length = math.hypot(bx - ax, by - ay)
        if length < 1e-6:
            continue
        side = ((bx - ax) * (ys - ay) - (by - ay) * (xs - ax)) * (math.copysign(1, area) / length)
        inside = side if inside is None else np.minimum(inside, side)
    if inside is not None:
        _blend(canvas, box, _cover(inside), colour, alpha)


def text(canvas: Canvas, corner: tuple[int, int], words: str, height: int, colour: Colour) -> None:
    """Digits and the letters E and P, from the upper left corner."""
    x, y = corner
    mask = _words(words, height)
    rows, columns = mask.shape
    _blend(canvas, (y, y + rows, x, x + columns), mask, colour, 1.0)


def _box(
    canvas: Canvas, left: float, top: float, right: float, bottom: float
) -> tuple[int, int, int, int] | None:
    height, width = canvas.shape[1:]
    y0, y1 = max(int(top) - 1, 0), min(int(bottom) + 2, height)
    x0, x1 = max(int(left) - 1, 0), min(int(right) + 2, width)
    return (y0, y1, x0, x1) if y0 < y1 and x0 < x1 else None


def _grid(box: tuple[int, int, int, int]) -> tuple[Mask, Mask]:
    y0, y1, x0, x1 = box
    return _STEPS[y0:y1, None], _STEPS[None, x0:x1]


def _cover(inside: Mask) -> Mask:
    """How much of a pixel is covered, by how far its centre is inside the edge."""
    cover: Mask = np.minimum(np.maximum(inside + _HALF, 0), 1)
    return cover


def _distance(xs: Mask, ys: Mask, start: Point, end: Point) -> Mask:
    """Distance to a line segment."""
    (ax, ay), (bx, by) = start, end
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy or 1.0
    xs, ys = xs - ax, ys - ay
    along = np.minimum(np.maximum(xs * (dx / square) + ys * (dy / square), 0), 1)
    xs, ys = xs - along * dx, ys - along * dy
    distance: Mask = np.sqrt(xs * xs + ys * ys)
    return distance


def _blend(
    canvas: Canvas, box: tuple[int, int, int, int], mask: Mask, colour: Colour, alpha: float
) -> None:
    y0, y1, x0, x1 = box
    part = canvas[:, y0:y1, x0:x1]
    part += (np.array(colour, np.float32)[:, None, None] - part) * (mask * alpha)


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    turns = np.radians(np.linspace(start, end, 13))
    return [(cx + rx * math.cos(turn), cy + ry * math.sin(turn)) for turn in turns]


# strokes in a box 0.6 wide and 1 high; angles run clockwise from three o'clock
_STROKES: dict[str, list[list[Point]]] = {
    "0": [_arc(0.3, 0.5, 0.3, 0.5, 0, 360)],
    "1": [[(0.1, 0.2), (0.36, 0.0), (0.36, 1.0)]],
    "2": [[*_arc(0.3, 0.29, 0.28, 0.29, 180, 385), (0.02, 1.0), (0.6, 1.0)]],
    "3": [_arc(0.28, 0.25, 0.26, 0.25, 200, 440), _arc(0.28, 0.74, 0.3, 0.26, -80, 160)],
    "4": [[(0.45, 1.0), (0.45, 0.0), (0.0, 0.68), (0.6, 0.68)]],
    "5": [[(0.54, 0.0), (0.1, 0.0), (0.06, 0.45), *_arc(0.27, 0.67, 0.31, 0.33, -115, 145)]],
    "6": [[(0.44, 0.0), *_arc(0.3, 0.67, 0.29, 0.33, 195, 555)]],
    "7": [[(0.02, 0.0), (0.6, 0.0), (0.2, 1.0)]],
    "8": [_arc(0.3, 0.24, 0.25, 0.24, 0, 360), _arc(0.3, 0.73, 0.3, 0.27, 0, 360)],
    "9": [[*_arc(0.3, 0.33, 0.29, 0.33, 375, 15), (0.16, 1.0)]],
    "E": [[(0.52, 0.0), (0.04, 0.0), (0.04, 1.0), (0.52, 1.0)], [(0.04, 0.48), (0.44, 0.48)]],
    "P": [[(0.04, 1.0), (0.04, 0.0), *_arc(0.26, 0.27, 0.3, 0.27, -90, 90), (0.04, 0.54)]],
}


@lru_cache(maxsize=4096)
def _words(words: str, height: int) -> Mask:
    """The letters' mask; strokes are drawn inside a margin of their own width."""
    stroke, advance = max(height * 0.075, 0.9), round(height * 0.78)
    scale = height - 2 * stroke
    ys, xs = _grid((0, height, 0, advance * len(words)))
    nearest = np.full((height, advance * len(words)), np.inf, np.float32)
    for place, letter in enumerate(words):
        left = place * advance + stroke
        for line in _STROKES.get(letter, []):
            points = [(x * scale + left, y * scale + stroke) for x, y in line]
            for start, end in pairwise(points):
                nearest = np.minimum(nearest, _distance(xs, ys, start, end))
    return _cover(stroke - nearest)
