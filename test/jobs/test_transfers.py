"""Uploads and downloads as jobs, in worker processes, against a server that fails as it is told."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pytest

from training_manager_ros.errors import Conflict, InvalidInput, NotFound, NotSignedIn
from training_manager_ros.jobs import Control, Job, JobEngine, JobState
from training_manager_ros.jobs.kinds import KINDS
from training_manager_ros.jobs.kinds.upload import UploadSkill
from training_manager_ros.training.results import Results, note_owner

sys.path.insert(0, str(Path(__file__).parents[1] / "training" / "support"))
from fault_server import KEY, PIECE, FaultServer, ServerThread

DEADLINE = 30.0
UPLOAD = {"skill": "pick"}


@pytest.fixture
def thread() -> Iterator[ServerThread]:
    thread = ServerThread()
    yield thread
    thread.close()


@pytest.fixture
def server(thread: ServerThread, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FaultServer:
    """Known to this process and its children by the environment alone."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TRAINING_SERVER_URL", thread.server.url)
    monkeypatch.setenv("INNATE_AUTH_ISSUER_URL", thread.server.issuer)
    monkeypatch.setenv("INNATE_SERVICE_KEY", KEY)
    return thread.server


def write_h5(path: Path, seed: int) -> None:
    """A recording of four timesteps and some 50 kB."""
    with h5py.File(path, "w") as file:
        file["action"] = np.random.default_rng(seed).random((4, 1500))


