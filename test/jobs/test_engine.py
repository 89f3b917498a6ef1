from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from training_manager_ros.errors import Conflict, InvalidInput, NotFound
from training_manager_ros.jobs import Job, JobEngine, JobState, SkillLocks

KINDS = {"steps": "job_kinds:Steps", "hasty": "job_kinds:Hasty"}
DEADLINE = 30


@pytest.fixture(autouse=True)
def _importable_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    here = str(Path(__file__).parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([here, os.environ.get("PYTHONPATH", "")]))
    monkeypatch.syspath_prepend(here)


Start = Callable[..., JobEngine]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    engines = []

    def start(**options) -> JobEngine:
        engine = JobEngine(tmp_path, KINDS, **options)
        engine.start()
        engines.append(engine)
        return engine

    yield start
    (tmp_path / "hold").unlink(missing_ok=True)
    for engine in engines:
        engine.stop()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.005)


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def ended(engine: JobEngine, job: Job) -> Job:
    return engine.wait(job.id, DEADLINE)


def test_a_job_runs_to_its_result(start: Start, tmp_path: Path):
    engine = start()
    job = ended(engine, engine.submit("steps", {"skill": "cup", "steps": 4}))
    assert (job.state, job.result, job.message) == (JobState.DONE, {"path": "cup.txt"}, "")
    assert job.created <= job.started <= job.finished
    lines = (tmp_path / "cup.txt").read_text().splitlines()
    assert [line.split()[1] for line in lines] == ["0", "1", "2", "3"]
    assert lines[0].split()[0] != str(os.getpid())


def test_arguments_are_checked_before_there_is_a_job(start: Start):
    engine = start()
    with pytest.raises(InvalidInput, match="Name a skill") as error:
        engine.submit("steps", {})
    assert error.value.fields == {"skill": "missing"}
    with pytest.raises(InvalidInput, match="there are hasty, steps"):
        engine.submit("stepz", {"skill": "cup"})
    assert engine.jobs() == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fail_at": 1}, "This step can't be done."),
        ({"break_at": 1}, "should not have happened"),
        ({"die_at": 1}, "died (signal 9)"),
    ],
)
def test_a_job_that_fails_says_why(start: Start, arguments, message):
    engine = start()
    job = ended(engine, engine.submit("steps", {"skill": "cup", **arguments}))
    assert job.state is JobState.FAILED
    assert message in job.message


def test_one_writer_a_skill_and_as_many_jobs_as_workers(start: Start, tmp_path: Path):
    (tmp_path / "hold").touch()
    (tmp_path / "cup").mkdir()
    engine = start(workers=2)
    first = engine.submit("steps", {"skill": "cup", "holds": True})
    second = engine.submit("steps", {"skill": "cup", "holds": True, "steps": 2})
    third = engine.submit("steps", {"skill": "towel", "holds": True})
    fourth = engine.submit("steps", {"skill": "peg", "holds": True})
    until(lambda: engine.job(third.id).state is JobState.RUNNING)
    states = [engine.job(job.id).state.value for job in (first, second, third, fourth)]
    assert states == ["running", "queued", "running", "queued"]
    assert engine.job(second.id).message == "Waits for other work on cup."
    (tmp_path / "hold").unlink()
    assert {ended(engine, job).state for job in (first, second, third, fourth)} == {JobState.DONE}


def test_readers_share_a_skill_and_keep_a_writer_out(start: Start, tmp_path: Path):
    (tmp_path / "hold").touch()
    engine = start(workers=4)
    readers = [
        engine.submit("steps", {"skill": name, "reads": ["cup"], "holds": True})
        for name in ("one", "two")
    ]
    until(lambda: all(engine.job(job.id).state is JobState.RUNNING for job in readers))
    writer = engine.submit("steps", {"skill": "cup"})
    until(lambda: engine.job(writer.id).message)
    assert engine.job(writer.id).state is JobState.QUEUED
    (tmp_path / "hold").unlink()
    assert ended(engine, writer).state is JobState.DONE


def test_a_lock_of_another_process_is_respected(start: Start, tmp_path: Path):
    engine = start()
    with SkillLocks(tmp_path / ".training_manager" / "locks") as command:
        assert command.acquire((), ("cup",)) == ""
        job = engine.submit("steps", {"skill": "cup"})
        until(lambda: engine.job(job.id).message == "Waits for other work on cup.")
    assert ended(engine, job).state is JobState.DONE


def test_cancel_of_a_running_job_cleans_up(start: Start, tmp_path: Path):
    (tmp_path / "hold").touch()
    engine = start()
    job = engine.submit("steps", {"skill": "cup", "holds": True, "cleans": True})
    until((tmp_path / "cup.txt").exists)
    assert engine.cancel(job.id).cancelling
    engine.cancel(job.id)
    assert ended(engine, job).state is JobState.CANCELLED
    assert not (tmp_path / "cup.txt").exists()
    with pytest.raises(Conflict, match="already cancelled"):
        engine.cancel(job.id)
    with pytest.raises(NotFound):
        engine.cancel("nothing")


