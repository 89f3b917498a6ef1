"""What a visual sample entry of an MP4 says: codec, pixel format, size, and what a decoder needs.

Layout: ISO/IEC 14496-12 (the entry), -15 (avcC, hvcC), -1 (esds), AV1-ISOBMFF (av1C).
"""

from __future__ import annotations

import struct

from training_manager_ros.datasets.bitstream import av1_pix_fmt, h264_pix_fmt, hevc_pix_fmt
from training_manager_ros.datasets.video.boxes import child

__all__ = ["read_entry"]

_CODECS = {
    b"avc1": "h264",
    b"avc3": "h264",
    b"hvc1": "hevc",
    b"hev1": "hevc",
    b"av01": "av1",
    b"vp08": "vp8",
    b"vp09": "vp9",
    b"jpeg": "mjpeg",
    b"png ": "png",
}
# what an esds box calls the codec of an mp4v entry (the MP4 registration authority's list)
_MP4V = {0x20: "mpeg4", 0x60: "mpeg2video", 0x61: "mpeg2video", 0x6C: "mjpeg", 0x6D: "png"}


def read_entry(entry: bytes) -> tuple[str, str, int, int, bytes]:
    """Codec, pixel format, width, height and extradata of a visual sample entry."""
    code, inner = entry[4:8], entry[86:]
    width, height = struct.unpack_from(">HH", entry, 32)
    codec = _CODECS.get(code, code.decode("ascii", "replace").strip().lower())
    pix_fmt, extradata = "", b""
    if code in (b"avc1", b"avc3"):
        extradata = child(inner, b"avcC") or b""
        pix_fmt = h264_pix_fmt(extradata)
    elif code in (b"hvc1", b"hev1"):
        extradata = child(inner, b"hvcC") or b""
        pix_fmt = hevc_pix_fmt(extradata)
    elif code == b"av01":
        extradata = child(inner, b"av1C") or b""
        pix_fmt = av1_pix_fmt(extradata)
    elif code == b"mp4v":
        kind, extradata = _read_esds(child(inner, b"esds") or b"")
        codec = _MP4V.get(kind, f"mp4v-{kind:02x}")
        if codec == "mpeg4":
            pix_fmt = "yuv420p"  # the only one that it has outside of studios
    return codec, pix_fmt, width, height, extradata


def _read_esds(data: bytes) -> tuple[int, bytes]:
    """Object type and decoder configuration out of an elementary stream descriptor."""
    kind, position, end = 0, 4, len(data)
    while position + 2 <= end:
        tag, position, length = data[position], position + 1, 0
        while position < end:
            byte, position = data[position], position + 1
            length = length << 7 | byte & 127
            if byte < 128:
                break
        if tag == 3:  # ES: id, flags and what they announce; its descriptors follow inside
            flags = data[position + 2]
            position += 3 + 2 * (flags >> 7) + 2 * (flags >> 5 & 1)
            position += 1 + data[position] if flags >> 6 & 1 else 0
        elif tag == 4:  # decoder configuration: 13 bytes, then its descriptors
            kind = data[position]
            position += 13
        elif tag == 5:
            return kind, data[position : position + length]
        else:
            position += length
    return kind, b""
