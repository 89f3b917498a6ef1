"""Video of episodes: index, cut and join MP4 files, decode exact frames, encode, and serve them.

`MediaStore` is what the panel server uses; the rest is for whatever edits datasets. Nothing is
imported before it is used, since `read_index` needs no FFmpeg and the node shall not load it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training_manager_ros.datasets.video.cut import Piece, plan_piece, write_movie
    from training_manager_ros.datasets.video.decode import VideoReader
    from training_manager_ros.datasets.video.encode import KEYFRAME_EVERY, encode_movie
    from training_manager_ros.datasets.video.encoder import encode_in_child, encoder_threads
    from training_manager_ros.datasets.video.index import MovieIndex, read_index
    from training_manager_ros.datasets.video.source import all_frames, count_and_size
    from training_manager_ros.datasets.video.store import MediaStore, Playable

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

_HOMES = {
    "cut": ("Piece", "plan_piece", "write_movie"),
    "decode": ("VideoReader",),
    "encode": ("KEYFRAME_EVERY", "encode_movie"),
    "encoder": ("encode_in_child", "encoder_threads"),
    "index": ("MovieIndex", "read_index"),
    "source": ("all_frames", "count_and_size"),
    "store": ("MediaStore", "Playable"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f".{home}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