def test_cancel_of_a_waiting_job_ends_it_at_once(start: Start, tmp_path: Path):
    (tmp_path / "hold").touch()
    engine = start(workers=1)
    engine.submit("steps", {"skill": "cup", "holds": True})
    waiting = engine.submit("steps", {"skill": "towel"})
    assert engine.cancel(waiting.id).state is JobState.CANCELLED
    assert not (tmp_path / "towel.txt").exists()


def test_the_same_job_twice_is_refused_while_it_runs(start: Start, tmp_path: Path):
    (tmp_path / "hold").touch()
    engine = start()
    engine.submit("steps", {"skill": "cup", "holds": True})
    with pytest.raises(Conflict, match="The same job"):
        engine.submit("steps", {"skill": "cup", "holds": True})


def test_two_jobs_do_not_make_the_same_skill(start: Start, tmp_path: Path):
    (tmp_path / "hold").touch()
    engine = start()
    engine.submit("steps", {"skill": "cup", "holds": True})
    with pytest.raises(Conflict, match="makes the skill cup"):
        engine.submit("steps", {"skill": "cup", "steps": 1})
    (tmp_path / "cup").mkdir()
    assert engine.submit("steps", {"skill": "cup", "steps": 1}).state is JobState.QUEUED


def test_every_change_is_announced(tmp_path: Path):
    seen: list[str] = []
    lock = threading.Lock()

    def look() -> None:
        with lock:
            seen.extend(job.state.value for job in engine.jobs())

    engine = JobEngine(tmp_path, KINDS, on_change=look)
    engine.start()
    ended(engine, engine.submit("steps", {"skill": "cup"}))
    engine.stop()
    assert list(dict.fromkeys(seen)) == ["queued", "running", "done"]


def test_jobs_that_ended_are_known_after_a_restart(start: Start):
    engine = start()
    job = ended(engine, engine.submit("steps", {"skill": "cup"}))
    engine.stop()
    assert start().jobs() == (job,)


def test_a_second_engine_on_the_same_directory_refuses(start: Start):
    start()
    other = start()
    with pytest.raises(Conflict, match="Another Training Manager"):
        other.submit("steps", {"skill": "cup"})


