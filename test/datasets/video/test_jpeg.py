"""JPEGs: the right size and the right colours, whatever they are made of."""

from __future__ import annotations

import av
import numpy as np
import pytest

from training_manager_ros.datasets.video.jpeg import encode_jpeg
from training_manager_ros.datasets.video.packets import packet_of

from .films import BT601, BT709, flat

RED = (200, 30, 40)


def opened(data: bytes) -> np.ndarray:
    context = av.CodecContext.create("mjpeg", "r")
    frames = context.decode(packet_of(data)) or context.decode(None)
    image: np.ndarray = frames[0].to_ndarray(format="rgb24")
    return image


def plain(size: tuple[int, int]) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((*size[::-1], 3), RED, np.uint8), format="rgb24")


@pytest.mark.parametrize(
    ("size", "width", "expected"),
    [
        ((640, 480), None, (640, 480)),
        ((640, 480), 320, (320, 240)),
        ((640, 480), 640, (640, 480)),
        ((640, 480), 9999, (640, 480)),
        ((641, 481), None, (641, 481)),
        ((641, 481), 333, (333, 250)),
        ((1000, 1), 32, (32, 1)),
        ((1, 1), None, (1, 1)),
    ],
)
def test_is_never_wider_than_asked_and_keeps_its_shape(
    size: tuple[int, int], width: int | None, expected: tuple[int, int]
) -> None:
    image = opened(encode_jpeg(plain(size), width))
    assert image.shape == (expected[1], expected[0], 3)
    # the outermost colours of odd sizes are wrong in FFmpeg before 8
    assert (np.abs(image[:-8, :-8].astype(int) - RED) <= 8).all()


@pytest.mark.parametrize("kind", ["yuv420p", "yuvj420p", "yuv444p", "yuv420p10le", "bgr24", "gbrp"])
def test_keeps_colours_of_every_kind_of_frame(kind: str) -> None:
    image = opened(encode_jpeg(flat(RED, (64, 64), kind, *BT601)))
    assert np.abs(image[32, 32].astype(int) - RED).max() <= 8


@pytest.mark.skipif(not hasattr(av.VideoFrame, "colorspace"), reason="PyAV before 11")
@pytest.mark.parametrize("kind", ["yuv420p", "yuvj420p", "yuv444p"])
def test_reads_colours_by_the_matrix_that_the_frame_names(kind: str) -> None:
    frame = flat(RED, (64, 64), kind, *BT709)
    frame.colorspace = 1
    image = opened(encode_jpeg(frame))
    assert np.abs(image[32, 32].astype(int) - RED).max() <= 8
