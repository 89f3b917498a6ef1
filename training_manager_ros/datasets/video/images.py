"""Frames that are encoded images (PNG, JPEG) in the rows of a parquet column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av

from training_manager_ros.datasets.model import ImageFrames
from training_manager_ros.datasets.sound import check_content
from training_manager_ros.datasets.video.packets import packet_of
from training_manager_ros.errors import NotFound, Unreadable

__all__ = ["image_bytes", "image_count_and_size", "image_frame", "image_frames"]

_ROWS_A_BATCH = 8
_MAGIC = ((b"\x89PNG", "png"), (b"\xff\xd8", "mjpeg"), (b"BM", "bmp"))


def image_count_and_size(source: ImageFrames) -> tuple[int, int, int]:
    """Frames that are there, width and height of the first."""
    rows = _open(source).metadata.num_rows
    count = max(0, min(source.count, rows - source.first_row))
    if not count:
        return 0, 0, 0
    first = image_frame(source, 0)
    return count, first.width, first.height


def image_bytes(source: ImageFrames, number: int) -> bytes:
    """The encoded image of frame `number`. Raises `NotFound` past the end."""
    if 0 <= number < source.count:
        for data in _cells(source, number, 1):
            return data
    raise NotFound(f"{source.path.name} has no frame {number}.")


def image_frame(source: ImageFrames, number: int) -> av.VideoFrame:
    """Frame `number` decoded. Raises `NotFound` past the end."""
    return _decode(source, number, image_bytes(source, number))


def image_frames(source: ImageFrames) -> Iterator[av.VideoFrame]:
    """All frames in order, numbered by `pts`, holding a few rows in memory at a time."""
    for number, data in enumerate(_cells(source, 0, source.count)):
        frame = _decode(source, number, data)
        frame.pts = number
        yield frame


def _decode(source: ImageFrames, number: int, data: bytes) -> av.VideoFrame:
    codec = next((name for magic, name in _MAGIC if data.startswith(magic)), None)
    try:
        if codec is not None:
            context: Any = av.CodecContext.create(codec, "r")
            for packet in (packet_of(data), None):
                for frame in context.decode(packet):
                    return frame
    except av.error.FFmpegError as error:
        raise Unreadable(f"Image {number} of {source.path.name} is damaged: {error}.") from error
    raise Unreadable(f"Image {number} of {source.path.name} is no PNG or JPEG.")


def _cells(source: ImageFrames, number: int, count: int) -> Iterator[bytes]:
    """The column's values of frames `number` to `number + count`, reading only their row groups."""
    import pyarrow as pa

    wanted = source.first_row + number
    stop = wanted + count
    file = _open(source)
    try:
        group_start = 0
        for group in range(file.metadata.num_row_groups):
            group_end = group_start + file.metadata.row_group(group).num_rows
            if group_end > wanted and group_start < stop:
                row = group_start
                for batch in file.iter_batches(_ROWS_A_BATCH, [group], [source.column]):
                    if row >= stop:
                        return
                    if row + batch.num_rows > wanted:
                        begin = max(0, wanted - row)
                        values = _values(batch.column(0))
                        for data in values[begin : stop - row]:
                            yield _need(source, data.as_py())
                    row += batch.num_rows
            group_start = group_end
    except (OSError, pa.ArrowException, IndexError, KeyError) as error:
        raise Unreadable(f"{source.path.name} can't be read: {error}.") from error


def _values(column: Any) -> Any:
    """A column of bytes, or of {"bytes", "path"} as LeRobot writes images."""
    import pyarrow as pa

    return column.field("bytes") if pa.types.is_struct(column.type) else column


def _need(source: ImageFrames, data: bytes | None) -> bytes:
    if not data:
        raise Unreadable(f"{source.path.name} lacks an image; it may lie in a file of its own.")
    return data


def _open(source: ImageFrames) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        check_content(source.path)
    except OSError as error:
        raise Unreadable(
            f"{source.path.name} can't be read: {error.strerror}.", "file-unreadable"
        ) from error
    try:
        return pq.ParquetFile(source.path, memory_map=True, pre_buffer=False)
    except (OSError, pa.ArrowException) as error:
        raise Unreadable(f"{source.path.name} is cut off or no parquet file.") from error