def count(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def test_a_paused_job_holds_still_until_it_is_resumed(start: Start, tmp_path: Path):
    engine = start()
    job = engine.submit("steps", {"skill": "cup", "steps": 100_000})
    until(lambda: engine.job(job.id).progress.items_done)
    assert engine.pause(job.id).paused
    assert engine.pause(job.id).paused
    text = tmp_path / "cup.txt"
    worker = int(text.read_text().split()[0])
    until(lambda: asleep(worker))  # it has come to its control
    steps = count(text)
    time.sleep(0.3)
    assert count(text) == steps
    held = engine.job(job.id)
    assert (held.state, held.rate, held.seconds_left) == (JobState.RUNNING, 0.0, -1.0)
    assert not engine.pause(job.id, still=False).paused
    until(lambda: count(text) > steps)
    engine.cancel(job.id)
    assert ended(engine, job).state is JobState.CANCELLED


def asleep(pid: int) -> bool:
    tasks = list(Path(f"/proc/{pid}/task").iterdir())
    return all((task / "stat").read_text().rpartition(")")[2].split()[0] == "S" for task in tasks)


def test_a_paused_job_is_cancelled_at_once_and_lets_others_run(start: Start, tmp_path: Path):
    (tmp_path / "hold").touch()
    engine = start(workers=1)
    job = engine.submit("steps", {"skill": "cup", "holds": True, "cleans": True})
    until((tmp_path / "cup.txt").exists)
    engine.pause(job.id)
    other = engine.submit("steps", {"skill": "towel"})
    assert ended(engine, other).state is JobState.DONE
    cancelled = engine.cancel(job.id)
    assert (cancelled.cancelling, cancelled.paused) == (True, False)
    assert ended(engine, job).state is JobState.CANCELLED
    assert not (tmp_path / "cup.txt").exists()
    with pytest.raises(Conflict, match="already cancelled"):
        engine.pause(job.id)


def test_a_waiting_job_that_is_paused_does_not_start(start: Start, tmp_path: Path):
    (tmp_path / "hold").touch()
    engine = start(workers=1)
    first = engine.submit("steps", {"skill": "cup", "holds": True})
    waiting = engine.submit("steps", {"skill": "towel"})
    engine.pause(waiting.id)
    (tmp_path / "hold").unlink()
    ended(engine, first)
    after = engine.submit("steps", {"skill": "peg"})
    ended(engine, after)
    assert engine.job(waiting.id).state is JobState.QUEUED
    engine.pause(waiting.id, still=False)
    assert ended(engine, waiting).state is JobState.DONE


def test_a_job_stays_paused_over_a_restart(start: Start, tmp_path: Path):
    engine = start()
    job = engine.submit("steps", {"skill": "cup", "steps": 100_000})
    until((tmp_path / "cup.txt").exists)
    engine.pause(job.id)
    engine.stop()
    engine = start()
    known = engine.job(job.id)
    assert (known.state, known.paused, known.pausable) == (JobState.QUEUED, True, True)
    ended(engine, engine.submit("steps", {"skill": "towel"}))
    assert engine.job(job.id).state is JobState.QUEUED
    engine.cancel(job.id)
    assert ended(engine, job).state is JobState.CANCELLED
    assert not (tmp_path / "cup.txt").exists(), "what the first run left is cleaned up"


def test_a_kind_that_can_not_be_paused(start: Start, tmp_path: Path):
    (tmp_path / "hold").touch()
    engine = start()
    job = engine.submit("hasty", {"skill": "cup", "holds": True})
    assert not job.pausable
    with pytest.raises(Conflict, match="can't be paused"):
        engine.pause(job.id)


def test_what_a_worker_left_that_died_is_cleaned_up(start: Start, tmp_path: Path):
    engine = start()
    job = engine.submit("steps", {"skill": "cup", "die_at": 1})
    assert ended(engine, job).state is JobState.FAILED
    assert not (tmp_path / "cup.txt").exists()


def test_more_workers_at_run_time(start: Start, tmp_path: Path):
    (tmp_path / "hold").touch()
    engine = start(workers=1)
    first = engine.submit("steps", {"skill": "cup", "holds": True})
    second = engine.submit("steps", {"skill": "towel", "holds": True})
    until(lambda: engine.job(first.id).state is JobState.RUNNING)
    assert engine.job(second.id).state is JobState.QUEUED
    engine.workers = 2
    until(lambda: engine.job(second.id).state is JobState.RUNNING)


def test_the_directory_is_prepared_before_jobs_run(start: Start, tmp_path: Path):
    (tmp_path / "hold").touch()
    engine = start()
    job = engine.submit("steps", {"skill": "cup", "holds": True, "steps": 2})
    until((tmp_path / "cup.txt").exists)
    engine.stop()
    (tmp_path / "hold").unlink()
    seen: list[tuple[frozenset[str], JobState]] = []

    def prepare(names: frozenset[str]) -> None:
        seen.append((names, engine.job(job.id).state))
        raise OSError("it can't")

    engine = JobEngine(tmp_path, KINDS, prepare=prepare)
    engine.start()
    ended(engine, job)
    engine.stop()
    assert seen == [(frozenset({"cup"}), JobState.QUEUED)]


def test_a_missing_directory_is_waited_for_and_not_made(tmp_path: Path):
    changes: list[str] = []
    root = tmp_path / "later"
    engine = JobEngine(root, KINDS, on_change=lambda: changes.append(engine.problem))
    engine.start()
    try:
        assert "no skills directory" in engine.problem
        with pytest.raises(Conflict, match="no skills directory"):
            engine.submit("steps", {"skill": "cup"})
        assert not root.exists()
        root.mkdir()
        until(lambda: changes and changes[-1] == "")
        assert ended(engine, engine.submit("steps", {"skill": "cup"})).state is JobState.DONE
    finally:
        engine.stop()


def test_a_second_engine_takes_over_when_the_first_ends(start: Start):
    first = start()
    job = ended(first, first.submit("steps", {"skill": "cup"}))
    second = start()
    assert second.problem
    assert second.jobs() == ()
    first.stop()
    until(lambda: not second.problem)
    assert second.jobs() == (job,)


def test_a_torn_record_is_left_out(start: Start, tmp_path: Path):
    engine = start()
    job = ended(engine, engine.submit("steps", {"skill": "cup"}))
    engine.stop()
    folder = tmp_path / ".training_manager" / "jobs"
    (folder / "torn.json").write_text('{"id": "torn"')
    (folder / "other.json").write_text(json.dumps({"id": "other", "colour": 1}))
    assert [known.id for known in start().jobs()] == [job.id]


ENGINE = """
import sys
from pathlib import Path
from training_manager_ros.jobs import JobEngine
engine = JobEngine(Path(sys.argv[1]), {"steps": "job_kinds:Steps"})
engine.start()
print(engine.submit("steps", {"skill": "cup", "holds": True, "steps": 3}).id, flush=True)
sys.stdin.read()
"""


def test_a_killed_engine_leaves_no_worker_and_its_job_is_taken_up_again(
    start: Start, tmp_path: Path
):
    (tmp_path / "hold").touch()
    command = [sys.executable, "-c", ENGINE, str(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    job_id = process.stdout.readline().strip()
    text = tmp_path / "cup.txt"
    until(lambda: text.exists() and text.read_text())
    worker = int(text.read_text().split()[0])
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    engine = start()
    until(lambda: engine.job(job_id).state is JobState.RUNNING)
    assert not alive(worker), "the old worker had the lock until it ended"
    (tmp_path / "hold").unlink()
    assert engine.wait(job_id, DEADLINE).state is JobState.DONE
