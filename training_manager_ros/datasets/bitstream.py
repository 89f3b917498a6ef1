"""The pixel format that a video's codec configuration declares, by FFmpeg's name."""

from __future__ import annotations

__all__ = ["av1_pix_fmt", "h264_pix_fmt", "hevc_pix_fmt"]

_CHROMA = ("gray", "yuv420p", "yuv422p", "yuv444p")
_H264_WITH_CHROMA = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 144, 244}


def h264_pix_fmt(avcc: bytes) -> str:
    """From an avcC box: its first sequence parameter set says (H.264, 7.3.2.1.1)."""
    if len(avcc) < 9 or not avcc[5] & 31:
        return ""
    sps = avcc[8 : 8 + int.from_bytes(avcc[6:8], "big")].replace(b"\0\0\3", b"\0\0")
    if len(sps) < 5:
        return ""
    if sps[1] not in _H264_WITH_CHROMA:
        return "yuv420p"
    bits = _Bits(sps[4:])
    bits.golomb()  # the set's id
    chroma = bits.golomb()
    if chroma == 3:
        bits.take(1)
    return _name(chroma, 8 + bits.golomb())


def hevc_pix_fmt(hvcc: bytes) -> str:
    """From an hvcC box, which says it at a fixed place."""
    return _name(hvcc[16] & 3, 8 + (hvcc[17] & 7)) if len(hvcc) > 17 else ""


def av1_pix_fmt(av1c: bytes) -> str:
    """From an av1C box, which says it in its third byte."""
    if len(av1c) < 3:
        return ""
    flags = av1c[2]
    depth = (12 if flags & 0x20 else 10) if flags & 0x40 else 8
    if flags & 0x10:
        return _name(0, depth)
    return _name({0b11: 1, 0b10: 2}.get(flags >> 2 & 3, 3), depth)


def _name(chroma: int, depth: int) -> str:
    if chroma >= len(_CHROMA):
        return ""
    return _CHROMA[chroma] if depth == 8 else f"{_CHROMA[chroma]}{depth}le"


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in data[:16])
        self._position = 0

    def take(self, count: int) -> int:
        text = self._bits[self._position : self._position + count]
        self._position += count
        return int(text or "0", 2)

    def golomb(self) -> int:
        zeros = 0
        while zeros < 16 and self.take(1) == 0:
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros) if zeros else 0
