"""Video of episodes: index, cut and join MP4 files, decode exact frames, encode, and serve them.

`MediaStore` is what the panel server uses; the rest is for whatever edits datasets.
"""

from __future__ import annotations

from .cut import Piece, plan_piece, write_movie
from .decode import VideoReader
from .encode import KEYFRAME_EVERY, encode_movie
from .encoder import encode_in_child, encoder_threads
from .index import MovieIndex, read_index
from .source import all_frames, count_and_size
from .store import MediaStore, Playable

__all__ = [
    "KEYFRAME_EVERY",
    "MediaStore",
    "MovieIndex",
    "Piece",
    "Playable",
    "VideoReader",
    "all_frames",
    "count_and_size",
    "encode_in_child",
    "encode_movie",
    "encoder_threads",
    "plan_piece",
    "read_index",
    "write_movie",
]
