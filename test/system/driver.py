"""Working the panel as a person does, and reading what is on the screen."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from playwright.sync_api import Locator, Page

from training_manager_ros.errors import Conflict
from training_manager_ros.orchestrator.services import DataFolder

Picture = npt.NDArray[np.uint8]

# Keeps what a camera's tile shows, at the picture's own size, and answers the length of its text.
_LOOK = """(camera) => {
  const tile = document.querySelector(`figure[data-camera="${CSS.escape(camera)}"]`);
  const shown = tile.querySelector(tile.dataset.mode === "video" ? "video" : "canvas");
  const canvas = document.createElement("canvas");
  canvas.width = shown.videoWidth || shown.width;
  canvas.height = shown.videoHeight || shown.height;
  canvas.getContext("2d").drawImage(shown, 0, 0);
  window.lookedAt = canvas.toDataURL("image/png").split(",")[1];
  return window.lookedAt.length;
}"""
_PART = "(start) => window.lookedAt.slice(start, start + 100000)"  # long answers take seconds

_STEADY = """(frame) => {
  const tiles = [...document.querySelectorAll("figure[data-camera]")];
  return tiles.length > 0 && tiles.every((tile) => tile.dataset.frame === String(frame));
}"""

_VIDEO = """() => {
  const tiles = [...document.querySelectorAll("figure[data-camera]")];
  return tiles.length > 0 && tiles.every((tile) => tile.dataset.mode === "video");
}"""


def from_png(data: bytes) -> Picture:
    """A picture's pixels, RGB."""
    with av.open(io.BytesIO(data), format="png_pipe") as container:
        picture: Picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
    return picture


def until(condition: Callable[[], object], what: str, seconds: float = 40.0) -> None:
    """Wait for something that no locator sees."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen in {seconds} s: {what}"
        time.sleep(0.02)


def metadata(skill: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((skill / "metadata.json").read_text())
    return loaded


def change_by_hand(skill: Path, **changes: object) -> None:
    """Edit metadata.json as a person with an editor on the robot does."""
    new = skill / ".metadata.json.edited"
    new.write_text(json.dumps({**metadata(skill), **changes}, indent=4) + "\n")
    new.rename(skill / "metadata.json")


class Player:
    """The player of an opened episode."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.controls = page.get_by_role("group", name="Player")
        self.controls.wait_for()

    @property
    def cameras(self) -> list[str]:
        tiles = self.page.locator("figure[data-camera]")
        return [str(name) for name in tiles.evaluate_all("all => all.map(t => t.dataset.camera)")]

    @property
    def frame(self) -> int:
        return int(self.controls.get_attribute("data-frame") or -1)

    @property
    def playing(self) -> bool:
        return self.controls.get_attribute("data-playing") == "true"

    def wait_for_video(self, seconds: float = 120) -> None:
        """Until every camera shows video."""
        self.page.wait_for_function(_VIDEO, timeout=seconds * 1000)

    def wait_for_frame(self, frame: int) -> None:
        """Until the player is at the frame and every camera says that it shows it."""
        until(lambda: self.frame == frame, f"the player at frame {frame}, not {self.frame}")
        self.page.wait_for_function(_STEADY, arg=frame)

    def shown(self) -> dict[str, int]:
        """The frame that each camera says it shows."""
        tiles = self.page.locator("figure[data-camera]")
        pairs = tiles.evaluate_all("all => all.map(t => [t.dataset.camera, +t.dataset.frame])")
        return {str(name): int(frame) for name, frame in pairs}

    def picture(self, camera: str) -> Picture:
        """What a camera's tile shows, RGB."""
        length = self.page.evaluate(_LOOK, camera)
        parts = [self.page.evaluate(_PART, start) for start in range(0, length, 100_000)]
        return from_png(base64.b64decode("".join(parts)))

    def go(self, place: str) -> None:
        """Change the address by hand, within the page."""
        self.page.evaluate("(hash) => { location.hash = hash }", place)


@contextmanager
def without_server(robot: Any, folder: Path) -> Iterator[None]:
    """A robot whose own training server has died, and can't start again as long as this lasts."""
    data = DataFolder(folder)

    def taken() -> bool:
        try:
            data.lock()
        except Conflict:  # it still has its folder
            return False
        return True

    os.kill(robot.child("orchestrator"), signal.SIGKILL)
    until(taken, "the training server is gone")
    try:
        yield
    finally:
        data.release()


def button(place: Page | Locator, name: str) -> Locator:
    """The button of exactly this name."""
    return place.get_by_role("button", name=name, exact=True)
