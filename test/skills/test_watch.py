from __future__ import annotations

import errno
import itertools
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from training_manager_ros.datasets import FactCache
from training_manager_ros.datasets.edit.marks import Verdict, mark_episodes
from training_manager_ros.skills import Catalog, read_metadata, update_metadata, watch
from training_manager_ros.skills.inotify import Inotify

PATIENCE = 20.0  # seconds; on a busy machine a thread may have to wait for its turn


class Seen:
    """Gathers what a watch tells."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.calls: list[frozenset[str]] = []

    def __call__(self, names: frozenset[str]) -> None:
        with self._changed:
            self.calls.append(names)
            self._changed.notify_all()

    def wait_for(self, *names: str) -> None:
        """Wait until each of these, or everything, was told; forget all of it then."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._told(names), PATIENCE), self.calls
            self.calls.clear()

    def wait_for_everything(self) -> None:
        """Wait until it was told that everything may have changed; forget all of it then."""
        with self._changed:
            assert self._changed.wait_for(lambda: frozenset() in self.calls, PATIENCE), self.calls
            self.calls.clear()

    def expect_nothing(self, seconds: float = 0.5) -> None:
        """Nothing is told for a while (more than any delay of ours)."""
        with self._changed:
            assert not self._changed.wait_for(lambda: bool(self.calls), seconds), self.calls

    def _told(self, names: tuple[str, ...]) -> bool:
        return frozenset() in self.calls or set(names) <= frozenset().union(*self.calls)


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def watching(root: Path, seen: Seen) -> Iterator[Callable[[], None]]:
    """Start to watch; what was done before it is not told."""
    watches = []

    def start() -> None:
        watches.append(watch(root, seen))
        assert watches[-1].problem == ""

    yield start
    for each in watches:
        each.stop()


Start = Callable[[], None]


def test_new_changed_renamed_and_removed_skills(
    root: Path, make_skill: Callable[..., Path], seen: Seen, watching: Start
) -> None:
    make_skill("first")
    watching()
    seen.expect_nothing()
    make_skill("second")
    seen.wait_for("second")
    (root / "second" / "metadata.json").write_text("{}")  # by hand
    seen.wait_for("second")
    update_metadata(root / "first", read_metadata(root / "first").revision, {"name": "New"})
    seen.wait_for("first")
    (root / "first").rename(root / "third")
    seen.wait_for("first", "third")
    (root / "third" / "metadata.json").write_text("{}")
    seen.wait_for("third")
    assert seen.calls == []
    shutil.rmtree(root / "second")
    seen.wait_for("second")
    # a folder that becomes a skill only later, and one that is moved in from elsewhere
    (root / "fourth").mkdir()
    seen.wait_for("fourth")
    (root / "fourth" / "metadata.json").write_text("{}")
    seen.wait_for("fourth")
    elsewhere = root.parent / "elsewhere"
    shutil.copytree(root / "fourth", elsewhere)
    elsewhere.rename(root / "fifth")
    seen.wait_for("fifth")
    (root / "fifth" / "metadata.json").write_text("[]")
    seen.wait_for("fifth")


def test_episodes_checkpoints_and_folders_that_come_while_it_watches(
    root: Path, make_skill: Callable[..., Path], seen: Seen, watching: Start
) -> None:
    folder = make_skill("skill")
    watching()
    (folder / "data").mkdir()
    seen.wait_for("skill")
    # the recorder: a hidden file, written on and on, then renamed; then the list of episodes
    recording = folder / "data" / ".episode_recording.h5.tmp"
    with recording.open("wb") as file:
        for _ in range(100):
            file.write(bytes(1000))
            file.flush()
    seen.expect_nothing()
    recording.rename(folder / "data" / "episode_0.h5")
    seen.wait_for("skill")
    (folder / "data" / "dataset_metadata.json").write_text("{}")
    seen.wait_for("skill")
    # a run's results arrive, in folders of their own
    (folder / "17" / "checkpoints" / "last").mkdir(parents=True)
    seen.wait_for("skill")
    (folder / "17" / "checkpoints" / "last" / "act_step_9.pth").write_text("")
    seen.wait_for("skill")
    # LeRobot's folders, all at once
    for below in ("meta", "data/chunk-000", "videos/observation.images.top/chunk-000"):
        (folder / "data" / below).mkdir(parents=True)
    seen.wait_for("skill")
    (folder / "data/videos/observation.images.top/chunk-000/file-000.mp4").write_text("")
    seen.wait_for("skill")
    shutil.rmtree(folder / "data")
    seen.wait_for("skill")
    (folder / "data").mkdir()
    seen.wait_for("skill")
    (folder / "data" / "episode_0.h5").write_text("")
    seen.wait_for("skill")


