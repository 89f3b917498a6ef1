"""Cut frames out of MP4 files and join them into a new one, packet by packet: no pixel changes.

`plan_piece` decides, `write_movie` does. The new file has its index first, frame k at exactly
k / rate, whatever the clock of the source was, and an edit list that takes off the delay of
B-frames, so that frame 0 is at 0 s in every player.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from training_manager_ros.datasets.video.boxes import box, children, full_box
from training_manager_ros.datasets.video.index import MovieIndex
from training_manager_ros.datasets.video.rate import exact_rate
from training_manager_ros.errors import InvalidInput, Unreadable

__all__ = ["Piece", "plan_piece", "write_movie"]

_SAMPLES_A_CHUNK = 64
_COPY_BYTES = 2**20
# no copy_file_range between these two files: copy through memory instead
_NO_RANGE_COPY = {errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM}


@dataclass(frozen=True)
class Piece:
    """Frames of a video that stand alone: they start on a keyframe and lie together."""

    index: MovieIndex
    first: int  # frame in order of showing
    count: int
    first_packet: int  # its position in decode order; `count` packets follow from there

    @property
    def entry(self) -> bytes:
        """The sample description, without the bit rate, which is of the whole source.

        Pieces can be joined if it is the same: it holds the codec's parameter sets.
        """
        entry = self.index.entries[int(self.index.entry_of[self.first_packet])]
        kept = [box(kind, content) for kind, content in children(entry[86:]) if kind != b"btrt"]
        return box(entry[4:8], entry[8:86], *kept)


def plan_piece(index: MovieIndex, first: int, count: int) -> Piece:
    """The packets of frames `first` to `first + count`.

    Raises `InvalidInput` where they can't be taken out without re-encoding, saying why.
    """
    if not 0 <= first < first + count <= index.frames:
        raise InvalidInput(
            f"{index.path.name} has {index.frames} frames, not {first} to {first + count - 1}."
        )
    packets = index.shown[first : first + count]
    start = int(packets.min())
    wrong = ""
    if int(packets.max()) - start + 1 != count:
        wrong = "their packets are mixed with those of other frames"
    elif int(packets[0]) != start or not index.keyframes[start]:
        wrong = "the first is no keyframe"
    elif (index.entry_of[start : start + count] != index.entry_of[start]).any():
        wrong = "they are encoded in different ways"
    if wrong:
        raise InvalidInput(
            f"Frames {first} to {first + count - 1} of {index.path.name} can't be cut out without "
            f"re-encoding: {wrong}."
        )
    return Piece(index, first, count, start)


def write_movie(target: Path, pieces: Sequence[Piece], rate: float) -> None:
    """Write the pieces one after the other as an MP4 at `target`, in place and not yet synced.

    Raises `InvalidInput` for pieces that are encoded in different ways or an impossible rate, and
    `Unreadable` for a source that ends too early. Packets pass through the kernel, not memory.
    """
    entries = {piece.entry for piece in pieces}
    if len(entries) != 1:
        raise InvalidInput("Only videos that are encoded in the same way can be joined.")
    sizes = np.concatenate([p.index.sizes[_packets(p)] for p in pieces])
    order = np.concatenate(
        [_shown_as(piece) + start for piece, start in zip(pieces, _starts(pieces), strict=True)]
    )
    keyframes = np.concatenate([p.index.keyframes[_packets(p)] for p in pieces])
    track = _Track(pieces[0].index, entries.pop(), sizes, order, keyframes, *_ticks(rate))
    with target.open("wb") as out:
        _write_head(out, track)
        for piece in pieces:
            _copy_packets(piece, out)


@dataclass(frozen=True, eq=False)
class _Track:
    like: MovieIndex
    entry: bytes
    sizes: np.ndarray[tuple[int], np.dtype[np.int64]]
    order: np.ndarray[tuple[int], np.dtype[np.int64]]  # place in which each packet is shown
    keyframes: np.ndarray[tuple[int], np.dtype[np.bool_]]
    timescale: int
    step: int  # ticks a frame


def _packets(piece: Piece) -> slice:
    return slice(piece.first_packet, piece.first_packet + piece.count)


def _starts(pieces: Sequence[Piece]) -> list[int]:
    return [sum(piece.count for piece in pieces[:i]) for i in range(len(pieces))]


def _shown_as(piece: Piece) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For each packet of the piece the place in which it is shown, from 0."""
    places = np.empty(piece.count, np.int64)
    shown = piece.index.shown[piece.first : piece.first + piece.count]
    places[shown - piece.first_packet] = np.arange(piece.count)
    return places


