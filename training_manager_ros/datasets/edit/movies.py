"""Videos whose kept frames are cut, joined and timed anew packet by packet, never decoded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training_manager_ros.datasets.edit.files import Files
from training_manager_ros.datasets.video.cut import Piece, plan_piece, write_movie
from training_manager_ros.datasets.video.index import MovieIndex, read_index
from training_manager_ros.errors import InvalidInput

__all__ = ["Clip", "Film", "WriteMovie", "films", "is_steady", "timed_anew"]

_TOLERANCE = 1e-4  # seconds that LeRobot's reader accepts


@dataclass(frozen=True)
class Clip:
    """An episode's frames in a video of a source."""

    path: Path
    first: int  # frame in order of showing
    count: int


@dataclass(frozen=True)
class WriteMovie:
    """An MP4 made of clips, one after the other, with frame k at k / `rate`."""

    target: str  # below the new skill's folder
    clips: tuple[Clip, ...]
    rate: float
    size: int  # bytes of the packets

    @property
    def linked(self) -> int:
        """See `Step`."""
        return 0

    @property
    def written(self) -> int:
        """See `Step`."""
        return self.size

    def apply(self, stage: Path, files: Files) -> None:
        """See `Step`."""

        def produce(target: Path) -> None:
            indices = {path: read_index(path) for path in {clip.path for clip in self.clips}}
            pieces = [plan_piece(indices[clip.path], clip.first, clip.count) for clip in self.clips]
            write_movie(target, pieces, self.rate)

        files.make(stage / self.target, produce)


@dataclass(frozen=True)
class Film:
    """A video file of the result."""

    clips: tuple[Clip, ...]
    starts: tuple[int, ...]  # the frame at which each episode begins; one an episode
    size: int  # bytes of the packets, or of the file where it stays as it is
    whole: Path | None = None  # the source, if it stays as it is


def timed_anew(clip: Clip, target: str, rate: float) -> WriteMovie:
    """A clip as a video of its own, with the time that the result declares for a frame.

    Raises `InvalidInput` where that can't be done without re-encoding, and `Unreadable`.
    """
    index = read_index(clip.path)
    piece = plan_piece(index, clip.first, clip.count)
    return WriteMovie(target, (clip,), rate, _bytes(piece))


def is_steady(index: MovieIndex, rate: float) -> bool:
    """Whether frame k is shown at k / rate, as LeRobot's reader looks for it."""
    off = np.abs(index.times - np.arange(index.frames) / rate)
    return index.plain and bool((off <= _TOLERANCE).all())


def films(
    clips: Sequence[Clip], rate: float, limit: int, whole: Collection[Path]
) -> tuple[list[Film], dict[int, str]]:
    """Share the episodes' clips out among files of at most `limit` bytes, in order.

    A source named in `whole` stays a file of its own, unchanged, if every frame of it is kept.
    Also gives why clips, by position, can't be cut without re-encoding; those are in no file.
    Raises `Unreadable` for a broken video.
    """
    made: list[Film] = []
    wrong: dict[int, str] = {}
    open_film: _OpenFilm | None = None
    position = 0
    for path, group in _by_source(clips):
        index = read_index(path)
        if path in whole and _is_all(group, index) and is_steady(index, rate):
            made += [open_film.film()] if open_film else []
            open_film = None
            firsts = tuple(clip.first for clip in group)
            made.append(Film(tuple(group), firsts, path.stat().st_size, whole=path))
            position += len(group)
            continue
        for clip in group:
            try:
                if open_film is None or not open_film.add(index, clip, limit):
                    made += [open_film.film()] if open_film else []
                    open_film = None
                    open_film = _OpenFilm(index, clip)
            except InvalidInput as error:
                wrong[position] = str(error)
            position += 1
    return made + ([open_film.film()] if open_film else []), wrong


class _OpenFilm:
    """A file that takes further clips as long as they fit."""

    def __init__(self, index: MovieIndex, clip: Clip) -> None:
        self._pieces = [plan_piece(index, clip.first, clip.count)]
        self._starts = [0]
        self._frames = clip.count
        self._size = _bytes(self._pieces[0])

    def add(self, index: MovieIndex, clip: Clip, limit: int) -> bool:
        """Whether the clip is in this file now; else it needs a file of its own."""
        last = self._pieces[-1]
        if last.index is index and _follows(last, clip):
            # an episode that starts on no keyframe stays with the one that it leans on
            together = plan_piece(index, last.first, last.count + clip.count)
            size = self._size - _bytes(last) + _bytes(together)
            if size > limit and index.keyframes[index.shown[clip.first]]:
                return False
            self._pieces[-1] = together
            return self._took(clip, size)
        piece = plan_piece(index, clip.first, clip.count)
        size = self._size + _bytes(piece)
        if size > limit or _make(piece) != _make(last):
            return False
        self._pieces.append(piece)
        return self._took(clip, size)

    def film(self) -> Film:
        """The file as it is now."""
        clips = tuple(Clip(p.index.path, p.first, p.count) for p in self._pieces)
        return Film(clips, tuple(self._starts), self._size)

    def _took(self, clip: Clip, size: int) -> bool:
        self._starts.append(self._frames)
        self._frames += clip.count
        self._size = size
        return True


def _by_source(clips: Iterable[Clip]) -> list[tuple[Path, list[Clip]]]:
    groups: list[tuple[Path, list[Clip]]] = []
    for clip in clips:
        if not groups or groups[-1][0] != clip.path:
            groups.append((clip.path, []))
        groups[-1][1].append(clip)
    return groups


def _is_all(clips: list[Clip], index: MovieIndex) -> bool:
    end = 0
    for clip in clips:
        if clip.first != end:
            return False
        end += clip.count
    return end == index.frames == len(index.sizes)


def _follows(piece: Piece, clip: Clip) -> bool:
    """Whether a clip of the same file goes on where the piece ends, in the same encoding."""
    index = piece.index
    if not clip.first == piece.first + piece.count < index.frames:
        return False
    entry = index.entry_of[index.shown[clip.first]]
    return bool(entry == index.entry_of[piece.first_packet])


def _bytes(piece: Piece) -> int:
    return int(piece.index.sizes[piece.first_packet :][: piece.count].sum())


def _make(piece: Piece) -> tuple[object, ...]:
    """What must be the same for frames to share a file."""
    index = piece.index
    return piece.entry, index.width, index.height, index.matrix
