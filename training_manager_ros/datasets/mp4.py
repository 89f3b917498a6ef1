"""An MP4 file's index, read without decoding: codec, size, how many frames and how fast.

Only the boxes that are needed are read, in a millisecond, so that a page of episodes can be
checked against its videos. Layout: ISO/IEC 14496-12 (boxes), -15 (avcC, hvcC), AV1-ISOBMFF (av1C).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import Unreadable
from .bitstream import av1_pix_fmt, h264_pix_fmt, hevc_pix_fmt
from .facts import FactCache
from .listing import FileEntry
from .sound import check_content

__all__ = ["VideoFacts", "video_facts"]

_MAX_INDEX = 256 * 2**20
_CODECS = {
    b"avc1": "h264",
    b"avc3": "h264",
    b"hvc1": "hevc",
    b"hev1": "hevc",
    b"av01": "av1",
    b"mp4v": "mpeg4",
    b"vp09": "vp9",
    b"vp08": "vp8",
    b"jpeg": "mjpeg",
}


@dataclass(frozen=True)
class VideoFacts:
    """The first video track of an MP4 file."""

    codec: str  # "h264", "hevc", "av1", "mpeg4", …; the four-character code where not known
    pix_fmt: str  # FFmpeg's name; "" where not known
    width: int
    height: int
    frames: int  # that a player shows
    rate: float  # frames per second on average; 0 where there is no frame
    index_first: bool  # the index stands before the frames, so a browser can start at once


def video_facts(facts: FactCache, file: FileEntry) -> VideoFacts:
    """Facts about a video file, remembered. Raises `Unreadable` where it is no whole MP4."""
    return VideoFacts(**facts.recall("video", file, lambda path: asdict(_read(path))))


def _read(path: Path) -> VideoFacts:
    check_content(path)
    with path.open("rb") as file:
        moov, index_first = _find_index(file, path.name)
    try:
        tracks = [box for kind, box in _boxes(moov) if kind == b"trak"]
        fragmented = any(kind == b"mvex" for kind, _ in _boxes(moov))
        for track in tracks:
            media = _child(track, b"mdia")
            if _child(media, b"hdlr")[8:12] == b"vide":
                return _read_track(track, index_first, _count_packets(path) if fragmented else None)
    except (struct.error, KeyError, IndexError, ZeroDivisionError) as error:
        raise Unreadable(f"{path.name} has a broken index; record or convert it again.") from error
    raise Unreadable(f"{path.name} holds no video.")


def _find_index(file: BinaryIO, name: str) -> tuple[bytes, bool]:
    """The content of the moov box, and whether it stands before the frames."""
    end = os.fstat(file.fileno()).st_size
    position, moov, media_first = 0, b"", False
    while position + 8 <= end:
        file.seek(position)
        header = file.read(16)
        size, kind = struct.unpack_from(">I4s", header)
        skip = 8
        if size == 1 and len(header) == 16:
            size, skip = struct.unpack_from(">Q", header, 8)[0], 16
        elif size == 0:
            size = end - position
        if position == 0 and not all(32 <= byte < 127 for byte in kind):
            raise Unreadable(f"{name} is not an MP4 file.")
        if size < skip or position + size > end:
            raise Unreadable(f"{name} is cut off: it ends in the middle of its data.")
        if kind == b"moov":
            if size > _MAX_INDEX:
                raise Unreadable(f"{name} has an index of {size >> 20} MB; that can't be right.")
            file.seek(position + skip)
            moov = file.read(size - skip)
        elif kind == b"mdat" and not moov:
            media_first = True
        position += size
    if not moov:
        raise Unreadable(f"{name} is cut off: its index is missing.")
    return moov, not media_first


def _read_track(track: bytes, index_first: bool, packets: int | None) -> VideoFacts:
    media = _child(track, b"mdia")
    table = _child(_child(media, b"minf"), b"stbl")
    header = _child(media, b"mdhd")
    scale = struct.unpack_from(">I", header, 20 if header[0] == 1 else 12)[0]
    codec, pix_fmt, width, height = _read_sample_entry(_child(table, b"stsd"))
    steps = _pairs(_child(table, b"stts"))
    samples = sum(count for count, _ in steps)
    ticks = sum(count * delta for count, delta in steps)
    frames = samples - _hidden(track, table, steps) if packets is None else packets
    rate = scale * samples / ticks if ticks else 0.0
    return VideoFacts(codec, pix_fmt, width, height, frames, rate, index_first)


def _hidden(track: bytes, table: bytes, steps: list[tuple[int, int]]) -> int:
    """Frames before the edit list's start: stored, because others need them, but not shown."""
    edits = _optional(_optional(track, b"edts"), b"elst")
    if len(edits) < 8:
        return 0
    rows = struct.iter_unpack(">QqI" if edits[0] == 1 else ">IiI", edits[8:])
    # a start of -1 is an empty edit: a pause before the first frame
    start = next((start for _, start, _ in rows if start >= 0), 0)
    if start == 0:
        return 0
    delays = _pairs(_optional(table, b"ctts"), signed=True)
    offsets = [delay for count, delay in delays for _ in range(count)]
    hidden, clock, sample = 0, 0, 0
    for count, delta in steps:
        for _ in range(count):
            shown_at = clock + (offsets[sample] if sample < len(offsets) else 0)
            hidden += shown_at + delta <= start
            clock, sample = clock + delta, sample + 1
    return hidden


def _read_sample_entry(box: bytes) -> tuple[str, str, int, int]:
    code, entry = next(_boxes(box[8:]))
    width, height = struct.unpack_from(">HH", entry, 24)
    extra = dict(_boxes(entry[78:]))
    pix_fmt = ""
    if b"avcC" in extra:
        pix_fmt = h264_pix_fmt(extra[b"avcC"])
    elif b"hvcC" in extra:
        pix_fmt = hevc_pix_fmt(extra[b"hvcC"])
    elif b"av1C" in extra:
        pix_fmt = av1_pix_fmt(extra[b"av1C"])
    elif code == b"mp4v":
        pix_fmt = "yuv420p"  # the only one that MPEG-4 Part 2 has outside of studios
    name = _CODECS.get(code, code.decode("ascii", "replace").strip().lower())
    return name, pix_fmt, width, height


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        skip = 8
        if size == 1:
            size, skip = struct.unpack_from(">Q", data, position + 8)[0], 16
        elif size == 0:
            size = len(data) - position
        if size < skip:
            return
        yield kind, data[position + skip : position + size]
        position += size


def _child(data: bytes, kind: bytes) -> bytes:
    for name, box in _boxes(data):
        if name == kind:
            return box
    raise KeyError(kind)


def _optional(data: bytes, kind: bytes) -> bytes:
    return next((box for name, box in _boxes(data) if name == kind), b"")


def _pairs(box: bytes, signed: bool = False) -> list[tuple[int, int]]:
    """The (count, value) rows of stts or ctts."""
    if not box:
        return []
    rows = struct.unpack_from(">I", box, 4)[0]
    if 8 + rows * 8 > len(box):
        raise KeyError("rows")
    return list(struct.iter_unpack(">Ii" if signed else ">II", box[8 : 8 + rows * 8]))


def _count_packets(path: Path) -> int:
    """Frames of a fragmented MP4, whose main index is empty."""
    import av

    try:
        with av.open(str(path)) as container:
            return sum(1 for packet in container.demux(video=0) if packet.size)
    except av.FFmpegError as error:
        raise Unreadable(f"{path.name} can't be read: {error}.") from error
