"""Smooth shapes on a float32 RGB canvas (3, H, W) of 0 to 255: what a simple scene is made of.

Points are (x, y) in pixels, colours (r, g, b); edges are smoothed over one pixel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = ["Canvas", "Colour", "Point", "capsule", "ellipse", "polygon", "text"]

Canvas = npt.NDArray[np.float32]
Point = tuple[float, float]
Colour = tuple[float, float, float]


def ellipse(
    canvas: Canvas, centre: Point, rx: float, ry: float, colour: Colour, alpha: float = 1.0
) -> None:
    """A filled ellipse."""
    (x, y), box = (
        centre,
        _box(canvas, centre[0] - rx, centre[1] - ry, centre[0] + rx, centre[1] + ry),
    )
    if box is None or min(rx, ry) <= 0:
        return
    ys, xs = _grid(box)
    inside = 1 - np.sqrt(((xs - x) / rx) ** 2 + ((ys - y) / ry) ** 2)
    _blend(canvas, box, np.clip(inside * min(rx, ry) + 0.5, 0, 1), colour, alpha)


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
    _blend(canvas, box, np.clip(radius - _distance(xs, ys, start, end) + 0.5, 0, 1), colour, alpha)


def polygon(canvas: Canvas, points: Sequence[Point], colour: Colour, alpha: float = 1.0) -> None:
    """A filled convex polygon."""
    xs_all, ys_all = [x for x, _ in points], [y for _, y in points]
    box = _box(canvas, min(xs_all), min(ys_all), max(xs_all), max(ys_all))
    edges = list(zip(points, [*points[1:], points[0]], strict=True))
    area = sum(ax * by - bx * ay for (ax, ay), (bx, by) in edges)
    if box is None or abs(area) < 1:
        return
    ys, xs = _grid(box)
    inside: npt.NDArray[np.float32] | None = None
    for (ax, ay), (bx, by) in edges:
        length = math.hypot(bx - ax, by - ay)
        if length < 1e-6:
            continue
        side = ((bx - ax) * (ys - ay) - (by - ay) * (xs - ax)) * (math.copysign(1, area) / length)
        inside = side if inside is None else np.minimum(inside, side)
    if inside is not None:
        _blend(canvas, box, np.clip(inside + 0.5, 0, 1), colour, alpha)


def text(
    canvas: Canvas, corner: Point, words: str, height: int, colour: Colour, alpha: float = 1.0
) -> None:
    """Digits and the letters E and P, from the upper left corner."""
    x, y = int(corner[0]), int(corner[1])
    for letter in words:
        if letter != " ":
            mask = _glyph(letter, height)
            rows, columns = mask.shape
            box = (y, y + rows, x, x + columns)
            _blend(canvas, box, mask, colour, alpha)
        x += round(height * 0.78)


def _box(
    canvas: Canvas, left: float, top: float, right: float, bottom: float
) -> tuple[int, int, int, int] | None:
    height, width = canvas.shape[1:]
    y0, y1 = max(int(top) - 1, 0), min(int(bottom) + 2, height)
    x0, x1 = max(int(left) - 1, 0), min(int(right) + 2, width)
    return (y0, y1, x0, x1) if y0 < y1 and x0 < x1 else None


def _grid(
    box: tuple[int, int, int, int],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    y0, y1, x0, x1 = box
    ys = np.arange(y0, y1, dtype=np.float32)[:, None] + np.float32(0.5)
    xs = np.arange(x0, x1, dtype=np.float32)[None, :] + np.float32(0.5)
    return ys, xs


def _distance(
    xs: npt.NDArray[np.float32], ys: npt.NDArray[np.float32], start: Point, end: Point
) -> npt.NDArray[np.float32]:
    """Distance to a line segment."""
    (ax, ay), (bx, by) = start, end
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    xs, ys = xs - np.float32(ax), ys - np.float32(ay)
    if not square:
        return np.asarray(np.sqrt(xs * xs + ys * ys), np.float32)
    along = np.clip(xs * np.float32(dx / square) + ys * np.float32(dy / square), 0, 1)
    xs, ys = xs - along * np.float32(dx), ys - along * np.float32(dy)
    return np.asarray(np.sqrt(xs * xs + ys * ys), np.float32)


def _blend(
    canvas: Canvas,
    box: tuple[int, int, int, int],
    mask: npt.NDArray[np.float32],
    colour: Colour,
    alpha: float,
) -> None:
    y0, y1, x0, x1 = box
    if alpha != 1.0:
        mask = mask * np.float32(alpha)
    for plane, value in zip(canvas[:, y0:y1, x0:x1], colour, strict=True):
        plane += (np.float32(value) - plane) * mask


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


@lru_cache(maxsize=64)
def _glyph(letter: str, height: int) -> npt.NDArray[np.float32]:
    """A letter's mask; the stroke is drawn inside a margin of its own width."""
    stroke = max(height * 0.075, 0.9)
    scale = height - 2 * stroke
    ys, xs = _grid((0, height, 0, round(height * 0.78)))
    nearest = np.full((ys.shape[0], xs.shape[1]), np.inf, np.float32)
    for line in _STROKES[letter]:
        points = [(x * scale + stroke, y * scale + stroke) for x, y in line]
        for start, end in pairwise(points):
            nearest = np.minimum(nearest, _distance(xs, ys, start, end))
    return np.asarray(np.clip(stroke - nearest + 0.5, 0, 1), np.float32)
