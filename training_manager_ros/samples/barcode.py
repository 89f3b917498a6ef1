"""An episode's and a frame's number inside the picture, for a machine to read.

A strip of 20 blocks, white for 1, along the lower edge: a white guard, 6 bits of the episode,
10 bits of the frame, the number of ones in these modulo 4 as 2 bits, a black guard. The blocks are
large enough to come through 4:2:0, lossy coding and scaling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["MAX_EPISODE", "MAX_FRAME", "draw_frame_number", "read_frame_number", "strip_height"]

MAX_EPISODE = 63
MAX_FRAME = 1023
_BLOCKS = 20


def strip_height(height: int) -> int:
    """Height of the strip in a picture of that height, in pixels."""
    return max(height // 15, 4)


def draw_frame_number(image: npt.NDArray[np.uint8], episode: int, frame: int) -> None:
    """Draw the strip into an RGB or BGR image (H, W, 3), at least 60 pixels wide."""
    bits = _bits(episode, frame)
    height, width = image.shape[:2]
    strip = image[height - strip_height(height) :]
    for block, bit in enumerate(bits):
        strip[:, block * width // _BLOCKS : (block + 1) * width // _BLOCKS] = 255 if bit else 0


def read_frame_number(rgb: npt.NDArray[np.uint8]) -> tuple[int, int]:
    """The (episode, frame) in an image (H, W, 3), at any scale. Raises `ValueError`: no strip."""
    height, width = rgb.shape[:2]
    top = height * 14 / 15
    rows = rgb[int(top + (height - top) * 0.3) : max(int(top + (height - top) * 0.7), int(top) + 1)]
    bits = []
    for block in range(_BLOCKS):
        left = int((block + 0.3) * width / _BLOCKS)
        right = max(int((block + 0.7) * width / _BLOCKS), left + 1)
        bits.append(int(rows[:, left:right].mean() > 127))
    episode = int("".join(map(str, bits[1:7])), 2)
    frame = int("".join(map(str, bits[7:17])), 2)
    if bits != _bits(episode, frame):
        raise ValueError(f"the picture has no readable frame number: {bits}")
    return episode, frame


def _bits(episode: int, frame: int) -> list[int]:
    if not (0 <= episode <= MAX_EPISODE and 0 <= frame <= MAX_FRAME):
        raise ValueError(f"episode {episode}, frame {frame} do not fit the strip")
    numbers = f"{episode:06b}{frame:010b}"
    return [1, *map(int, numbers), *map(int, f"{numbers.count('1') % 4:02b}"), 0]
