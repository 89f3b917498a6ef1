"""The sample tasks: what lies on the table, and how the arm goes about it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from training_manager_ros.samples.barcode import draw_frame_number
from training_manager_ros.samples.drawing import Canvas, Colour, capsule, ellipse, polygon, text
from training_manager_ros.samples.motion import Path3D
from training_manager_ros.samples.things import ball, bowl, box, cup, plate, sheet, stain
from training_manager_ros.samples.view import (
    HEIGHT,
    WIDTH,
    FrontView,
    View,
    WristView,
    draw_arm,
    draw_fingers,
)

__all__ = ["CAMERAS", "FoldTowel", "PickUpCup", "Scene", "SortFruit", "StackBlocks", "WipeTable"]

CAMERAS = ("main", "wrist")
_WOOD: Colour = (196, 152, 108)


class Scene(ABC):
    """One episode of a task; `variant` moves and recolours what is there."""

    path: Path3D

    def __init__(self, variant: int) -> None:
        self.variant = variant

    @abstractmethod
    def draw(self, canvas: Canvas, view: View, time: float) -> None:
        """Draw what lies on the table at a time from 0 to 1."""

    def render(self, camera: str, frame: int, frames: int, episode: int) -> npt.NDArray[np.uint8]:
        """A picture (240, 320, 3) RGB with its episode and frame number, twice."""
        time = frame / max(frames - 1, 1)
        x, y, z, opening = self.path.at(time)
        if camera == "main":
            canvas = _room().copy()
            self.draw(canvas, FrontView(), time)
            draw_arm(canvas, FrontView(), x, y, z, opening)
        else:
            canvas = np.empty((3, HEIGHT, WIDTH), np.float32)
            canvas[:] = _column(_WOOD)
            view = WristView(x, y, z)
            _grain(canvas, view)
            self.draw(canvas, view, time)
            draw_fingers(canvas, opening)
        _label(canvas, episode, frame)
        planes = np.clip(canvas, 0, 255).astype(np.uint8)
        image = np.ascontiguousarray(planes.transpose(1, 2, 0))
        draw_frame_number(image, episode, frame)
        return image


def _column(colour: Colour) -> Canvas:
    return np.array(colour, np.float32)[:, None, None]


def _label(canvas: Canvas, episode: int, frame: int) -> None:
    canvas[:, 6:54, 6:104] *= np.float32(0.4)
    text(canvas, (12, 9), f"EP {episode}", 14, (255, 178, 92))
    text(canvas, (12, 25), f"{frame:04d}", 26, (255, 255, 255))


@lru_cache(maxsize=1)
def _room() -> Canvas:
    """The empty room as the front camera sees it."""
    canvas = np.empty((3, HEIGHT, WIDTH), np.float32)
    fade = np.linspace(0, 1, HEIGHT, dtype=np.float32)[None, :, None]
    above, below = _column((206, 218, 228)), _column((150, 166, 182))
    canvas[:] = above * (1 - fade) + below * fade
    polygon(canvas, [(196, 14), (302, 14), (302, 78), (196, 78)], (238, 243, 247))  # a window
    polygon(canvas, [(200, 18), (247, 18), (247, 74), (200, 74)], (170, 205, 232))
    polygon(canvas, [(251, 18), (298, 18), (298, 74), (251, 74)], (176, 210, 235))
    ellipse(canvas, (214, 70), 30, 14, (120, 168, 120), 0.5)
    view = FrontView()
    corners = [(-1.2, -0.08), (1.2, -0.08), (1.2, 1.3), (-1.2, 1.3)]
    front = [view.point(x, y) for x, y in corners]
    drop = [(x, y + 14) for x, y in front[:2]]
    polygon(canvas, [front[0], front[1], drop[1], drop[0]], (134, 96, 62))
    polygon(canvas, front, _WOOD)
    for plank in range(1, 6):
        y = -0.08 + 1.38 * plank / 6
        capsule(canvas, view.point(-1.2, y), view.point(1.2, y), 0.7, (160, 118, 80), 0.6)
    return canvas


def _grain(canvas: Canvas, view: View) -> None:
    """Planks, so that the wrist camera's motion can be seen."""
    for plank in range(7):
        y = -0.31 + 0.23 * plank
        capsule(canvas, view.point(-1.6, y), view.point(1.6, y), 1.2, (160, 118, 80), 0.7)
        x = math.sin(plank * 2.4)
        ellipse(canvas, view.point(x, y + 0.11), 9, 4, (168, 126, 86), 0.6)


class _Carry(Scene):
    """Something is taken from one place and put down at another."""

    grip: ClassVar[float] = 0.1  # height at which it is held
    rest: ClassVar[float] = 0.0  # height of the place where it is put down
    target: ClassVar[tuple[float, float]] = (0.45, 0.35)

    def __init__(self, variant: int) -> None:
        super().__init__(variant)
        self.start = (-0.5 + 0.16 * (variant % 3), 0.3 + 0.22 * (variant * 2 % 3) / 2)
        (sx, sy), (tx, ty), grip = self.start, self.target, self.grip
        put = grip + self.rest
        self.path = Path3D(
            [
                (0.0, 0.1, 0.75, 0.75, 0.2),
                (0.2, sx, sy, 0.55, 1.0),
                (0.34, sx, sy, grip, 1.0),
                (0.42, sx, sy, grip, 0.15),
                (0.56, (sx + tx) / 2, (sy + ty) / 2, 0.6, 0.15),
                (0.7, tx, ty, put + 0.15, 0.15),
                (0.78, tx, ty, put, 0.15),
                (0.85, tx, ty, put, 1.0),
                (1.0, 0.1, 0.75, 0.75, 0.4),
            ]
        )

    def carried(self, time: float) -> tuple[float, float, float]:
        """Where the thing is."""
        if time < 0.42:
            return *self.start, 0.0
        if time > 0.8:
            return *self.target, self.rest
        x, y, z, _ = self.path.at(time)
        return x, y, max(z - self.grip, 0.0)


