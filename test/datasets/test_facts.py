from __future__ import annotations

import json
import logging
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from training_manager_ros.datasets import FactCache
from training_manager_ros.datasets.listing import FileEntry
from training_manager_ros.errors import Unreadable

_LATER = 10**19  # a clock at which every file is old


class Reader:
    """Reads a file's first byte and counts how often."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self, path: Path) -> dict[str, object]:
        self.reads += 1
        return {"path": path.name, "values": [1, 2.5, "ü", None]}


@pytest.fixture(params=["memory", "disk"])
def facts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FactCache]:
    path = tmp_path / "cache/facts.sqlite" if request.param == "disk" else None
    cache = FactCache(path, now_ns=lambda: _LATER)
    yield cache
    cache.close()


def _entry(path: str = "/data/a.h5", size: int = 10, mtime_ns: int = 20) -> FileEntry:
    return FileEntry(path, size, mtime_ns)


def test_reads_once_while_path_size_and_time_stay(facts: FactCache) -> None:
    read = Reader()
    first = facts.recall("k", _entry(), read)
    assert (
        facts.recall("k", _entry(), read)
        == first
        == {
            "path": "a.h5",
            "values": [1, 2.5, "ü", None],
        }
    )
    assert read.reads == 1


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        ("other", _entry()),
        ("k", _entry(path="/data/b.h5")),
        ("k", _entry(size=11)),
        ("k", _entry(mtime_ns=21)),
        ("k", _entry(mtime_ns=19)),
    ],
)
def test_reads_again_when_anything_differs(facts: FactCache, kind: str, entry: FileEntry) -> None:
    read = Reader()
    facts.recall("k", _entry(), read)
    facts.recall(kind, entry, read)
    assert read.reads == 2


def test_remembers_that_a_file_is_unreadable_but_not_an_error_that_may_pass(
    facts: FactCache,
) -> None:
    calls = []

    def broken(path: Path) -> object:
        calls.append(path)
        raise Unreadable("a.h5 is cut off.")

    for _ in range(2):
        with pytest.raises(Unreadable, match=r"a\.h5 is cut off\."):
            facts.recall("k", _entry(), broken)
    assert len(calls) == 1

    def denied(path: Path) -> object:
        calls.append(path)
        raise PermissionError(13, "Permission denied")

    for _ in range(2):
        with pytest.raises(Unreadable, match="can't be read: Permission denied"):
            facts.recall("other", _entry(), denied)
    assert len(calls) == 3


def test_a_file_that_changed_a_moment_ago_is_read_again() -> None:
    now = 10**18
    facts = FactCache(None, now_ns=lambda: now)
    read = Reader()
    for mtime_ns, reads in [(now - 1_000_000, 2), (now - 10**9, 3), (now + 10**12, 4)]:
        facts.recall("k", _entry(mtime_ns=mtime_ns), read)
        facts.recall("k", _entry(mtime_ns=mtime_ns), read)
        assert read.reads == reads


def test_names_of_any_bytes_are_told_apart(facts: FactCache) -> None:
    read = Reader()
    for path in ("/data/\udce9", "/data/\udcea", "/data/\u00e9"):
        facts.recall("k", _entry(path=path), lambda path: read(Path("x")))
    assert read.reads == 3


def test_another_process_finds_what_was_remembered(tmp_path: Path) -> None:
    path = tmp_path / "facts.sqlite"
    facts = FactCache(path, now_ns=lambda: _LATER)
    facts.recall("k", _entry(), lambda path: {"rows": 7})
    program = (
        "import sys; from pathlib import Path\n"
        "from training_manager_ros.datasets import FactCache\n"
        "from training_manager_ros.datasets.listing import FileEntry\n"
        "facts = FactCache(Path(sys.argv[1]))\n"
        "print(facts.recall('k', FileEntry('/data/a.h5', 10, 20), lambda path: 'read'))\n"
    )
    for _ in range(2):  # the first process still holds it open
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "{'rows': 7}"
    facts.close()


def test_many_threads_and_two_caches_at_once(tmp_path: Path) -> None:
    path = tmp_path / "facts.sqlite"
    caches = [FactCache(path, now_ns=lambda: _LATER) for _ in range(2)]
    errors: list[BaseException] = []

    def work(cache: FactCache) -> None:
        try:
            for number in range(100):
                entry = _entry(path=f"/data/{number}")
                assert cache.recall("k", entry, lambda path: {"n": path.name}) == {"n": str(number)}
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(cache,)) for cache in caches * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    for cache in caches:
        cache.close()


@pytest.mark.parametrize(
    "content",
    [b"not a database, but long enough to look at" * 50, b"SQLite format 3\0" + b"x" * 4096],
)
def test_a_corrupt_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "facts.sqlite"
    path.write_bytes(content)
    facts = FactCache(path, now_ns=lambda: _LATER)
    read = Reader()
    facts.recall("k", _entry(), read)
    facts.close()
    facts = FactCache(path, now_ns=lambda: _LATER)
    facts.recall("k", _entry(), read)
    assert read.reads == 1
    facts.close()


def test_corruption_while_it_is_open_costs_only_time(tmp_path: Path) -> None:
    path = tmp_path / "facts.sqlite"
    facts = FactCache(path, now_ns=lambda: _LATER)
    read = Reader()
    for number in range(200):
        facts.recall("k", _entry(path=f"/data/{number}"), read)
    facts.close()
    size = path.stat().st_size
    facts = FactCache(path, now_ns=lambda: _LATER)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    for number in range(200):
        assert facts.recall("k", _entry(path=f"/data/{number}"), read)["path"] == str(number)
    facts.close()
    again = FactCache(path, now_ns=lambda: _LATER)
    assert again.recall("k", _entry(), read)["path"] == "a.h5"
    again.close()


def test_what_another_version_stored_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "facts.sqlite"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE facts (something TEXT)")
    database.execute("PRAGMA user_version = 987654")
    database.commit()
    database.close()
    facts = FactCache(path, now_ns=lambda: _LATER)
    read = Reader()
    facts.recall("k", _entry(), read)
    facts.recall("k", _entry(), read)
    assert read.reads == 1
    facts.close()


def test_a_path_that_can_not_be_used_is_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING, logger="training_manager.datasets"):
        facts = FactCache(tmp_path / "file/facts.sqlite", now_ns=lambda: _LATER)
    assert "facts are kept in memory" in caplog.text
    read = Reader()
    facts.recall("k", _entry(), read)
    facts.recall("k", _entry(), read)
    assert read.reads == 1
    facts.close()


def test_a_closed_cache_still_answers() -> None:
    facts = FactCache(None)
    facts.close()
    assert facts.recall("k", _entry(), lambda path: 1) == 1


def test_the_oldest_facts_go_when_there_are_too_many(tmp_path: Path) -> None:
    path = tmp_path / "facts.sqlite"
    facts = FactCache(path, now_ns=lambda: _LATER, max_facts=100)
    for number in range(150):
        facts.recall("k", _entry(path=f"/data/{number}"), lambda path: path.name)
    facts.close()
    FactCache(path, now_ns=lambda: _LATER, max_facts=100).close()
    kept = [
        json.loads(text)["fact"]
        for (text,) in sqlite3.connect(path).execute("SELECT outcome FROM facts ORDER BY rowid")
    ]
    assert kept == [str(number) for number in range(75, 150)]
