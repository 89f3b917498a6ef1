"""The sample scene's two cameras: how a point above the table comes to a pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from training_manager_ros.samples.drawing import Canvas, Colour, Point, capsule, ellipse, polygon

__all__ = ["HEIGHT", "WIDTH", "FrontView", "View", "WristView", "draw_arm", "draw_fingers"]

WIDTH, HEIGHT = 320, 240
_METAL: Colour = (222, 226, 232)
_DARK: Colour = (58, 64, 76)
_ACCENT: Colour = (245, 124, 48)


class View(Protocol):
    """A camera."""

    @property
    def flat(self) -> float:
        """Height of a circle on the table, as a part of its width."""

    def point(self, x: float, y: float, z: float = 0.0) -> Point:
        """The pixel of a point."""

    def scale(self, x: float, y: float, z: float = 0.0) -> float:
        """Pixels of a unit of length at that point."""


@dataclass(frozen=True)
class FrontView:
    """From the front, over the whole table."""

    flat: float = 0.5

    def point(self, x: float, y: float, z: float = 0.0) -> Point:
        """See `View`."""
        scale = self.scale(x, y)
        return WIDTH / 2 + x * scale, 202 - 0.82 * y * scale - 0.78 * z * scale

    def scale(self, x: float, y: float, z: float = 0.0) -> float:
        """See `View`."""
        return 138 / (1 + 0.35 * y)


@dataclass(frozen=True)
class WristView:
    """From the gripper straight down."""

    x: float
    y: float
    z: float
    flat: float = 0.92

    def point(self, x: float, y: float, z: float = 0.0) -> Point:
        """See `View`."""
        scale = self.scale(x, y, z)
        return WIDTH / 2 + (x - self.x) * scale, 128 - (y - self.y) * scale * self.flat

    def scale(self, x: float, y: float, z: float = 0.0) -> float:
        """See `View`."""
        return 150 / max(self.z + 0.55 - z, 0.25)


def draw_arm(canvas: Canvas, view: View, x: float, y: float, z: float, opening: float) -> None:
    """The arm as the front camera sees it, its gripper's tips at (x, y, z)."""
    scale = view.scale(x, y)
    tip = view.point(x, y, z)
    wrist = tip[0], tip[1] - 0.26 * scale
    base = view.point(0.75, 1.05)
    shoulder = base[0], base[1] - 26
    elbow = _elbow(shoulder, wrist, 84, 80)
    ellipse(canvas, base, 24, 9, (40, 44, 54))
    capsule(canvas, base, shoulder, 12, _DARK)
    for start, end, radius in ((shoulder, elbow, 9.0), (elbow, wrist, 7.5)):
        capsule(canvas, start, end, radius + 1.2, (120, 126, 138))
        capsule(canvas, start, end, radius, _METAL)
        gleam = (start[0] - 3, start[1] - 3), (end[0] - 3, end[1] - 3)
        capsule(canvas, *gleam, radius * 0.35, (250, 251, 253), 0.8)
    for joint, radius in ((shoulder, 12.0), (elbow, 10.0), (wrist, 7.0)):
        ellipse(canvas, joint, radius, radius, _DARK)
        ellipse(canvas, joint, radius * 0.5, radius * 0.5, _ACCENT)
    half = (0.05 + 0.09 * opening) * scale
    palm = tip[1] - 0.15 * scale
    capsule(canvas, (tip[0], wrist[1]), (tip[0], palm), 5, _DARK)
    capsule(canvas, (tip[0] - half, palm), (tip[0] + half, palm), 3.5, _DARK)
    for side in (-half, half):
        capsule(canvas, (tip[0] + side, palm), (tip[0] + side, tip[1]), 3, _DARK)


def draw_fingers(canvas: Canvas, opening: float) -> None:
    """The gripper's own fingers as the wrist camera sees them."""
    gap = 16 + 44 * opening
    for side in (-1, 1):
        root = WIDTH / 2 + side * (gap + 26), HEIGHT - 8.0
        tip = WIDTH / 2 + side * gap, 158.0
        capsule(canvas, root, tip, 15, _DARK)
        capsule(canvas, (root[0] - 4, root[1]), (tip[0] - 4, tip[1]), 4, (96, 104, 120), 0.7)
        ellipse(canvas, tip, 8, 8, _ACCENT)
    polygon(canvas, [(96, 240), (224, 240), (206, 214), (114, 214)], (46, 51, 61))


def _elbow(start: Point, end: Point, first: float, second: float) -> Point:
    """Where two links meet above the line between their ends."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    reach = max(math.hypot(dx, dy), 1.0)
    if reach >= first + second:
        part = first / (first + second)
        return start[0] + dx * part, start[1] + dy * part
    along = (first**2 - second**2 + reach**2) / (2 * reach)
    up = math.sqrt(max(first**2 - along**2, 0.0)) * (1 if dx > 0 else -1)
    return start[0] + (along * dx + up * dy) / reach, start[1] + (along * dy - up * dx) / reach