def mp4(seed: int) -> bytes:
    """A video of four frames and, in a box that players skip, enough to make it 50 kB."""
    made = BytesIO()
    with av.open(made, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(4):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    filling = random.Random(seed).randbytes(50_000)
    return made.getvalue() + (len(filling) + 8).to_bytes(4, "big") + b"free" + filling


@pytest.fixture
def skills(tmp_path: Path) -> Path:
    data = tmp_path / "skills" / "pick" / "data"
    data.mkdir(parents=True)
    (data.parent / "metadata.json").write_text('{"name": "Pick", "type": "learned"}\n')
    listed = []
    for number in range(20):
        names = [f"episode_{number}.h5", f"episode_{number}_camera_1.mp4"]
        write_h5(data / names[0], seed=number)
        (data / names[1]).write_bytes(mp4(seed=number))
        listed.append({"episode_id": number, "file_name": names[0], "video_files": names[1:]})
    index = {"data_frequency": 30, "dataset_type": "h264", "number_of_episodes": 20}
    (data / "dataset_metadata.json").write_text(json.dumps({**index, "episodes": listed}))
    return tmp_path / "skills"


@pytest.fixture
def engine(server: FaultServer, skills: Path) -> Iterator[JobEngine]:
    engine = JobEngine(skills, KINDS)
    engine.start()
    yield engine
    engine.stop()


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return value


def done(engine: JobEngine, job: Job) -> Job:
    job = engine.wait(job.id, DEADLINE)
    assert job.state is JobState.DONE, job
    return job


def object_bytes(server: FaultServer) -> int:
    return sum(stored.size for stored in server.objects.values())


def test_upload_then_nothing_then_one_file(
    engine: JobEngine, server: FaultServer, skills: Path
) -> None:
    first = done(engine, engine.submit("upload_skill", UPLOAD))
    assert (first.result["episodes"], first.result["files"]) == (20, 41)
    assert first.result["bytes"] == object_bytes(server)
    assert (first.progress.bytes_done, first.progress.items_done) == (first.result["bytes"], 41)
    assert first.pausable
    assert done(engine, engine.submit("upload_skill", UPLOAD)).result["files"] == 0
    write_h5(skills / "pick" / "data" / "episode_3.h5", seed=99)
    third = done(engine, engine.submit("upload_skill", {**UPLOAD, "raw": True}))
    assert (third.result["files"], third.result["unchanged"]) == (1, 40)


def test_a_paused_upload_holds_still_and_goes_on(engine: JobEngine, server: FaultServer) -> None:
    server.faults.rate = 300_000  # on each connection
    job = engine.submit("upload_skill", UPLOAD)
    until(lambda: engine.job(job.id).progress.bytes_done > 0)
    assert until(lambda: engine.job(job.id).rate) > 0
    assert 0 < until(lambda: engine.job(job.id).progress.fraction) < 1
    engine.pause(job.id, True)

    def still() -> bool:
        before = server.puts.total()
        time.sleep(0.5)  # what was on its way has arrived long before
        return server.puts.total() == before

    until(still)
    assert server.puts.total() < 41
    assert engine.job(job.id).paused
    engine.pause(job.id, False)
    server.faults.rate = 0
    assert done(engine, job).result["files"] == 41


def test_a_rate_limit_is_kept(engine: JobEngine, server: FaultServer) -> None:
    started = time.monotonic()
    job = engine.submit("upload_skill", {**UPLOAD, "bytes_per_second": 1_000_000})
    done(engine, job)
    assert time.monotonic() - started >= object_bytes(server) / 1_000_000 * 0.9


def test_a_cancelled_upload_ends_soon_and_the_next_one_goes_on(
    engine: JobEngine, server: FaultServer
) -> None:
    server.faults.rate = 300_000
    job = engine.submit("upload_skill", UPLOAD)
    until(lambda: len(server.objects) >= 5)
    started = time.monotonic()
    engine.cancel(job.id)
    assert engine.wait(job.id, DEADLINE).state is JobState.CANCELLED
    assert time.monotonic() - started < 5
    sent = len(server.objects)
    server.faults.rate = 0
    again = done(engine, engine.submit("upload_skill", UPLOAD))
    assert again.result["files"] <= 41 - sent + 1


def test_an_engine_that_stops_goes_on_at_its_next_start(
    engine: JobEngine, server: FaultServer, skills: Path
) -> None:
    server.faults.rate = 300_000
    job = engine.submit("upload_skill", UPLOAD)
    until(lambda: len(server.objects) >= 5)
    engine.stop()
    sent = server.puts.total()
    server.faults.rate = 0
    again = JobEngine(skills, KINDS)
    again.start()
    assert done(again, job).result["episodes"] == 20
    again.stop()
    assert server.puts.total() <= 41 + 8  # none twice but those that were under way
    assert sent < 41


@pytest.mark.parametrize("how", ["its standard input is closed", "kill -9"])
def test_a_download_goes_on_in_the_middle_of_a_file_after_the_node_died(
    engine: JobEngine, server: FaultServer, skills: Path, how: str
) -> None:
    done(engine, engine.submit("upload_skill", UPLOAD))
    (skill_id,) = server.skills
    content = os.urandom(8_000_000)
    server.runs[skill_id, 1] = {"skill_id": skill_id, "run_id": 1, "status": "done"}
    server.add_result(skill_id, 1, "policy_step_9.pth", content)
    wanted = {"skill": "pick", "run_id": 1}
    part = Results.read(skills / "pick", 1, skill_id).part("policy_step_9.pth")
    server.faults.rate = 4e6
    order = {"entry": KINDS["download_run"], "skills_dir": str(skills), "arguments": wanted}
    command = [sys.executable, "-m", "training_manager_ros.jobs.worker"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as worker:  # type: ignore[call-overload]
        worker.stdin.write(json.dumps(order) + "\n")
        worker.stdin.flush()
        until(lambda: part.is_file() and part.stat().st_size > 2_000_000)
        if how == "kill -9":
            worker.kill()
        else:
            worker.stdin.close()
        worker.wait(DEADLINE)
    there = part.stat().st_size
    server.faults.rate = 0
    server.sent.clear()
    assert done(engine, engine.submit("download_run", wanted)).result["fetched"] == 1
    # The server may have given one piece to a socket that was dead.
    assert len(content) - there <= server.sent.total() <= len(content) - there + PIECE
    assert (skills / "pick" / "1" / "policy_step_9.pth").read_bytes() == content


def test_a_copied_skill_is_refused_unless_it_is_to_be_one_of_its_own(
    engine: JobEngine, server: FaultServer, skills: Path
) -> None:
    done(engine, engine.submit("upload_skill", UPLOAD))
    shutil.copytree(skills / "pick", skills / "copy")
    with pytest.raises(Conflict, match="copy is a copy of pick"):
        engine.submit("upload_skill", {"skill": "copy"})
    again = done(engine, engine.submit("upload_skill", {"skill": "copy", "as_new": True}))
    assert (again.result["episodes"], again.result["elsewhere"]) == (20, {"pick": 41})
    assert len(server.skills) == 2
    assert done(engine, engine.submit("upload_skill", {"skill": "copy"})).result["files"] == 0


def test_a_download_in_place_of_what_the_robot_uses_is_refused_at_once(
    engine: JobEngine, server: FaultServer, skills: Path
) -> None:
    done(engine, engine.submit("upload_skill", UPLOAD))
    (skills / "pick" / "1").mkdir()
    note_owner(skills / "pick", "a-former-id")
    path = skills / "pick" / "metadata.json"
    execution = {"checkpoint": "1/policy_step_9.pth", "stats_file": "1/stats.pt"}
    path.write_text(json.dumps({**json.loads(path.read_text()), "execution": execution}))
    with pytest.raises(Conflict, match="of a former run 1"):
        engine.submit("download_run", {"skill": "pick", "run_id": 1})


def test_download(engine: JobEngine, server: FaultServer, skills: Path) -> None:
    done(engine, engine.submit("upload_skill", UPLOAD))
    (skill_id,) = server.skills
    server.runs[skill_id, 1] = {"skill_id": skill_id, "run_id": 1, "status": "done"}
    wanted = {"skill": "pick", "run_id": 1}
    empty = engine.wait(engine.submit("download_run", wanted).id, DEADLINE)
    assert empty.state is JobState.FAILED
    assert "has left no files" in empty.message
    server.add_result(skill_id, 1, "a/policy_step_9.pth", os.urandom(100_000))
    server.add_result(skill_id, 1, ".hidden/x", b"x")
    job = done(engine, engine.submit("download_run", wanted))
    assert (job.result["files"], list(job.result["skipped"])) == (1, [".hidden/x"])
    assert (skills / "pick" / "1" / "a" / "policy_step_9.pth").stat().st_size == 100_000
    assert server.runs[skill_id, 1]["status"] == "downloaded"
    assert done(engine, engine.submit("download_run", wanted)).result["fetched"] == 0


@pytest.mark.parametrize(
    ("kind", "arguments", "field"),
    [
        ("upload_skill", {}, "skill"),
        ("upload_skill", {"skill": "pick", "server": "http://evil"}, "server"),
        ("upload_skill", {"skill": "pick", "raw": 1}, "raw"),
        ("upload_skill", {"skill": "pick", "as_new": 1}, "as_new"),
        ("upload_skill", {"skill": "pick", "bytes_per_second": -1}, "bytes_per_second"),
        ("upload_skill", {"skill": "pick", "bytes_per_second": 5}, "bytes_per_second"),
        ("upload_skill", {"skill": "pick", "bytes_per_second": float("inf")}, "bytes_per_second"),
        ("download_run", {"skill": "pick"}, "run_id"),
        ("download_run", {"skill": "pick", "run_id": "1"}, "run_id"),
        ("download_run", {"skill": "pick", "run_id": True}, "run_id"),
    ],
)
def test_wrong_arguments_are_named(
    engine: JobEngine, kind: str, arguments: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        engine.submit(kind, arguments)
    assert list(error.value.fields) == [field]


def test_what_cannot_work_is_refused_at_once(
    engine: JobEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound, match="upload it first"):
        engine.submit("download_run", {"skill": "pick", "run_id": 1})
    with pytest.raises(NotFound):
        engine.submit("upload_skill", {"skill": "none"})
    monkeypatch.delenv("INNATE_SERVICE_KEY")
    with pytest.raises(NotSignedIn, match="no service key"):
        engine.submit("upload_skill", UPLOAD)


def test_the_key_can_be_in_the_file(
    engine: JobEngine, server: FaultServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("INNATE_SERVICE_KEY")
    file = tmp_path / "config" / "training_manager" / "server.env"
    file.parent.mkdir(parents=True)
    file.touch(0o600)
    file.write_text(f"INNATE_SERVICE_KEY={KEY}\n")
    assert done(engine, engine.submit("upload_skill", UPLOAD)).result["episodes"] == 20
    file.chmod(0o644)
    with pytest.raises(InvalidInput, match="chmod 600"):
        engine.submit("upload_skill", UPLOAD)


@pytest.mark.parametrize("version", ["v2", "v3"])
@pytest.mark.parametrize("ending", ["parquet", "mp4"])
def test_a_lerobot_dataset_without_a_file_of_an_episode(
    server: FaultServer, copy_sample: Callable[[str], Path], version: str, ending: str
) -> None:
    names = {"v2": "sort-fruit", "v3": "wipe-table"}
    folder = copy_sample(names[version])
    kind = UploadSkill(folder.parent)
    pattern = {"parquet": "data/**/*.parquet", "mp4": "videos/**/*.mp4"}[ending]
    next((folder / "data").glob(pattern)).unlink()
    with pytest.raises(InvalidInput, match="can't be uploaded whole"):
        kind.run({"skill": folder.name}, Control())
    assert server.calls == []


@pytest.mark.parametrize("name", ["episode_3.h5", "episode_3_camera_1.mp4"])
def test_a_damaged_file_does_not_take_the_place_of_a_good_one(
    server: FaultServer, skills: Path, name: str
) -> None:
    kind = UploadSkill(skills)
    kind.run(UPLOAD, Control())
    before = {key: stored.data for key, stored in server.objects.items()}
    (skills / "pick" / "data" / name).write_bytes(b"damaged")
    with pytest.raises(InvalidInput, match=f"episode 3: {name}"):
        kind.run(UPLOAD, Control())
    assert {key: stored.data for key, stored in server.objects.items()} == before


def test_raw_images_are_converted_on_the_way_unless_asked_otherwise(
    server: FaultServer, copy_sample: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_sample("pick-up-cup")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent.parent / "cache"))
    raw_sizes = {path.name: path.stat().st_size for path in (folder / "data").glob("*.h5")}
    engine = JobEngine(folder.parent, KINDS)
    engine.start()
    try:
        raw = engine.submit("upload_skill", {"skill": folder.name, "raw": True})
        assert (raw.reads, raw.writes) == ((folder.name,), ())
        done(engine, raw)
        (skill_id,) = server.skills
        assert server.objects[f"{skill_id}/data/episode_0.h5"].size == raw_sizes["episode_0.h5"]
        job = engine.submit("upload_skill", {"skill": folder.name})
        assert (job.reads, job.writes) == ((), (folder.name,))
        result = done(engine, job).result
    finally:
        engine.stop()
    names = {key.removeprefix(f"{skill_id}/") for key in server.objects}
    assert {f"data/{path.name}" for path in (folder / "data").glob("*.mp4")} <= names
    for path in (folder / "data").iterdir():
        if path.is_file():
            assert server.objects[f"{skill_id}/data/{path.name}"].data == path.read_bytes()
    for name, size in raw_sizes.items():
        assert (folder / "raw_data" / name).stat().st_size == size
        assert (folder / "data" / name).stat().st_size < size
    index = json.loads(server.objects[f"{skill_id}/data/dataset_metadata.json"].data)
    assert all(episode["video_files"] for episode in index["episodes"])
    assert result["episodes"] == len(raw_sizes)
