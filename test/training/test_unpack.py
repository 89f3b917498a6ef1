"""Unpacking what zstd packed."""

from __future__ import annotations

import random
import resource
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training_manager_ros.errors import Cancelled
from training_manager_ros.training.control import Control
from training_manager_ros.training.unpack import Broken, unpack

CONTENT = random.Random(1).randbytes(300_000) + bytes(2_000_000)


def unpacked(tmp_path: Path, packed: bytes, control: Control | None = None) -> bytes:
    (tmp_path / "packed").write_bytes(packed)
    unpack(tmp_path / "packed", tmp_path / "target", control or Control())
    return (tmp_path / "target").read_bytes()


@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
def test_whole_files(tmp_path: Path, content: bytes) -> None:
    assert unpacked(tmp_path, zstd.compress(content)) == content


def test_several_frames(tmp_path: Path) -> None:
    assert unpacked(tmp_path, zstd.compress(b"one") + zstd.compress(b"two")) == b"onetwo"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(part=st.floats(0, 1, exclude_max=True))
def test_a_file_that_is_cut_off(tmp_path: Path, part: float) -> None:
    packed = zstd.compress(CONTENT)
    cut = packed[: int(len(packed) * part)]
    if cut:
        with pytest.raises(Broken):
            unpacked(tmp_path, cut)


@pytest.mark.parametrize("packed", [b"no zstd at all" * 10, zstd.compress(b"one") + b"garbage"])
def test_what_is_no_zstd(tmp_path: Path, packed: bytes) -> None:
    with pytest.raises(Broken):
        unpacked(tmp_path, packed)


def test_a_changed_byte(tmp_path: Path) -> None:
    checked = {zstd.CompressionParameter.checksum_flag: 1}
    packed = bytearray(zstd.compress(CONTENT, options=checked))
    packed[1000] ^= 1
    with pytest.raises(Broken):
        unpacked(tmp_path, bytes(packed))


def test_a_small_file_that_unpacks_to_a_large_one_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "packed").write_bytes(zstd.compress(bytes(1 << 20)) * 300)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unpack(tmp_path / "packed", tmp_path / "target", Control())
    assert (tmp_path / "target").stat().st_size == 300 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB


def test_cancelling(tmp_path: Path) -> None:
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        unpacked(tmp_path, zstd.compress(CONTENT), control)
