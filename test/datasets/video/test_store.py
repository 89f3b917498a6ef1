"""The media store: every camera playable, every frame a JPEG, broken files a sentence."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest

from training_manager_ros.datasets import (
    FactCache,
    FrameSource,
    Hdf5Frames,
    ImageFrames,
    VideoFrames,
    open_dataset,
)
from training_manager_ros.datasets.video import MediaStore, Playable, read_index
from training_manager_ros.datasets.video.packets import packet_of
from training_manager_ros.errors import InvalidInput, NotFound, Unreadable

from .films import (
    B_FRAMES,
    SIZE,
    OneEpisode,
    encoded,
    number_in,
    write_film,
    write_images,
    write_rows,
    write_sound,
)

DEADLINE = 60.0
INSIDE = "/observations/images/camera_1"
COUNT = 24


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MediaStore]:
    store = MediaStore(tmp_path / "cache")
    yield store
    store.close()


def settled(store: MediaStore, dataset: OneEpisode, camera: str = "cam") -> Playable:
    """Ask until it is ready or failed, as a browser does."""
    end = time.monotonic() + DEADLINE
    while True:
        playable = store.playable(dataset, 0, camera)
        if playable.state != "encoding":
            return playable
        assert time.monotonic() < end, playable
        time.sleep(0.02)


def opened(data: bytes) -> np.ndarray:
    context = av.CodecContext.create("mjpeg", "r")
    frames = context.decode(packet_of(data)) or context.decode(None)
    image: np.ndarray = frames[0].to_ndarray(format="rgb24")
    return image


def numbers(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [number_in(frame) for frame in container.decode(video=0)]


def rows(folder: Path) -> FrameSource:
    return Hdf5Frames(write_rows(folder / "episode_0.h5", COUNT), INSIDE, COUNT, 20.0)


def whole(folder: Path) -> FrameSource:
    film = write_film(folder / "film.mp4", COUNT, rate=20, options=B_FRAMES)
    return VideoFrames(film, 0, COUNT, 20.0)


def shared(folder: Path) -> FrameSource:
    film = write_film(folder / "film.mp4", 60, rate=20, first=0, options=B_FRAMES)
    return VideoFrames(film, 12, COUNT, 20.0)


def off_keyframe(folder: Path) -> FrameSource:
    film = write_film(folder / "film.mp4", 60, rate=20, options=B_FRAMES)
    return VideoFrames(film, 14, COUNT, 20.0)


def refused(folder: Path) -> FrameSource:
    film = write_film(folder / "film.mp4", COUNT, rate=20, pix_fmt="yuv444p", options=B_FRAMES)
    return VideoFrames(film, 0, COUNT, 20.0)


def images(folder: Path) -> FrameSource:
    path = folder / "rows.parquet"
    write_images(path, [encoded(k) for k in range(40)], group=9, nested=True)
    return ImageFrames(path, "cam", 5, COUNT, 20.0)


# how it is made, the number in its first picture
SOURCES: dict[str, tuple[Callable[[Path], FrameSource], int]] = {
    "raw": (rows, 0),
    "as it is": (whole, 0),
    "cut": (shared, 12),
    "no keyframe at its start": (off_keyframe, 14),
    "refused by browsers": (refused, 0),
    "images": (images, 5),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_becomes_playable(store: MediaStore, tmp_path: Path, kind: str) -> None:
    make, first = SOURCES[kind]
    source = make(tmp_path)
    before = source.path.read_bytes()
    dataset = OneEpisode({"cam": source})
    playable = settled(store, dataset)
    assert (playable.state, playable.error, playable.progress) == ("ready", "", 1.0)
    assert (playable.frames, playable.rate) == (COUNT, 20.0)
    assert (playable.width, playable.height) == SIZE
    assert playable.path is not None
    assert numbers(playable.path) == list(range(first, first + COUNT))
    times = read_index(playable.path).times - playable.start_time
    assert times * playable.rate == pytest.approx(range(COUNT), abs=0.01)
    assert (playable.path == source.path) == (kind == "as it is")
    assert source.path.read_bytes() == before
    assert store.playable(dataset, 0, "cam") == playable


@pytest.mark.parametrize("kind", SOURCES)
def test_every_frame_is_a_jpeg(store: MediaStore, tmp_path: Path, kind: str) -> None:
    make, first = SOURCES[kind]
    dataset = OneEpisode({"cam": make(tmp_path)})
    for frame in (0, COUNT - 1, 7, 8, 3):
        assert number_in(opened(store.jpeg(dataset, 0, "cam", frame))) == first + frame
    assert opened(store.jpeg(dataset, 0, "cam", 1, 80)).shape == (60, 80, 3)
    for frame in (-1, COUNT):
        with pytest.raises(NotFound):
            store.jpeg(dataset, 0, "cam", frame)
    with pytest.raises(InvalidInput) as caught:
        store.jpeg(dataset, 0, "cam", 0, 0)
    assert caught.value.fields


@pytest.mark.parametrize("kind", SOURCES)
def test_thumbnail_is_a_third_of_the_way_in(store: MediaStore, tmp_path: Path, kind: str) -> None:
    make, first = SOURCES[kind]
    dataset = OneEpisode({"cam": make(tmp_path)})
    thumbnail = store.thumbnail(dataset, 0)
    assert number_in(opened(thumbnail)) == first + COUNT // 3
    assert store.thumbnail(dataset, 0) == thumbnail
    assert len(list((tmp_path / "cache").glob("*.jpg"))) == 1


def test_a_jpeg_in_the_dataset_is_passed_on(store: MediaStore, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    cells = [encoded(k, "mjpeg") for k in range(3)]
    write_images(path, cells, group=3, nested=True)
    dataset = OneEpisode({"cam": ImageFrames(path, "cam", 0, 3, 30.0)})
    assert store.jpeg(dataset, 0, "cam", 2) == cells[2]
    assert store.jpeg(dataset, 0, "cam", 2, 80) != cells[2]


def test_thumbnail_of_the_first_camera_that_can_be_read(store: MediaStore, tmp_path: Path) -> None:
    missing = VideoFrames(tmp_path / "missing.mp4", 0, 5, 30.0)
    dataset = OneEpisode({"a": missing, "b": rows(tmp_path)})
    assert number_in(opened(store.thumbnail(dataset, 0))) == COUNT // 3
    with pytest.raises(Unreadable):
        store.thumbnail(OneEpisode({"a": missing}), 0)
    with pytest.raises(NotFound, match="no camera"):
        store.thumbnail(OneEpisode({}), 0)


def test_a_changed_file_is_made_anew(store: MediaStore, tmp_path: Path) -> None:
    source = rows(tmp_path)
    dataset = OneEpisode({"cam": source})
    first = settled(store, dataset)
    thumbnail = store.thumbnail(dataset, 0)
    write_rows(source.path, COUNT // 2)
    second = settled(store, dataset)
    assert second.path != first.path
    assert second.frames == COUNT // 2
    assert store.thumbnail(dataset, 0) != thumbnail


def test_a_damaged_cache_file_is_made_anew(store: MediaStore, tmp_path: Path) -> None:
    dataset = OneEpisode({"cam": rows(tmp_path)})
    first = settled(store, dataset)
    assert first.path is not None
    first.path.write_bytes(b"damage" * 100)
    again = settled(store, dataset)
    assert again == first
    assert numbers(first.path) == list(range(COUNT))


def test_what_was_dropped_from_the_cache_is_made_anew(store: MediaStore, tmp_path: Path) -> None:
    dataset = OneEpisode({"cam": shared(tmp_path)})
    first = settled(store, dataset)
    assert first.path is not None
    first.path.unlink()
    assert settled(store, dataset) == first
    assert first.path.exists()


@pytest.mark.parametrize(
    ("declared", "timestamps", "rate"),
    [
        (0.0, np.arange(COUNT) / 12.5, 12.5),
        (float("nan"), [], 30.0),
        (-3.0, [0.0, 0.0, 0.0], 30.0),
        (0.0, [1.7e9, 1.7e9 + 0.1, 1.7e9 + 0.2, 1.7e9 + 5], 10.0),
        (29.97, [], 29.97),
    ],
)
def test_the_rate_is_the_declared_or_the_recorded(
    store: MediaStore, tmp_path: Path, declared: float, timestamps: list[float], rate: float
) -> None:
    source = Hdf5Frames(write_rows(tmp_path / "episode_0.h5", 5), INSIDE, 5, declared)
    playable = settled(store, OneEpisode({"cam": source}, timestamps))
    assert playable.state == "ready"
    assert playable.rate == pytest.approx(rate)


def test_a_video_without_a_declared_rate_keeps_its_own(store: MediaStore, tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", COUNT, rate=12, options=B_FRAMES)
    playable = settled(store, OneEpisode({"cam": VideoFrames(film, 0, COUNT, 0.0)}))
    assert playable.path == film
    assert playable.rate == pytest.approx(12)


@pytest.mark.parametrize(
    ("first", "count", "frames"), [(0, 500, 60), (48, 500, 12), (0, 60, 60), (59, 1, 1)]
)
def test_a_wrong_count_gives_the_frames_that_are_there(
    store: MediaStore, tmp_path: Path, first: int, count: int, frames: int
) -> None:
    film = write_film(tmp_path / "film.mp4", 60, rate=20, options=B_FRAMES)
    dataset = OneEpisode({"cam": VideoFrames(film, first, count, 20.0)})
    playable = settled(store, dataset)
    assert (playable.state, playable.frames) == ("ready", frames)
    assert number_in(opened(store.jpeg(dataset, 0, "cam", frames - 1))) == first + frames - 1
    with pytest.raises(NotFound):
        store.jpeg(dataset, 0, "cam", frames)


def _cut_off(folder: Path) -> Path:
    film = write_film(folder / "film.mp4", COUNT)
    film.write_bytes(film.read_bytes()[:2000])
    return film


def _written(folder: Path, data: bytes) -> Path:
    (folder / "film.mp4").write_bytes(data)
    return folder / "film.mp4"


def _folder(folder: Path) -> Path:
    (folder / "film.mp4").mkdir()
    return folder / "film.mp4"


BROKEN: dict[str, tuple[Callable[[Path], FrameSource], str]] = {
    "cut off": (lambda folder: VideoFrames(_cut_off(folder), 0, COUNT, 30.0), "index is missing"),
    "LFS pointer": (
        lambda folder: VideoFrames(
            _written(folder, b"version https://git-lfs.github.com/spec/v1\n"), 0, 5, 30.0
        ),
        "git lfs pull",
    ),
    "empty": (lambda folder: VideoFrames(_written(folder, b""), 0, 5, 30.0), "is empty"),
    "sound alone": (
        lambda folder: VideoFrames(write_sound(folder / "film.mp4"), 0, 5, 30.0),
        "holds no video",
    ),
    "a folder": (lambda folder: VideoFrames(_folder(folder), 0, 5, 30.0), "can't be read"),
    "missing": (lambda folder: VideoFrames(folder / "no.mp4", 0, 5, 30.0), "can't be read"),
    "no frames": (
        lambda folder: VideoFrames(write_film(folder / "film.mp4", 5), 0, 0, 30.0),
        "no frames",
    ),
    "beyond the end": (
        lambda folder: VideoFrames(write_film(folder / "film.mp4", 5), 9, 5, 30.0),
        "has 5 frames",
    ),
    "raw, missing": (lambda folder: Hdf5Frames(folder / "no.h5", INSIDE, 5, 30.0), "can't be read"),
    "raw, no HDF5": (
        lambda folder: Hdf5Frames(_written(folder, bytes(999)), INSIDE, 5, 30.0),
        "HDF5",
    ),
    "raw, no frames": (
        lambda folder: Hdf5Frames(write_rows(folder / "rows.h5", 5), INSIDE, 0, 30.0),
        "no frames",
    ),
    "images, missing": (lambda folder: ImageFrames(folder / "no", "cam", 0, 5, 30.0), "can't be"),
    "unknown codec": (
        lambda folder: VideoFrames(
            _written(
                folder, write_film(folder / "a.mp4", 5).read_bytes().replace(b"avc1", b"zzz9")
            ),
            0,
            5,
            30.0,
        ),
        "zzz9",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_source_fails_with_a_sentence(
    store: MediaStore, tmp_path: Path, kind: str
) -> None:
    make, sentence = BROKEN[kind]
    dataset = OneEpisode({"cam": make(tmp_path)})
    playable = settled(store, dataset)
    assert playable.state == "failed"
    assert sentence in playable.error
    assert playable.path is None
    assert store.playable(dataset, 0, "cam").state == "failed"
    with pytest.raises((Unreadable, NotFound)):
        store.jpeg(dataset, 0, "cam", 0)
    with pytest.raises((Unreadable, NotFound)):
        store.thumbnail(dataset, 0)
    assert not list((tmp_path / "cache").iterdir())


def test_what_does_not_exist_is_not_found(store: MediaStore, tmp_path: Path) -> None:
    dataset = OneEpisode({"cam": rows(tmp_path)})
    with pytest.raises(NotFound):
        store.playable(dataset, 0, "other")
    with pytest.raises(NotFound):
        store.playable(dataset, 7, "cam")
    with pytest.raises(NotFound):
        store.jpeg(dataset, 0, "other", 0)
    with pytest.raises(NotFound):
        store.thumbnail(dataset, 7)


def test_many_threads_ask_for_everything_at_once(store: MediaStore, tmp_path: Path) -> None:
    folders = {kind: tmp_path / kind.replace(" ", "-") for kind in SOURCES}
    cameras: dict[str, FrameSource] = {}
    for kind, folder in folders.items():
        folder.mkdir()
        cameras[kind] = SOURCES[kind][0](folder)
    dataset = OneEpisode(cameras)
    barrier = threading.Barrier(8)

    def ask(number: int) -> None:
        barrier.wait(DEADLINE)
        for step in range(12):
            kind = list(SOURCES)[(number + step) % len(SOURCES)]
            frame = (number * 5 + step) % COUNT
            assert (
                number_in(opened(store.jpeg(dataset, 0, kind, frame))) == SOURCES[kind][1] + frame
            )
            store.playable(dataset, 0, kind)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert {settled(store, dataset, kind).state for kind in SOURCES} == {"ready"}


def test_without_a_usable_cache_there_are_still_pictures(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file, not a folder")
    store = MediaStore(tmp_path / "cache")
    dataset = OneEpisode({"raw": rows(tmp_path), "cut": shared(tmp_path)})
    assert number_in(opened(store.jpeg(dataset, 0, "raw", 5))) == 5
    assert number_in(opened(store.thumbnail(dataset, 0))) == COUNT // 3
    for camera in ("raw", "cut"):
        playable = settled(store, dataset, camera)
        assert playable.state == "failed"
        assert "could not be prepared" in playable.error
    store.close()


def test_closing_while_it_encodes_leaves_nothing(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "cache")
    store.playable(OneEpisode({"cam": rows(tmp_path)}), 0, "cam")
    store.close()
    assert not [one.name for one in (tmp_path / "cache").iterdir() if one.name.startswith(".")]


def test_the_samples_play_in_every_format(sample_skills: Path, store: MediaStore) -> None:
    checked = 0
    for skill in sorted(sample_skills.iterdir()):
        try:
            dataset = open_dataset(skill, FactCache(None))
        except NotFound:
            continue
        episode = dataset.episode(dataset.episode_ids[-1])
        for camera in episode.cameras[:1]:
            end = time.monotonic() + DEADLINE
            while store.playable(dataset, episode.id, camera).state == "encoding":
                assert time.monotonic() < end
                time.sleep(0.02)
            playable = store.playable(dataset, episode.id, camera)
            assert playable.path is not None, playable.error
            assert playable.frames == episode.frames
            if playable.path != dataset.frames(episode.id, camera).path:
                assert numbers(playable.path) == list(range(episode.frames))
            checked += 1
    assert checked >= 4
