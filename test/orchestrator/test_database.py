from __future__ import annotations

import sqlite3
import threading

import pytest

from training_manager_ros.errors import Unreadable
from training_manager_ros.orchestrator.database import MIGRATIONS, Database


@pytest.fixture
def database(tmp_path):
    found = Database(tmp_path / "x.sqlite")
    yield found
    found.close()


def add(name):
    return lambda db: db.execute("INSERT INTO owners VALUES (?, ?, 't')", (name, name)).rowcount


def names(database):
    return [row["owner_id"] for row in database.read("SELECT owner_id FROM owners ORDER BY 1")]


def test_what_is_written_is_read(database):
    assert database.write(add("a")).result() == 1
    assert names(database) == ["a"]


def test_a_change_that_fails_takes_no_other_with_it(database):
    gate = threading.Event()
    first = database.write(lambda db: gate.wait(10))  # so that the others are committed together

    def half(db):
        add("half")(db)
        raise KeyError("half")

    futures = [database.write(change) for change in (add("a"), half, add("a"), add("b"))]
    gate.set()
    assert first.result(10)
    assert futures[0].result(10) == futures[3].result(10) == 1
    with pytest.raises(KeyError):
        futures[1].result(10)
    with pytest.raises(sqlite3.IntegrityError):
        futures[2].result(10)
    assert names(database) == ["a", "b"]


def test_many_threads_write_and_read(database):
    def work(number):
        for i in range(20):
            database.write(add(f"{number}-{i}")).result(20)
            assert f"{number}-{i}" in names(database)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(names(database)) == 160


def test_closing_keeps_what_was_asked_to_be_written(tmp_path):
    database = Database(tmp_path / "x.sqlite")
    for i in range(50):
        database.write(add(f"{i:02}"))
    database.close()
    with pytest.raises(Unreadable, match="stopping"):
        database.write(add("late")).result(5)
    again = Database(tmp_path / "x.sqlite")
    assert len(names(again)) == 50
    again.close()


def test_an_old_database_is_brought_up_and_a_newer_one_refused(tmp_path):
    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(Unreadable, match="newer version"):
        Database(path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 0")
    Database(path).close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)


def test_what_is_no_database_is_said_to_be(tmp_path):
    (tmp_path / "x.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(Unreadable, match=r"x\.sqlite"):
        Database(tmp_path / "x.sqlite")
