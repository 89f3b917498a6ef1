"""Where every frame of an MP4 file lies and when it is shown, from the file's own index alone.

Nothing is decoded and FFmpeg is not asked: a broken file costs an error here, never a crash, and
an index of 50,000 frames takes a few milliseconds.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training_manager_ros.datasets.sound import check_content
from training_manager_ros.datasets.video.boxes import Extent, box, child, children, top_level
from training_manager_ros.datasets.video.entry import read_entry
from training_manager_ros.errors import Unreadable

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]

__all__ = ["MovieIndex", "read_index"]

_MAX_MOOV = 256 * 2**20
_MAX_SAMPLES = 20_000_000


@dataclass(frozen=True, eq=False)
class MovieIndex:
    """The first video track of an MP4 file. Arrays have one row a stored frame, in decode order.

    Frames that can't be shown are not counted as frames: those before an edit list's start, those
    after its end and those cut off with the end of the file.
    """

    path: Path
    codec: str  # FFmpeg's name of the codec; the four-character code where not known
    pix_fmt: str  # FFmpeg's name; "" where the file does not say
    width: int
    height: int
    extradata: bytes  # what a decoder needs before the first packet
    entries: tuple[bytes, ...]  # the sample descriptions, whole boxes
    matrix: bytes  # 36 bytes: how the picture is turned when shown
    timescale: int  # ticks a second of `decode_times` and `show_times`
    offsets: Numbers  # in the file
    sizes: Numbers  # bytes
    decode_times: Numbers
    show_times: Numbers  # composition times; `start` is not taken off
    keyframes: npt.NDArray[np.bool_]
    entry_of: Numbers  # 0-based, into `entries`
    start: int  # tick that is shown at 0 s
    plain: bool  # the edit list, if any, only names `start`
    index_first: bool
    shown: Numbers  # decode positions in the order in which they are shown

    @property
    def frames(self) -> int:
        """How many frames are shown."""
        return len(self.shown)

    @cached_property
    def times(self) -> npt.NDArray[np.float64]:
        """When each frame is shown, in order, in seconds of the file's own timeline."""
        seconds: npt.NDArray[np.float64] = (
            self.show_times[self.shown] - self.start
        ) / self.timescale
        return seconds

    @property
    def rate(self) -> float:
        """Frames a second on average; 0 where that can't be said."""
        if self.frames < 2 or self.times[-1] <= self.times[0]:
            steps = np.diff(self.decode_times[:2])
            return float(self.timescale / steps[0]) if len(steps) and steps[0] > 0 else 0.0
        return float((self.frames - 1) / (self.times[-1] - self.times[0]))

    @cached_property
    def longest_gap(self) -> int:
        """The most frames that must be decoded to reach one."""
        starts = np.flatnonzero(self.keyframes)
        if not len(starts):
            return len(self.keyframes)
        return int(np.diff(np.append(starts, len(self.keyframes))).max())


def read_index(path: Path) -> MovieIndex:
    """Read a file's index. Raises `Unreadable` where there is none, or none that can be used."""
    try:
        check_content(path)
        with path.open("rb") as file:
            extents = list(top_level(file))
            if not extents or not all(32 <= byte < 127 for byte in extents[0].kind):
                raise Unreadable(f"{path.name} is not an MP4 file.")
            moov = next((extent for extent in extents if extent.kind == b"moov"), None)
            size = path.stat().st_size
            if moov is None or moov.end > size:
                raise Unreadable(f"{path.name} is cut off: its index is missing.")
            if any(extent.kind == b"moof" for extent in extents):
                raise Unreadable(f"{path.name} is a fragmented MP4, which can't be indexed.")
            if moov.end - moov.content > _MAX_MOOV:
                raise Unreadable(f"{path.name} has an index that is too large to be right.")
            file.seek(moov.content)
            data = file.read(moov.end - moov.content)
    except OSError as error:
        raise Unreadable(
            f"{path.name} can't be read: {error.strerror or error}.", "file-unreadable"
        ) from error
    try:
        return _read_movie(path, data, _is_first(moov, extents), size)
    except (struct.error, ValueError, IndexError, OverflowError) as error:
        raise Unreadable(f"{path.name} has a broken index: {error}.") from error


def _is_first(moov: Extent, extents: list[Extent]) -> bool:
    return all(extent.start > moov.start for extent in extents if extent.kind == b"mdat")


def _read_movie(path: Path, moov: bytes, index_first: bool, size_of_file: int) -> MovieIndex:
    for kind, track in children(moov):
        if kind == b"trak" and (child(track, b"mdia", b"hdlr") or b"")[8:12] == b"vide":
            return _read_track(path, moov, track, index_first, size_of_file)
    raise Unreadable(f"{path.name} holds no video.")


def _read_track(
    path: Path, moov: bytes, track: bytes, index_first: bool, size_of_file: int
) -> MovieIndex:
    table = _need(track, b"mdia", b"minf", b"stbl")
    timescale = _timescale(_need(track, b"mdia", b"mdhd"))
    entries = _entries(_need(table, b"stsd"))
    codec, pix_fmt, width, height, extradata = read_entry(entries[0])

    sizes = _read_sizes(table, size_of_file)
    count = len(sizes)
    offsets, entry_of = _read_offsets(table, sizes)
    steps = _runs(_need(table, b"stts"), count, ">u4")
    decode_times = np.concatenate([[0], np.cumsum(steps)[:-1]]).astype(np.int64)
    delays = child(table, b"ctts")
    show_times = decode_times + (_runs(delays, count, ">i4") if delays else 0)
    sync = child(table, b"stss")
    keyframes = np.ones(count, bool) if sync is None else np.zeros(count, bool)
    if sync is not None:
        numbers = _array(sync, 4, ">u4", 1)[:, 0] - 1
        keyframes[numbers[(numbers >= 0) & (numbers < count)]] = True

    start, stop, plain = _read_edits(child(track, b"edts", b"elst"), timescale, moov)
    order = np.argsort(show_times, kind="stable")
    times = show_times[order]
    visible = (times >= start) & (times < stop) if stop is not None else times >= start
    lost = np.flatnonzero((offsets[order] + sizes[order] > size_of_file) & visible)
    if len(lost):
        visible[lost[0] :] = False
    return MovieIndex(
        path, codec, pix_fmt, width, height, extradata, entries,
        _need(track, b"tkhd")[-44:-8], timescale, offsets, sizes, decode_times, show_times,
        keyframes, entry_of, start, plain and bool(visible.all()), index_first, order[visible],
    )  # fmt: skip


