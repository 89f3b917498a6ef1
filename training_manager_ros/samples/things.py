"""What lies on the sample table, drawn the same way for every camera."""

from __future__ import annotations

from training_manager_ros.samples.drawing import Canvas, Colour, ellipse, polygon
from training_manager_ros.samples.view import View

__all__ = ["ball", "bowl", "box", "cup", "plate", "shade", "sheet", "stain"]


def shade(colour: Colour, factor: float) -> Colour:
    """A darker (factor < 1) or lighter (> 1) colour."""
    red, green, blue = (min(channel * factor, 255.0) for channel in colour)
    return red, green, blue


def _shadow(canvas: Canvas, view: View, x: float, y: float, z: float, radius: float) -> None:
    at, scale = view.point(x + 0.12 * z + 0.02, y - 0.02), view.scale(x, y)
    width = radius * scale * 1.1
    ellipse(canvas, at, width, width * view.flat, (30, 22, 16), 0.3 / (1 + 2 * z))


def plate(canvas: Canvas, view: View, x: float, y: float, colour: Colour) -> None:
    """A flat plate with a rim."""
    _shadow(canvas, view, x, y, 0, 0.3)
    at, width = view.point(x, y), 0.29 * view.scale(x, y)
    for part, tone in ((1.0, 0.86), (0.95, 1.0), (0.68, 0.9), (0.64, 0.97)):
        ellipse(canvas, at, width * part, width * part * view.flat, shade(colour, tone))


def bowl(canvas: Canvas, view: View, x: float, y: float, colour: Colour, front: bool) -> None:
    """A bowl: its inside, or the front wall that hides what lies in it."""
    low, high = view.point(x, y, 0.02), view.point(x, y, 0.16)
    inner, outer = 0.15 * view.scale(x, y), 0.26 * view.scale(x, y, 0.16)
    if not front:
        _shadow(canvas, view, x, y, 0, 0.24)
        ellipse(canvas, high, outer, outer * view.flat, shade(colour, 0.62))
        return
    steps = 8
    if low[1] - high[1] < 6:  # from above there is no front wall
        return
    for step in range(steps):
        part = step / steps
        width = inner + (outer - inner) * part
        middle = low[1] + (high[1] - low[1]) * part
        ellipse(
            canvas,
            (low[0], middle + width * view.flat * 0.5),
            width,
            width * view.flat * 0.55,
            shade(colour, 0.8 + 0.2 * part),
        )


def cup(canvas: Canvas, view: View, x: float, y: float, z: float, colour: Colour) -> None:
    """A cup with a handle on its left."""
    _shadow(canvas, view, x, y, z, 0.14)
    low, high = view.point(x, y, z), view.point(x, y, z + 0.26)
    bottom, top = 0.1 * view.scale(x, y, z), 0.14 * view.scale(x, y, z + 0.26)
    middle = (low[0] + high[0]) / 2 - top, (low[1] + high[1]) / 2
    ellipse(canvas, middle, top * 0.6, top * 0.7, shade(colour, 0.8))
    ellipse(canvas, middle, top * 0.36, top * 0.44, (150, 112, 78))
    ellipse(canvas, low, bottom, bottom * view.flat, shade(colour, 0.8))
    polygon(
        canvas,
        [
            (low[0] - bottom, low[1]),
            (low[0] + bottom, low[1]),
            (high[0] + top, high[1]),
            (high[0] - top, high[1]),
        ],
        colour,
    )
    polygon(
        canvas,
        [
            (low[0] + bottom * 0.4, low[1] + bottom * view.flat * 0.5),
            (low[0] + bottom, low[1]),
            (high[0] + top, high[1]),
            (high[0] + top * 0.4, high[1]),
        ],
        shade(colour, 0.84),
    )
    ellipse(canvas, high, top, top * view.flat, shade(colour, 1.18))
    ellipse(canvas, high, top * 0.84, top * 0.84 * view.flat, shade(colour, 0.42))


def ball(canvas: Canvas, view: View, x: float, y: float, z: float, colour: Colour) -> None:
    """An apple-sized ball with a highlight and a stalk."""
    radius = 0.12
    _shadow(canvas, view, x, y, z, radius)
    at, width = view.point(x, y, z + radius), radius * view.scale(x, y, z + radius)
    ellipse(canvas, at, width, width, shade(colour, 0.72))
    for part, tone in ((0.9, 0.86), (0.74, 1.0), (0.5, 1.12)):
        offset = width * (1 - part) * 0.5
        ellipse(
            canvas,
            (at[0] - offset, at[1] - offset),
            width * part,
            width * part,
            shade(colour, tone),
        )
    ellipse(
        canvas,
        (at[0] - width * 0.38, at[1] - width * 0.4),
        width * 0.16,
        width * 0.12,
        (255, 255, 255),
        0.8,
    )
    ellipse(canvas, (at[0], at[1] - width * 0.9), width * 0.1, width * 0.2, (86, 60, 40))


def box(
    canvas: Canvas,
    view: View,
    x: float,
    y: float,
    z: float,
    size: tuple[float, float, float],
    colour: Colour,
) -> None:
    """A box of (width, depth, height), standing at z."""
    width, depth, height = size
    _shadow(canvas, view, x, y, z, max(width, depth) * 0.62)
    left, right, near, far = x - width / 2, x + width / 2, y - depth / 2, y + depth / 2
    top = [
        view.point(*corner, z + height)
        for corner in ((left, near), (right, near), (right, far), (left, far))
    ]
    foot = [
        view.point(*corner, z)
        for corner in ((left, near), (right, near), (right, far), (left, far))
    ]
    for first, second, tone in ((1, 2, 0.7), (3, 0, 0.76), (0, 1, 0.86)):
        polygon(canvas, [foot[first], foot[second], top[second], top[first]], shade(colour, tone))
    polygon(canvas, top, shade(colour, 1.08))


def sheet(
    canvas: Canvas, view: View, corners: list[tuple[float, float, float]], colour: Colour
) -> None:
    """A piece of cloth between four corners, with two stripes."""
    polygon(canvas, [view.point(*corner) for corner in corners], colour)
    for low, high in ((0.12, 0.18), (0.82, 0.88)):
        stripe = [
            _between(corners[0], corners[3], low),
            _between(corners[1], corners[2], low),
            _between(corners[1], corners[2], high),
            _between(corners[0], corners[3], high),
        ]
        polygon(canvas, [view.point(*corner) for corner in stripe], shade(colour, 0.72))


def _between(
    start: tuple[float, float, float], end: tuple[float, float, float], part: float
) -> tuple[float, float, float]:
    x, y, z = (a + (b - a) * part for a, b in zip(start, end, strict=True))
    return x, y, z


def stain(canvas: Canvas, view: View, x: float, y: float, size: float, left: float) -> None:
    """A spill on the table, of which a part `left` (1 to 0) is still there."""
    at, width = view.point(x, y), size * view.scale(x, y)
    for dx, part in ((-0.5, 0.6), (0.0, 1.0), (0.55, 0.5)):
        ellipse(
            canvas,
            (at[0] + dx * width, at[1]),
            width * part,
            width * part * view.flat,
            (98, 52, 84),
            0.75 * left,
        )
