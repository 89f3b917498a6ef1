"""Cutting and joining by packets: the pixels stay, the clock is made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training_manager_ros.datasets.video import MovieIndex, plan_piece, read_index, write_movie
from training_manager_ros.errors import InvalidInput, Unreadable

from .films import B_FRAMES, number_in, write_film

LENGTHS = (24, 13, 1, 30)
STARTS = (0, 24, 37, 38)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> MovieIndex:
    """Four episodes, each encoded alone with B-frames, joined in one file by our own writer."""
    folder = tmp_path_factory.mktemp("shared")
    pieces = []
    for number, length in enumerate(LENGTHS):
        path = write_film(
            folder / f"{number}.mp4", length, first=STARTS[number], options=B_FRAMES, sound=True
        )
        pieces.append(plan_piece(read_index(path), 0, length))
    write_movie(folder / "shared.mp4", pieces, 20)
    return read_index(folder / "shared.mp4")


def decoded(path: Path) -> list[tuple[float, bytes]]:
    """Time and pixels of every frame, as FFmpeg has them."""
    with av.open(str(path)) as container:
        return [
            (float(frame.pts * frame.time_base), frame.to_ndarray().tobytes())
            for frame in container.decode(video=0)
        ]


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_joined_films_decode_to_what_went_in(shared: MovieIndex) -> None:
    with av.open(str(shared.path)) as container:
        assert [number_in(frame) for frame in container.decode(video=0)] == list(range(68))
        assert [stream.type for stream in container.streams] == ["video"]
    assert [shared.keyframes[shared.shown[start]] for start in STARTS] == [True] * 4
    assert shared.index_first
    assert shared.plain


@settings(max_examples=25, deadline=None)
@given(
    episodes=st.lists(st.integers(0, 3), min_size=1, max_size=5),
    rate=st.sampled_from([1, 20, 29.97, 30000 / 1001, 50.0, 0.5, 12.345, 1000 / 3]),
)
def test_any_episodes_in_any_order_keep_their_packets_and_pixels(
    shared: MovieIndex, episodes: list[int], rate: float
) -> None:
    target = shared.path.with_name("made.mp4")
    pieces = [plan_piece(shared, STARTS[i], LENGTHS[i]) for i in episodes]
    write_movie(target, pieces, rate)

    everything = decoded(shared.path)
    wanted = [everything[STARTS[i] + k][1] for i in episodes for k in range(LENGTHS[i])]
    made = decoded(target)
    assert [pixels for _, pixels in made] == wanted
    assert [time * rate for time, _ in made] == pytest.approx(range(len(made)), abs=1e-3)
    stored = packets(shared.path)
    assert packets(target) == [stored[STARTS[i] + k] for i in episodes for k in range(LENGTHS[i])]
    index = read_index(target)
    assert index.plain
    assert index.index_first
    assert index.frames == len(made)


@pytest.mark.parametrize(
    ("first", "count", "why"),
    [
        (0, 20, "mixed with those of other frames"),
        (60, 9, "has 68 frames"),
        (-1, 3, "has 68 frames"),
        (5, 0, "has 68 frames"),
    ],
)
def test_refuses_what_can_only_be_encoded(
    shared: MovieIndex, first: int, count: int, why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        plan_piece(shared, first, count)


def test_refuses_to_start_at_what_is_no_keyframe(tmp_path: Path) -> None:
    index = read_index(write_film(tmp_path / "film.mp4", 20, options={"bf": "0"}))
    with pytest.raises(InvalidInput, match="the first is no keyframe"):
        plan_piece(index, 1, 10)


def test_refuses_frames_that_lean_on_those_before_their_keyframe(tmp_path: Path) -> None:
    options = {**B_FRAMES, "x264-params": "open-gop=1:b-adapt=0:keyint=12:min-keyint=12"}
    index = read_index(write_film(tmp_path / "film.mp4", 40, options=options))
    starts = np.flatnonzero(index.keyframes)
    assert len(starts) > 2
    leading = [int(np.flatnonzero(index.shown == start)[0]) for start in starts[1:]]
    assert any(place > start for place, start in zip(leading, starts[1:].tolist(), strict=True)), (
        "the encoder made no open group of pictures"
    )
    for place in leading:
        with pytest.raises(InvalidInput):
            plan_piece(index, place, 40 - place)


def test_refuses_to_join_what_is_encoded_differently(tmp_path: Path) -> None:
    small = read_index(write_film(tmp_path / "small.mp4", 3))
    large = read_index(write_film(tmp_path / "large.mp4", 3, size=(320, 240)))
    with pytest.raises(InvalidInput, match="encoded in the same way"):
        write_movie(tmp_path / "made.mp4", [plan_piece(small, 0, 3), plan_piece(large, 0, 3)], 30)


def test_uneven_times_become_even(tmp_path: Path) -> None:
    ticks = [k * 2 + (k > 9) * 7 for k in range(20)]
    film = write_film(tmp_path / "film.mp4", 20, ticks=ticks, options={"bf": "0"})
    write_movie(tmp_path / "made.mp4", [plan_piece(read_index(film), 0, 20)], 15)
    assert [time * 15 for time, _ in decoded(tmp_path / "made.mp4")] == pytest.approx(range(20))


@pytest.mark.skipif("libsvtav1" not in av.codecs_available, reason="no AV1 encoder here")
def test_cuts_av1_at_any_keyframe(tmp_path: Path) -> None:
    film = write_film(
        tmp_path / "film.mp4", 20, codec="libsvtav1", options={"g": "2", "preset": "10"}
    )
    index = read_index(film)
    first = int(np.flatnonzero(index.keyframes)[3])
    write_movie(tmp_path / "made.mp4", [plan_piece(index, first, 9)], 30)
    assert [p for _, p in decoded(tmp_path / "made.mp4")] == [
        p for _, p in decoded(film)[first : first + 9]
    ]


def test_a_source_that_shrinks_is_unreadable(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", 20, muxer={"movflags": "+faststart"})
    piece = plan_piece(read_index(film), 0, 20)
    film.write_bytes(film.read_bytes()[:-50])
    with pytest.raises(Unreadable, match="became shorter"):
        write_movie(tmp_path / "made.mp4", [piece], 30)


class _Sparse:
    """A film whose data is said to be larger than 4 GB: most of it a hole."""

    def __init__(self, path: Path) -> None:
        film = write_film(path, 4, options={"bf": "0", "g": "1"})
        index = read_index(film)
        far = 5 * 2**30
        with film.open("r+b") as file:
            data = [
                (file.seek(int(at)), file.read(int(size)))[1]
                for at, size in zip(index.offsets, index.sizes, strict=True)
            ]
            for number, packet in enumerate(data):
                file.seek(far + number * 2**20)
                file.write(packet)
        fields: dict[str, Any] = {name: getattr(index, name) for name in index.__dataclass_fields__}
        fields["offsets"] = far + np.arange(4) * 2**20
        fields["sizes"] = np.array([2**20] * 3 + [index.sizes[-1]])
        self.index = MovieIndex(**fields)


def test_copies_from_beyond_four_gigabytes(tmp_path: Path) -> None:
    index = _Sparse(tmp_path / "far.mp4").index
    write_movie(tmp_path / "made.mp4", [plan_piece(index, 0, 4)], 30)
    made = read_index(tmp_path / "made.mp4")
    with index.path.open("rb") as source, (tmp_path / "made.mp4").open("rb") as copy:
        for number in range(4):
            source.seek(int(index.offsets[number]))
            copy.seek(int(made.offsets[number]))
            assert source.read(int(index.sizes[number])) == copy.read(int(made.sizes[number]))


def test_long_films_at_fine_clocks_need_long_fields(tmp_path: Path) -> None:
    film = read_index(write_film(tmp_path / "film.mp4", 40, options=B_FRAMES))
    write_movie(tmp_path / "made.mp4", [plan_piece(film, 0, 40)] * 12, 0.001)
    times = [time / 1000 for time, _ in decoded(tmp_path / "made.mp4")]
    assert times == pytest.approx(range(480))


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf"), 1e-9, 1e9])
def test_refuses_an_impossible_rate(shared: MovieIndex, rate: float) -> None:
    with pytest.raises(InvalidInput, match="frames a second"):
        write_movie(shared.path.with_name("made.mp4"), [plan_piece(shared, 0, 24)], rate)