def _timescale(header: bytes) -> int:
    (timescale,) = struct.unpack_from(">I", header, 20 if header[0] == 1 else 12)
    if not timescale:
        raise ValueError("its time scale is 0")
    return int(timescale)


def _entries(stsd: bytes) -> tuple[bytes, ...]:
    found = tuple(box(kind, content) for kind, content in children(stsd[8:]))
    if not found or len(found[0]) < 86:
        raise ValueError("it does not name its codec")
    return found


def _read_sizes(table: bytes, size_of_file: int) -> Numbers:
    stsz = child(table, b"stsz")
    if stsz is None:
        raise ValueError("it has no stsz box")
    same, count = struct.unpack_from(">II", stsz, 4)
    if count > _MAX_SAMPLES or (same and count > size_of_file):
        raise ValueError(f"{count} frames can't be in it")
    if same:
        return np.full(count, same, np.int64)
    return _array(stsz, 8, ">u4", 1)[:, 0]


def _read_offsets(table: bytes, sizes: Numbers) -> tuple[Numbers, Numbers]:
    """Offset in the file and sample description of every frame."""
    long = child(table, b"co64")
    chunks = _array(long if long is not None else _need(table, b"stco"), 4,
                    ">u8" if long is not None else ">u4", 1)[:, 0]  # fmt: skip
    runs = _array(_need(table, b"stsc"), 4, ">u4", 3)
    if not len(sizes):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if not len(chunks) or not len(runs) or runs[0, 0] != 1 or (np.diff(runs[:, 0]) <= 0).any():
        raise ValueError("its chunks are not in order")
    repeats = np.diff(np.append(runs[:, 0], len(chunks) + 1)).clip(0)
    in_chunk = np.repeat(runs[:, 1], repeats)[: len(chunks)]
    if in_chunk.sum() < len(sizes):
        raise ValueError(f"it places {in_chunk.sum()} of its {len(sizes)} frames")
    first = np.concatenate([[0], np.cumsum(in_chunk)])
    used = int(np.searchsorted(first, len(sizes)))
    in_chunk = in_chunk[:used].copy()
    in_chunk[-1] -= first[used] - len(sizes)
    chunk_of = np.repeat(np.arange(used), in_chunk)
    before = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    offsets = chunks[chunk_of] + before - before[first[:used]][chunk_of]
    if (offsets < 0).any():
        raise ValueError("a frame lies before the file's start")
    return offsets, (np.repeat(runs[:, 2], repeats)[:used] - 1)[chunk_of]


def _read_edits(elst: bytes | None, timescale: int, moov: bytes) -> tuple[int, int | None, bool]:
    """Tick shown at 0 s, first tick not shown any more (None: all are), whether that is all."""
    if not elst:
        return 0, None, True
    layout = ">Qqhh" if elst[0] == 1 else ">Iihh"
    (count,) = struct.unpack_from(">I", elst, 4)
    step = struct.calcsize(layout)
    edits = [struct.unpack_from(layout, elst, 8 + i * step)[:3] for i in range(min(count, 1000))]
    movie_scale = _timescale(_need(moov, b"mvhd"))
    empty = sum(length for length, media_time, _ in edits if media_time < 0)
    real = [edit for edit in edits if edit[1] >= 0]
    if not real:
        return 0, None, not edits
    length, media_time, speed = real[0]
    # a length is in the movie's coarser ticks: half of one decides nothing
    stop = media_time + (2 * length + 1) * timescale // (2 * movie_scale) if length else None
    start = media_time - empty * timescale // movie_scale
    return start, stop, len(real) == 1 and speed == 1 and not empty


def _runs(data: bytes, count: int, kind: str) -> Numbers:
    """The values of a table of (how often, value), one a frame."""
    rows = _array(data, 4, ">u4", 2)
    repeats, values = rows[:, 0], rows[:, 1]
    if repeats.sum() > _MAX_SAMPLES * 2:
        raise ValueError("it names more frames than it has")
    if kind == ">i4":
        values = values.astype(np.uint32).astype(np.int32).astype(np.int64)
    expanded = np.repeat(values, repeats)[:count]
    if len(expanded) < count:
        raise ValueError(f"it times {len(expanded)} of its {count} frames")
    return expanded


def _array(data: bytes, count_at: int, kind: str, columns: int) -> Numbers:
    """A table of big-endian numbers behind its row count, (rows, columns)."""
    (rows,) = struct.unpack_from(">I", data, count_at)
    if rows * columns * np.dtype(kind).itemsize > len(data) - count_at - 4:
        raise ValueError("a table ends too early")
    values = np.frombuffer(data, kind, rows * columns, count_at + 4)
    return values.astype(np.int64).reshape(rows, columns)


def _need(data: bytes, *path: bytes) -> Any:
    found = child(data, *path)
    if found is None:
        raise ValueError(f"it has no {path[-1].decode()} box")
    return found