def test_hidden_entries_and_reading_say_nothing(
    root: Path, make_skill: Callable[..., Path], seen: Seen, watching: Start
) -> None:
    folder = make_skill("skill")
    (folder / "data").mkdir()
    watching()
    (root / ".staging").mkdir()
    (root / ".staging" / "metadata.json").write_text("{}")
    (root / "__pycache__").mkdir()
    (folder / ".hidden").write_text("")
    (folder / "__pycache__").mkdir()
    (folder / "data" / ".somebody.json").write_text("{}")
    (folder / "metadata.json").read_text()
    os.listdir(folder)
    with (folder / "data" / ".lock").open("w"):
        pass
    seen.expect_nothing()
    (root / ".staging").rename(root / "published")
    seen.wait_for("published")
    (root / "published" / "metadata.json").write_text("[]")
    seen.wait_for("published")


def test_many_changes_are_gathered(
    root: Path, make_skill: Callable[..., Path], seen: Seen, watching: Start
) -> None:
    folder = make_skill("skill")
    (folder / "data").mkdir()
    make_skill("other")
    watching()
    begin = time.monotonic()
    for number in range(1000):
        (folder / "data" / f"episode_{number}.h5").write_text("")
    (root / "other" / "metadata.json").write_text("{}")
    end = time.monotonic()
    with seen._changed:
        assert seen._changed.wait_for(
            lambda: any("other" in names for names in seen.calls), PATIENCE
        )
        assert len(seen.calls) <= 2 + (end - begin) / 0.15
        assert set().union(*seen.calls) == {"skill", "other"}


def test_a_slow_listener_is_called_less_often(root: Path, make_skill: Callable[..., Path]) -> None:
    folder = make_skill("skill")
    times: list[float] = []

    def slow(_: frozenset[str]) -> None:
        times.append(time.monotonic())
        time.sleep(0.05)

    observer = watch(root, slow)
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        (folder / "file").write_text("")
        time.sleep(0.01)
    observer.stop()
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert len(times) >= 2
    assert min(gaps) >= 0.5  # ten times as long as it took


def test_links_inside_the_skills_directory(
    root: Path, make_skill: Callable[..., Path], seen: Seen, watching: Start
) -> None:
    folder = make_skill("real")
    (root / "alias").symlink_to("real")
    (root / "dangling").symlink_to("comes-later")
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (root / "leads-out").symlink_to(elsewhere)
    watching()
    (folder / "metadata.json").write_text("{}")
    seen.wait_for("real", "alias")
    (elsewhere / "metadata.json").write_text("{}")
    seen.expect_nothing()
    make_skill("comes-later")
    seen.wait_for("comes-later", "dangling")
    (root / "comes-later" / "metadata.json").write_text("{}")
    seen.wait_for("comes-later", "dangling")
    (root / "alias").unlink()
    seen.wait_for("alias")
    (folder / "metadata.json").write_text("[]")
    seen.wait_for("real")


def test_a_root_that_comes_goes_and_comes_back(tmp_path: Path, seen: Seen) -> None:
    root = tmp_path / "not" / "yet" / "skills"
    observer = watch(root, seen)
    try:
        root.mkdir(parents=True)
        seen.wait_for_everything()
        (root / "skill").mkdir()
        seen.wait_for("skill")
        (root / "skill" / "metadata.json").write_text("{}")
        seen.wait_for("skill")
        shutil.rmtree(root)
        seen.wait_for_everything()
        root.mkdir()
        seen.wait_for_everything()
        (root / "skill").mkdir()
        seen.wait_for("skill")
        root.rename(root.with_name("moved"))
        seen.wait_for_everything()
        (root.with_name("moved") / "skill" / "metadata.json").write_text("{}")
        seen.expect_nothing()
        root.with_name("moved").rename(root)
        seen.wait_for_everything()
        (root / "skill" / "metadata.json").write_text("[]")
        seen.wait_for("skill")
        shutil.rmtree(tmp_path / "not")
        seen.wait_for_everything()
        root.mkdir(parents=True)
        seen.wait_for_everything()
    finally:
        observer.stop()


def test_a_root_that_is_a_link(tmp_path: Path, seen: Seen) -> None:
    for name in ("one", "other"):
        (tmp_path / "disk" / name / "skill").mkdir(parents=True)
    root = tmp_path / "skills"
    root.symlink_to(tmp_path / "disk" / "one")
    observer = watch(root, seen)
    try:
        (tmp_path / "disk" / "one" / "skill" / "metadata.json").write_text("{}")
        seen.wait_for("skill")
        (tmp_path / "new").symlink_to(tmp_path / "disk" / "other")
        (tmp_path / "new").rename(root)  # the link now leads elsewhere
        seen.wait_for_everything()
        (tmp_path / "disk" / "other" / "skill" / "metadata.json").write_text("{}")
        seen.wait_for("skill")
        shutil.rmtree(tmp_path / "disk" / "other")
        seen.wait_for_everything()
        (tmp_path / "disk" / "other" / "skill").mkdir(parents=True)
        seen.wait_for_everything()
        (tmp_path / "disk" / "other" / "skill" / "metadata.json").write_text("{}")
        seen.wait_for("skill")
    finally:
        observer.stop()


