"""The ledger of uploads: what a kill leaves, and what is believed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from training_manager_ros.errors import Conflict, TrainingManagerError
from training_manager_ros.training.ledger import (
    Complete,
    LedgerWriter,
    Record,
    locked,
    read_ledger,
)
from training_manager_ros.training.manifest import Stamp

ROOT = Path(__file__).parent.parent.parent
STAMP = Stamp(10, 20, 30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".training_manager").mkdir()
    return tmp_path


def ledger_file(folder: Path) -> Path:
    return folder / ".training_manager" / "upload.jsonl"


def test_what_was_written_is_read(folder: Path) -> None:
    with LedgerWriter(folder, "host", "skill") as writer:
        writer.record("a", STAMP, "m1", uploaded=True)
        writer.record("b", STAMP, "m2", uploaded=False)
        writer.record("a", Stamp(11, 21, 31), "m3", uploaded=True)
        writer.complete(5)
    ledger = read_ledger(folder)
    assert (ledger.server, ledger.skill_id) == ("host", "skill")
    assert ledger.records == {
        "a": Record(Stamp(11, 21, 31), "m3", True),
        "b": Record(STAMP, "m2", False),
    }
    assert ledger.complete is not None
    assert ledger.complete.episodes == 5


def test_each_record_is_on_disk_at_once(folder: Path) -> None:
    with LedgerWriter(folder, "host", "skill") as writer:
        writer.record("a", STAMP, "m", uploaded=True)
        assert "a" in read_ledger(folder).records


@pytest.mark.parametrize(("server", "skill"), [("other", "skill"), ("host", "other")])
def test_another_server_or_skill_keeps_the_hashes_alone(
    folder: Path, server: str, skill: str
) -> None:
    with LedgerWriter(folder, "host", "skill") as writer:
        writer.record("a", STAMP, "m", uploaded=True)
        writer.complete(1)
    with LedgerWriter(folder, server, skill) as writer:
        assert writer.ledger.records == {"a": Record(STAMP, "m", False)}
        assert writer.ledger.complete is None


def test_no_ledger_and_no_folder(tmp_path: Path) -> None:
    assert read_ledger(tmp_path).records == {}
    assert read_ledger(tmp_path / "nothing").records == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 400))
def test_a_file_that_is_cut_anywhere_loses_its_end_alone(folder: Path, cut: int) -> None:
    ledger_file(folder).unlink(missing_ok=True)
    with LedgerWriter(folder, "host", "skill") as writer:
        for name in "abcd":
            writer.record(name, STAMP, "m", uploaded=True)
    whole = ledger_file(folder).read_bytes()
    lines_kept = whole[:cut].count(b"\n")
    ledger_file(folder).write_bytes(whole[:cut])
    kept = read_ledger(folder).records
    assert list(kept) in (list("abcd")[: max(0, lines_kept - 1)], list("abcd")[:lines_kept])
    with LedgerWriter(folder, "host", "skill") as writer:
        writer.record("e", STAMP, "m", uploaded=True)
    assert "e" in read_ledger(folder).records


@pytest.mark.parametrize(
    "line",
    ["[1]", "null", "{}", '{"file": 1}', '{"file": "x", "size": "many"}', "\x00\x00", "{"],
)
def test_lines_that_are_none_are_skipped(folder: Path, line: str) -> None:
    with LedgerWriter(folder, "host", "skill") as writer:
        writer.record("a", STAMP, "m", uploaded=True)
    with ledger_file(folder).open("a") as file:
        file.write(line + "\n")
    assert set(read_ledger(folder).records) == {"a"}


def test_it_does_not_grow_for_ever(folder: Path) -> None:
    for number in range(50):
        with LedgerWriter(folder, "host", "skill") as writer:
            writer.record("a", Stamp(number, 0, 0), "m", uploaded=True)
            writer.complete(1)
    assert len(ledger_file(folder).read_text().splitlines()) <= 6


HOLD = """
import sys
from pathlib import Path
from training_manager_ros.training.ledger import locked
with locked(Path(sys.argv[1]), "upload"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_lock_holds_against_other_processes_and_goes_with_them(folder: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=ROOT, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Conflict, match="Another upload"), locked(folder, "upload"):
            pass
        with locked(folder, "download-1"):
            pass
        other.kill()
    with locked(folder, "upload"):
        pass


def test_a_file_in_the_way_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / ".training_manager").write_text("")
    with pytest.raises(TrainingManagerError, match="can't be written"), locked(tmp_path, "upload"):
        pass


def test_complete_is_not_of_another_type() -> None:
    line = json.loads('{"complete": "5", "at": 3}')
    ledger = read_ledger(Path("/nonexistent"))
    ledger.take(line)
    assert ledger.complete == Complete(5, "3")