class PickUpCup(_Carry):
    """A cup is put onto a plate."""

    grip = 0.14
    rest = 0.03

    def draw(self, canvas: Canvas, view: View, time: float) -> None:
        """See `Scene`."""
        plate(canvas, view, *self.target, (236, 238, 242))
        colour: Colour = ((66, 133, 190), (212, 84, 76), (84, 158, 110))[self.variant % 3]
        cup(canvas, view, *self.carried(time), colour)


class StackBlocks(_Carry):
    """A block is put onto another."""

    grip = 0.12
    rest = 0.22

    def draw(self, canvas: Canvas, view: View, time: float) -> None:
        """See `Scene`."""
        first: Colour = ((74, 144, 196), (120, 98, 176), (72, 160, 140))[self.variant % 3]
        tx, ty = self.target
        box(canvas, view, tx, ty, 0.0, (0.26, 0.26, 0.22), first)
        box(canvas, view, *self.carried(time), (0.22, 0.22, 0.2), (240, 170, 58))


class SortFruit(_Carry):
    """An apple goes into a bowl, beside one that is there already."""

    grip = 0.1
    rest = 0.08

    def draw(self, canvas: Canvas, view: View, time: float) -> None:
        """See `Scene`."""
        tx, ty = self.target
        porcelain: Colour = (92, 128, 176)
        bowl(canvas, view, tx, ty, porcelain, front=False)
        x, y, z = self.carried(time)
        apple: Colour = ((206, 60, 52), (132, 176, 62), (226, 148, 52))[self.variant % 3]
        falls = time > 0.8
        ball(canvas, view, tx - 0.1, ty + 0.06, 0.06, (226, 190, 72))
        if falls:
            ball(canvas, view, x + 0.06, y, z, apple)
        bowl(canvas, view, tx, ty, porcelain, front=True)
        if not falls:
            ball(canvas, view, x, y, z, apple)


class FoldTowel(Scene):
    """A towel's right edge is laid over its left."""

    def __init__(self, variant: int) -> None:
        super().__init__(variant)
        self.middle, self.half = -0.1 + 0.08 * (variant % 3), 0.46
        right, left = self.middle + self.half, self.middle - self.half + 0.04
        self.path = Path3D(
            [
                (0.0, 0.1, 0.75, 0.75, 0.2),
                (0.2, right, 0.4, 0.4, 1.0),
                (0.32, right, 0.4, 0.04, 1.0),
                (0.4, right, 0.4, 0.04, 0.05),
                (0.58, self.middle, 0.4, 0.44, 0.05),
                (0.76, left, 0.4, 0.06, 0.05),
                (0.84, left, 0.4, 0.06, 0.9),
                (1.0, 0.1, 0.75, 0.75, 0.4),
            ]
        )

    def draw(self, canvas: Canvas, view: View, time: float) -> None:
        """See `Scene`."""
        colour: Colour = ((112, 166, 190), (196, 128, 138), (150, 164, 112))[self.variant % 3]
        left, near, far = self.middle - self.half, 0.12, 0.78
        sheet(
            canvas,
            view,
            [(left, near, 0), (self.middle, near, 0), (self.middle, far, 0), (left, far, 0)],
            colour,
        )
        edge, height = self.middle + self.half, 0.0
        if time > 0.76:
            edge, height = left + 0.04, 0.02
        elif time > 0.4:
            edge, _, height, _ = self.path.at(time)
        back: Colour = colour if time < 0.4 else (206, 214, 216)
        sheet(
            canvas,
            view,
            [
                (self.middle, near, 0.01),
                (edge, near, height),
                (edge, far, height),
                (self.middle, far, 0.01),
            ],
            back,
        )


class WipeTable(Scene):
    """A sponge goes over three spills."""

    def __init__(self, variant: int) -> None:
        super().__init__(variant)
        shift = 0.07 * (variant % 3)
        self.spills = [(-0.5 + shift, 0.3), (-0.1, 0.55 - shift), (0.35 - shift, 0.28)]
        way = [(0.0, 0.1, 0.75, 0.7, 0.2), (0.14, -0.75, 0.4, 0.12, 0.3)]
        for number, (x, y) in enumerate(self.spills):
            begin = 0.2 + 0.24 * number
            for step, side in enumerate((-0.2, 0.2, -0.16, 0.2)):
                way.append((begin + 0.06 * step, x + side, y, 0.12, 0.3))
        way += [(0.92, 0.62, 0.3, 0.12, 0.3), (1.0, 0.5, 0.6, 0.5, 0.3)]
        self.path = Path3D(way)

    def draw(self, canvas: Canvas, view: View, time: float) -> None:
        """See `Scene`."""
        for number, (x, y) in enumerate(self.spills):
            wiped = (time - 0.2 - 0.24 * number) / 0.18
            if wiped < 1:
                stain(canvas, view, x, y, 0.15, 1 - max(wiped, 0.0))
        x, y, z, _ = self.path.at(time)
        if time < 0.14:
            x, y, z = -0.75, 0.4, 0.12
        colour: Colour = ((244, 206, 70), (128, 200, 150), (240, 150, 170))[self.variant % 3]
        box(canvas, view, x, y, max(z - 0.12, 0.0), (0.3, 0.2, 0.12), colour)