def _ticks(rate: float) -> tuple[int, int]:
    """Time scale and ticks a frame, so that a frame lasts 1 / rate exactly."""
    exact = exact_rate(rate)
    finer = max(1, -(-10_000 // exact.numerator))
    return exact.numerator * finer, exact.denominator * finer


def _write_head(out: BinaryIO, track: _Track) -> None:
    """Everything before the packets: ftyp, moov and the header of mdat."""
    payload = int(track.sizes.sum())
    brand = b"av01" if track.like.codec == "av1" else b"avc1"
    ftyp = box(b"ftyp", b"isom", struct.pack(">I", 512), b"isom", b"iso2", brand, b"mp41")
    mdat = struct.pack(">I4s", payload + 8, b"mdat")
    if payload + 8 >= 2**32:
        mdat = struct.pack(">I4sQ", 1, b"mdat", payload + 16)
    long = payload + 2**26 >= 2**32  # the index is smaller than the margin, or it is needed anyway
    size = len(_moov(track, 0, long))
    start = len(ftyp) + size + len(mdat)
    out.write(ftyp + _moov(track, start, long) + mdat)


def _moov(track: _Track, data_start: int, long_offsets: bool) -> bytes:
    count = len(track.sizes)
    length = count * track.step
    version = 1 if length >= 2**32 else 0
    clock = ">QQIQ" if version else ">IIII"
    mvhd = full_box(
        b"mvhd",
        struct.pack(clock, 0, 0, track.timescale, length),
        struct.pack(">IH10x", 0x10000, 0x100),
        struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000),
        bytes(24),
        struct.pack(">I", 2),
        version=version,
    )
    tkhd = full_box(
        b"tkhd",
        struct.pack(">QQIIQ" if version else ">IIIII", 0, 0, 1, 0, length),
        bytes(16),
        track.like.matrix,
        struct.pack(">II", track.like.width << 16, track.like.height << 16),
        version=version,
        flags=3,  # enabled, in the movie
    )
    waits = np.arange(count) - track.order
    delay = int(waits.max(initial=0)) * track.step
    elst = full_box(
        b"elst",
        struct.pack(">IQqI" if version else ">IIiI", 1, length, delay, 0x10000),
        version=version,
    )
    mdhd = full_box(
        b"mdhd",
        struct.pack(clock, 0, 0, track.timescale, length),
        struct.pack(">HH", 0x55C4, 0),  # language: undetermined
        version=version,
    )
    hdlr = full_box(b"hdlr", bytes(4), b"vide", bytes(12), b"VideoHandler\0")
    url = full_box(b"url ", flags=1)  # the packets are in this file
    minf = box(
        b"minf",
        full_box(b"vmhd", bytes(8), flags=1),
        box(b"dinf", full_box(b"dref", struct.pack(">I", 1), url)),
        box(b"stbl", *_tables(track, waits * -track.step + delay, data_start, long_offsets)),
    )
    trak = box(b"trak", tkhd, box(b"edts", elst), box(b"mdia", mdhd, hdlr, minf))
    return box(b"moov", mvhd, trak)


def _tables(
    track: _Track,
    delays: np.ndarray[tuple[int], np.dtype[np.int64]],
    data_start: int,
    long_offsets: bool,
) -> list[bytes]:
    count = len(track.sizes)
    tables = [
        full_box(b"stsd", struct.pack(">I", 1), track.entry),
        full_box(b"stts", struct.pack(">III", 1, count, track.step)),
    ]
    if delays.any():
        changes = np.flatnonzero(np.diff(delays, prepend=-1))
        rows = np.stack([np.diff(changes, append=count), delays[changes]], axis=1)
        tables.append(full_box(b"ctts", struct.pack(">I", len(rows)), rows.astype(">u4").tobytes()))
    if not track.keyframes.all():
        numbers = np.flatnonzero(track.keyframes) + 1
        tables.append(
            full_box(b"stss", struct.pack(">I", len(numbers)), numbers.astype(">u4").tobytes())
        )
    whole, rest = divmod(count, _SAMPLES_A_CHUNK)
    runs = [(1, _SAMPLES_A_CHUNK, 1)] if whole else []
    runs += [(whole + 1, rest, 1)] if rest else []
    places = data_start + np.concatenate([[0], np.cumsum(track.sizes)[:-1]])[::_SAMPLES_A_CHUNK]
    tables += [
        full_box(b"stsc", struct.pack(">I", len(runs)), np.array(runs, ">u4").tobytes()),
        full_box(b"stsz", struct.pack(">II", 0, count), track.sizes.astype(">u4").tobytes()),
        full_box(
            b"co64" if long_offsets else b"stco",
            struct.pack(">I", len(places)),
            places.astype(">u8" if long_offsets else ">u4").tobytes(),
        ),
    ]
    return tables


def _copy_packets(piece: Piece, out: BinaryIO) -> None:
    offsets = piece.index.offsets[_packets(piece)]
    ends = offsets + piece.index.sizes[_packets(piece)]
    breaks = np.flatnonzero(offsets[1:] != ends[:-1]) + 1
    with piece.index.path.open("rb") as source:
        for run in np.split(np.arange(piece.count), breaks):
            _copy(source, int(offsets[run[0]]), int(ends[run[-1]] - offsets[run[0]]), out)


def _copy(source: BinaryIO, offset: int, length: int, out: BinaryIO) -> None:
    out.flush()
    in_kernel = hasattr(os, "copy_file_range")
    while length:
        copied = 0
        if in_kernel:
            try:
                copied = os.copy_file_range(source.fileno(), out.fileno(), length, offset)
            except OSError as error:
                if error.errno not in _NO_RANGE_COPY:
                    raise
                in_kernel = False
                continue
        else:
            data = os.pread(source.fileno(), min(length, _COPY_BYTES), offset)
            copied = os.write(out.fileno(), data)
        if not copied:
            raise Unreadable(f"{source.name} became shorter while it was read.")
        offset, length = offset + copied, length - copied
