"""Packets for FFmpeg's decoders."""

from __future__ import annotations

import av

__all__ = ["packet_of"]


def packet_of(data: bytes) -> av.Packet:
    """A packet with a copy of `data`, and behind it the zeros that decoders rely on.

    `av.Packet(data)` has no zeros there: a decoder that reads ahead then takes what happens to lie
    in memory for a part of the frame.
    """
    packet = av.Packet(len(data))
    packet.update(data)
    return packet
