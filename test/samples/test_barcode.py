from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training_manager_ros.samples import read_frame_number
from training_manager_ros.samples.barcode import MAX_EPISODE, MAX_FRAME, draw_frame_number


def _picture(episode: int, frame: int, width: int = 160, height: int = 120) -> np.ndarray:
    picture = np.random.default_rng(frame).integers(0, 256, (height, width, 3), np.uint8)
    draw_frame_number(picture, episode, frame)
    return picture


@given(
    episode=st.integers(0, MAX_EPISODE),
    frame=st.integers(0, MAX_FRAME),
    width=st.integers(60, 700),
    height=st.integers(40, 500),
)
def test_every_number_is_read_back(episode: int, frame: int, width: int, height: int) -> None:
    assert read_frame_number(_picture(episode, frame, width, height)) == (episode, frame)


@pytest.mark.parametrize("step", [2, 3, 4])
def test_a_smaller_copy_is_read(step: int) -> None:
    assert read_frame_number(_picture(5, 321, 640, 480)[::step, ::step]) == (5, 321)


def test_noise_and_low_contrast_are_no_harm() -> None:
    picture = _picture(63, 1023).astype(float) * 0.6 + 50
    picture += np.random.default_rng(1).normal(0, 20, picture.shape)
    assert read_frame_number(np.clip(picture, 0, 255).astype(np.uint8)) == (63, 1023)


@pytest.mark.parametrize("fill", [0, 255])
def test_a_picture_without_a_strip_is_not_read(fill: int) -> None:
    with pytest.raises(ValueError, match="no readable frame number"):
        read_frame_number(np.full((120, 160, 3), fill, np.uint8))


def test_one_wrong_block_is_noticed() -> None:
    for block in range(20):
        picture = _picture(9, 77)
        strip = picture[-8:, block * 8 : block * 8 + 8]
        strip[:] = 255 - strip
        with pytest.raises(ValueError, match="no readable frame number"):
            read_frame_number(picture)


@pytest.mark.parametrize(("episode", "frame"), [(64, 0), (0, 1024), (-1, 0)])
def test_numbers_that_do_not_fit_are_refused(episode: int, frame: int) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        draw_frame_number(np.zeros((120, 160, 3), np.uint8), episode, frame)