def test_with_a_catalog_the_list_follows(
    root: Path, make_skill: Callable[..., Path], add_episodes: Callable[..., None]
) -> None:
    catalog = Catalog(root, FactCache(None))
    changed = Seen()

    def on_change(names: frozenset[str]) -> None:
        if catalog.refresh(names):
            changed(frozenset(skill.name for skill in catalog.skills()))

    observer = watch(root, on_change)
    try:
        catalog.skills()
        add_episodes(make_skill("a"), 3)
        changed.wait_for("a")
        deadline = time.monotonic() + PATIENCE
        while (dataset := catalog.skills()[0].dataset) is None or dataset.episode_count < 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        shutil.rmtree(root / "a")
        while catalog.skills():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        observer.stop()


def test_lost_events_are_made_up_for(
    root: Path, make_skill: Callable[..., Path], seen: Seen
) -> None:
    folder = make_skill("skill")
    release = threading.Event()
    blocked = threading.Event()

    def on_change(names: frozenset[str]) -> None:
        seen(names)
        blocked.set()
        assert release.wait(60)

    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    observer = watch(root, on_change)
    try:
        (folder / "metadata.json").write_text("{}")
        assert blocked.wait(PATIENCE)
        for _ in range(limit // 3 + 10):  # more than the queue holds, three events each
            (folder / "a").touch()
            (folder / "a").unlink()
        (root / "new").mkdir()  # this one is lost
        seen.calls.clear()
        release.set()
        seen.wait_for_everything()
        (root / "new" / "metadata.json").write_text("{}")
        seen.wait_for("new")
    finally:
        release.set()
        observer.stop()


class Limited(Inotify):
    """An inotify whose system gives only so many watches."""

    def __init__(self, watches: int) -> None:
        super().__init__()
        self._left = watches

    def add(self, folder: str, mask: int) -> int:
        if self._left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._left -= 1
        return super().add(folder, mask)


def test_at_the_limit_of_watches_it_says_so_and_looks_by_itself(
    root: Path,
    make_skill: Callable[..., Path],
    seen: Seen,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(10):
        make_skill(f"skill-{number}")
    with caplog.at_level(logging.WARNING, "training_manager.skills"):
        observer = watch(root, seen, open_inotify=lambda: Limited(4), poll_seconds=0.3)
    try:
        assert "fs.inotify.max_user_watches=524288" in observer.problem
        assert [record.getMessage() for record in caplog.records] == [observer.problem]
        seen.wait_for_everything()
        seen.wait_for_everything()  # again and again
        deadline = time.monotonic() + PATIENCE
        while not any(seen.calls):  # the directory itself is watched all the same
            assert time.monotonic() < deadline
            (root / f"new-{time.monotonic_ns()}").mkdir()
            time.sleep(0.02)
    finally:
        observer.stop()


def test_without_any_inotify_it_looks_by_itself(root: Path, seen: Seen) -> None:
    def none_left() -> Inotify:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    observer = watch(root, seen, open_inotify=none_left, poll_seconds=0.1)
    try:
        assert "fs.inotify.max_user_instances" in observer.problem
        seen.wait_for_everything()
    finally:
        observer.stop()


def test_a_listener_that_fails_does_not_end_the_watch(
    root: Path, make_skill: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    seen = Seen()

    def on_change(names: frozenset[str]) -> None:
        seen(names)
        raise RuntimeError("a defect")

    observer = watch(root, on_change)
    try:
        make_skill("first")
        seen.wait_for("first")
        make_skill("second")
        seen.wait_for("second")
    finally:
        observer.stop()
    assert "a defect" in caplog.text


def test_stop_ends_it_also_from_within(root: Path, make_skill: Callable[..., Path]) -> None:
    threads = threading.active_count()
    descriptors = len(os.listdir("/proc/self/fd"))
    told = threading.Event()

    def on_change(_: frozenset[str]) -> None:
        observer.stop()
        told.set()

    observer = watch(root, on_change)
    make_skill("a")
    assert told.wait(PATIENCE)
    observer.stop()
    observer.stop()
    deadline = time.monotonic() + PATIENCE
    while threading.active_count() > threads:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_it_sleeps_while_nothing_happens(
    root: Path, make_skill: Callable[..., Path], seen: Seen, watching: Start
) -> None:
    make_skill("skill")
    watching()
    seen.expect_nothing(0.3)
    (thread,) = (t for t in threading.enumerate() if t.name == "skills-watch")
    status = Path(f"/proc/self/task/{thread.native_id}/status")

    def wakings() -> int:
        lines = dict(line.split(":\t") for line in status.read_text().splitlines())
        return int(lines["voluntary_ctxt_switches"])

    before = wakings()
    time.sleep(1.5)
    assert wakings() == before


def test_marks_of_somebody_else_are_told_and_show_in_the_list(
    root: Path,
    make_skill: Callable[..., Path],
    add_episodes: Callable[..., None],
    seen: Seen,
    watching: Start,
) -> None:
    skill = make_skill("cup")
    add_episodes(skill, 2)
    catalog = Catalog(root, FactCache(None))
    before = catalog.skills()[0]
    watching()
    seen.expect_nothing()
    mark_episodes(skill, [1], Verdict.REJECT)
    seen.wait_for("cup")
    assert catalog.refresh({"cup"})
    after = catalog.skills()[0]
    assert after.modified > before.modified
    assert replace(after, modified=before.modified) == before
