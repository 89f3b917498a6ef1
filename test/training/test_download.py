"""Downloads through real sockets: sound servers, failing ones, and hostile ones."""

from __future__ import annotations

import json
import random
import resource
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backports import zstd
from fault_server import FaultServer, ServerThread

from training_manager_ros.errors import (
    Cancelled,
    Conflict,
    NotFound,
    Refused,
    TrainingManagerError,
    Unavailable,
)
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.control import Control
from training_manager_ros.training.download_file import BLOCK
from training_manager_ros.training.ledger import locked
from training_manager_ros.training.pauses import Pauses
from training_manager_ros.training.progress import Progress
from training_manager_ros.training.results import LocalState, Results
from training_manager_ros.training.transfer import TransferOptions

MakeSkill = Callable[..., Path]
MakeClient = Callable[..., TrainingClient]
SKILL = "skill-id"
FEW = Pauses(first=0.01, most=0.02, attempts=3)


def put_run(server: FaultServer, files: dict[str, bytes], status: str = "done") -> None:
    server.skills[SKILL] = {"skill_id": SKILL, "name": "Skill"}
    server.runs[SKILL, 7] = {"skill_id": SKILL, "run_id": 7, "status": status}
    for name, content in files.items():
        server.add_result(SKILL, 7, name, content)


def usual(size: int = 200_000) -> dict[str, bytes]:
    source = random.Random(1)
    return {
        "checkpoints/act_step_100.pth": source.randbytes(size),
        "checkpoints/act_step_200.pth": source.randbytes(size),
        "dataset_stats.pt": source.randbytes(1000),
        "log.txt": b"",
    }


def here(folder: Path) -> dict[str, bytes]:
    run = folder / "7"
    return {p.relative_to(run).as_posix(): p.read_bytes() for p in run.rglob("*") if p.is_file()}


def test_everything_arrives(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    put_run(server, usual())
    result = client.download(folder, SKILL, 7)
    assert here(folder) == usual()
    assert set(result.fetched) == set(usual())
    assert result.run.status == server.runs[SKILL, 7]["status"] == "downloaded"
    assert Results.read(folder, 7, SKILL).state is LocalState.WHOLE
    assert server.bad_authorization == []


def test_packed_files_are_unpacked(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    packed = {f"{name}.zst": zstd.compress(content) for name, content in usual().items()}
    put_run(server, packed)
    client.download(folder, SKILL, 7)
    assert here(folder) == usual()


def test_the_same_again_costs_next_to_nothing(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    put_run(server, usual())
    client.download(folder, SKILL, 7)
    server.requests.clear()
    result = client.download(folder, SKILL, 7)
    assert (result.fetched, result.unchanged) == ((), 4)
    assert server.requests == {"GET call": 2}


def test_a_file_that_was_lost_or_changed_here_comes_again(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    put_run(server, usual())
    client.download(folder, SKILL, 7)
    (folder / "7" / "log.txt").unlink()
    (folder / "7" / "dataset_stats.pt").write_bytes(b"changed")
    assert Results.read(folder, 7, SKILL).state is LocalState.PARTIAL
    assert client.download(folder, SKILL, 7).fetched == ("dataset_stats.pt", "log.txt")
    assert here(folder) == usual()


def test_a_run_whose_folder_is_no_folder_any_more(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    put_run(server, usual())
    client.download(folder, SKILL, 7)
    shutil.rmtree(folder / "7")
    (folder / "7").write_bytes(b"")
    assert Results.read(folder, 7, SKILL).state is LocalState.UNKNOWN


@pytest.mark.parametrize("hashes", ["etag", "none"])
def test_a_run_that_goes_on_is_not_called_downloaded(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, hashes: str
) -> None:
    server.faults.hashes = hashes
    folder = make_skill()
    put_run(server, usual(), status="running")
    client.download(folder, SKILL, 7)
    assert server.runs[SKILL, 7]["status"] == "running"
    changed = {**usual(), "log.txt": b"more", "checkpoints/act_step_300.pth": b"new"}
    put_run(server, changed, status="done")
    result = client.download(folder, SKILL, 7)
    assert here(folder) == changed
    assert server.runs[SKILL, 7]["status"] == "downloaded"
    if hashes == "etag":
        assert set(result.fetched) == {"log.txt", "checkpoints/act_step_300.pth"}


@pytest.mark.parametrize("hashes", ["etag", "none"])
def test_a_file_that_grows_while_the_run_goes_on(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, hashes: str
) -> None:
    """What was told of it before is out of date when it is fetched; that is no damage."""
    server.faults.hashes = hashes
    folder = make_skill()
    put_run(server, {"log.txt": b"one line\n"}, status="running")
    server.after_head = lambda: server.add_result(SKILL, 7, "log.txt", b"two\nlines\n")
    client.download(folder, SKILL, 7)
    assert here(folder) == {"log.txt": b"two\nlines\n"}


@pytest.mark.parametrize("files", [{}, {".hidden": b"x"}], ids=["none", "hidden"])
def test_a_run_without_files_is_an_error(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, files: dict[str, bytes]
) -> None:
    put_run(server, files)
    server.runs[SKILL, 7]["error_message"] = "out of memory"
    with pytest.raises(NotFound, match="has left no files: out of memory"):
        client.download(make_skill(), SKILL, 7)
    assert server.runs[SKILL, 7]["status"] == "done"


def test_a_run_that_does_not_exist(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    put_run(server, {})
    with pytest.raises(NotFound):
        client.download(make_skill(), SKILL, 8)


@pytest.mark.parametrize(
    "name", ["../escape", "a/../../escape", "/etc/escape", "C:/escape", "a\\b", "a\0b", "x" * 300]
)
def test_names_that_climb_out_write_nothing(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, name: str, tmp_path: Path
) -> None:
    folder = make_skill()
    put_run(server, {"good.pth": b"x", name: b"y"})
    with pytest.raises(Refused, match="list of files has the name"):
        client.download(folder, SKILL, 7)
    assert not (folder / "7").exists()
    assert not list(tmp_path.rglob("*escape*"))


def test_a_link_that_leads_out_is_not_followed(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, tmp_path: Path
) -> None:
    folder = make_skill()
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "7").mkdir()
    (folder / "7" / "checkpoints").symlink_to(outside)
    put_run(server, {"checkpoints/deep/er/x.pth": b"x"})
    with pytest.raises(TrainingManagerError, match="is a link, which is not followed"):
        client.download(folder, SKILL, 7)
    assert not list(outside.iterdir())


def test_hidden_files_are_skipped_and_said(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    put_run(server, {**usual(), ".hydra/config.yaml": b"x"})
    result = client.download(folder, SKILL, 7)
    assert result.skipped == {".hydra/config.yaml": "hidden"}
    assert here(folder) == usual()


@pytest.mark.parametrize("hashes", ["etag", "none"])
@pytest.mark.parametrize(
    "faults",
    [
        {"busy_calls": 3},
        {"busy_gets": 2},
        {"reset_gets": 6},
        {"reset_gets": 6, "ranges": False},
        {"reset_gets": 6, "validators": False},
        {"token_calls": 5},
        {"url_life": 1.0, "rate": 2e5},
        {"head_status": 403},
        {"head_status": 503},
    ],
    ids=str,
)
def test_it_ends_whole(
    client: TrainingClient,
    server: FaultServer,
    make_skill: MakeSkill,
    faults: dict[str, Any],
    hashes: str,
) -> None:
    server.faults.hashes = hashes
    for name, value in faults.items():
        setattr(server.faults, name, value)
    folder = make_skill()
    files = usual() | {f"more/{n}.bin": bytes([n]) * 1000 for n in range(20)}
    put_run(server, files)
    client.download(folder, SKILL, 7)
    assert here(folder) == files
    assert server.runs[SKILL, 7]["status"] == "downloaded"


def test_what_has_arrived_is_not_asked_for_again(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    content = random.Random(2).randbytes(4_000_000)
    put_run(server, {"model_step_1.pth": content})
    server.faults.reset_gets = 3
    client.download(folder, SKILL, 7)
    assert here(folder)["model_step_1.pth"] == content
    assert server.sent[f"{SKILL}/7/model_step_1.pth"] < 5_500_000


def test_a_line_that_breaks_often_is_good_enough_as_long_as_it_brings_something(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    content = random.Random(2).randbytes(1_000_000)
    put_run(server, {"model_step_1.pth": content})
    server.faults.reset_gets = 9
    client.download(folder, SKILL, 7, options=TransferOptions(pauses=FEW))
    assert server.faults.reset_gets == 0
    assert here(folder)["model_step_1.pth"] == content


@pytest.mark.parametrize("hashes", ["etag", "goog", "md5"])
def test_a_file_damaged_on_the_way_comes_again(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, hashes: str
) -> None:
    server.faults.hashes = hashes
    server.faults.corrupt_gets = 2
    folder = make_skill()
    put_run(server, usual())
    client.download(folder, SKILL, 7)
    assert here(folder) == usual()


@pytest.mark.parametrize("hashes", ["etag", "none"])
def test_a_file_that_arrives_too_short_comes_again(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, hashes: str
) -> None:
    server.faults.hashes = hashes
    server.faults.short_gets = 2
    folder = make_skill()
    put_run(server, usual())
    client.download(folder, SKILL, 7)
    assert here(folder) == usual()


@pytest.mark.parametrize("fault", ["corrupt_gets", "short_gets"])
def test_a_way_that_always_damages(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, fault: str
) -> None:
    setattr(server.faults, fault, 10_000)
    folder = make_skill()
    put_run(server, usual())
    with pytest.raises(Unavailable, match=r"(act_step|stats)\S+: .* damages data"):
        client.download(folder, SKILL, 7)
    assert server.runs[SKILL, 7]["status"] == "done"
    assert set(here(folder)) <= {"log.txt"}  # an empty file can't be damaged


@pytest.mark.parametrize("hashes", ["etag", "none"])
@pytest.mark.parametrize("damage", ["cut", "garbage"])
def test_a_packed_file_that_the_run_left_broken(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, hashes: str, damage: str
) -> None:
    server.faults.hashes = hashes
    packed = zstd.compress(random.Random(3).randbytes(100_000))
    broken = packed[:-10] if damage == "cut" else b"garbage" * 100
    folder = make_skill()
    put_run(server, {"good.txt": b"good", "model_step_1.pth.zst": broken})
    with pytest.raises(TrainingManagerError, match=r"model_step_1\.pth\.zst: "):
        client.download(folder, SKILL, 7)
    assert here(folder) == {"good.txt": b"good"}
    assert server.runs[SKILL, 7]["status"] == "done"


def test_a_stalled_transfer_goes_on_from_where_it_was(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    server.faults.stall_gets = 2
    folder = make_skill()
    put_run(server, usual())
    options = TransferOptions(pauses=Pauses(first=0.01), timeout=0.5)
    client.download(folder, SKILL, 7, options=options)
    assert here(folder) == usual()


def test_a_server_that_is_restarted(
    client: TrainingClient, thread: ServerThread, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    files = usual(2_000_000)
    put_run(thread.server, files)
    thread.server.faults.rate = 1e6
    restarts: list[threading.Thread] = []

    def restart() -> None:
        thread.stop()
        time.sleep(0.3)
        thread.start()

    def watch(progress: Progress) -> None:
        if progress.bytes_done > 300_000 and not restarts:
            restarts.append(threading.Thread(target=restart))
            restarts[0].start()

    options = TransferOptions(pauses=Pauses(first=0.05, most=0.5, attempts=10))
    client.download(folder, SKILL, 7, report=watch, options=options)
    restarts[0].join()
    assert thread.server.requests["GET store"] > 4
    assert here(folder) == files


def test_cancelling_is_quick_and_what_has_arrived_is_not_fetched_again(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    files = usual(4_000_000)
    put_run(server, files)
    server.faults.rate = 2e6
    control = Control()
    asked: list[float] = []

    def cancel(progress: Progress) -> None:
        if progress.bytes_done > 5_000_000 and not asked:
            asked.append(time.monotonic())
            control.cancel()

    with pytest.raises(Cancelled):
        client.download(folder, SKILL, 7, control=control, report=cancel)
    assert time.monotonic() - asked[0] < 10
    assert set(here(folder)) == {"dataset_stats.pt", "log.txt"}  # the others are under way
    assert server.runs[SKILL, 7]["status"] == "done"
    server.faults.rate = 0
    sent = server.sent.total()
    reports: list[Progress] = []
    client.download(folder, SKILL, 7, report=reports.append)
    assert here(folder) == files
    assert server.sent.total() - sent < 3_000_000 + 2 * BLOCK  # less than a block was lost of each
    size = sum(len(content) for content in files.values())
    assert (reports[-1].bytes_done, reports[-1].bytes_total) == (size - 1000, size - 1000)
    assert not Results.read(folder, 7, SKILL).parts.exists()


def cut_short(client: TrainingClient, folder: Path, at: int) -> None:
    """Download until so many bytes are here."""
    control = Control()
    with pytest.raises(Cancelled):
        client.download(
            folder,
            SKILL,
            7,
            control=control,
            report=lambda progress: control.cancel() if progress.bytes_done >= at else None,
        )


@pytest.mark.parametrize("if_range", [True, False])
def test_a_part_is_not_continued_with_another_file(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, if_range: bool
) -> None:
    """Also where the store does not heed If-Range and tells no hash that would show it."""
    server.faults.hashes = "kms"
    server.faults.if_range = if_range
    server.faults.rate = 4e6
    folder = make_skill()
    old, new = (random.Random(seed).randbytes(4_000_000) for seed in (1, 2))
    put_run(server, {"model_step_1.pth": old})
    cut_short(client, folder, 2_000_000)
    put_run(server, {"model_step_1.pth": new})
    server.faults.rate = 0
    client.download(folder, SKILL, 7)
    assert here(folder) == {"model_step_1.pth": new}


@pytest.mark.parametrize("changed", [False, True])
def test_a_part_that_is_all_of_a_file(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, changed: bool
) -> None:
    """It was interrupted before it was unpacked or moved to its place."""
    server.faults.hashes = "kms"
    server.faults.if_range = False
    folder = make_skill()
    content = random.Random(1).randbytes(100_000)
    put_run(server, {"model_step_1.pth": content})
    results = Results.read(folder, 7, SKILL)
    results.start()
    part = results.part("model_step_1.pth")
    part.write_bytes(content)
    tag = server._hash_headers(server.objects[f"{SKILL}/7/model_step_1.pth"])["ETag"]
    source = {"validator": tag, "size": len(content), "md5": None}
    part.with_suffix(".json").write_text(json.dumps(source))
    if changed:
        content = content[::-1]
        put_run(server, {"model_step_1.pth": content})
    client.download(folder, SKILL, 7)
    assert here(folder) == {"model_step_1.pth": content}
    assert (server.sent.total() == 1) is not changed


def test_a_part_that_is_as_long_as_another_file_by_now(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    server.faults.hashes = "kms"
    server.faults.if_range = False
    folder = make_skill()
    old, new = (random.Random(seed).randbytes(50_000) for seed in (1, 2))
    put_run(server, {"model_step_1.pth": new})
    results = Results.read(folder, 7, SKILL)
    results.start()
    part = results.part("model_step_1.pth")
    part.write_bytes(old)
    source = {"validator": '"old"', "size": 100_000, "md5": None}
    part.with_suffix(".json").write_text(json.dumps(source))
    client.download(folder, SKILL, 7)
    assert here(folder) == {"model_step_1.pth": new}


def test_a_file_that_can_not_be_written_whole(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    """What is full takes a part of the last block and says nothing; that is no whole file."""
    folder = make_skill()
    content = random.Random(1).randbytes(3 * BLOCK // 2)
    put_run(server, {"model_step_1.pth": content})
    soft, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5 * BLOCK // 4, most))
    try:
        with pytest.raises(TrainingManagerError, match="can't be written: File too large"):
            client.download(folder, SKILL, 7)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, most))
    assert here(folder) == {}
    server.sent.clear()
    client.download(folder, SKILL, 7)
    assert here(folder) == {"model_step_1.pth": content}
    assert server.sent.total() == len(content) - 5 * BLOCK // 4


@pytest.mark.test_server_alone("it does not lie about sizes")
def test_what_has_arrived_needs_no_more_room(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    put_run(server, {"model_step_1.pth": b"x"})
    server.faults.features = ("checksums",)
    size = shutil.disk_usage(folder).free + 10**9
    server.objects[f"{SKILL}/7/model_step_1.pth"].size = size
    with pytest.raises(TrainingManagerError, match="make room"):
        client.download(folder, SKILL, 7)
    results = Results.read(folder, 7, SKILL)
    results.start()
    with results.part("model_step_1.pth").open("wb") as part:
        part.truncate(2 * 10**9)
    with pytest.raises(Unavailable, match="bytes arrived of"):
        client.download(folder, SKILL, 7)


def test_addresses_that_expire_during_a_pause(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    files = {f"{number}.bin": bytes([number]) * 50_000 for number in range(40)}
    put_run(server, files)
    server.faults.url_life = 0.5
    control = Control()
    paused: list[threading.Timer] = []

    def pause(progress: Progress) -> None:
        if progress.items_done and not paused:
            control.pause()
            paused.append(threading.Timer(1.0, control.resume))
            paused[0].start()

    options = TransferOptions(bytes_per_second=1e6, timeout=30)
    client.download(folder, SKILL, 7, control=control, report=pause, options=options)
    assert paused
    assert here(folder) == files


def test_two_downloads_of_a_run_at_once(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    put_run(server, usual())
    with locked(folder, "download-7"), pytest.raises(Conflict, match="running already"):
        client.download(folder, SKILL, 7)


def test_progress_adds_up(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    put_run(server, usual())
    server.faults.reset_gets = 2
    server.faults.corrupt_gets = 1
    reports: list[Progress] = []
    client.download(folder, SKILL, 7, report=reports.append)
    size = sum(len(content) for content in usual().values())
    assert (reports[-1].bytes_done, reports[-1].bytes_total) == (size, size)
    assert (reports[-1].items_done, reports[-1].items_total) == (4, 4)


@pytest.mark.test_server_alone("it does not lie about sizes")
def test_a_full_disk(
    client: TrainingClient,
    server: FaultServer,
    make_skill: MakeSkill,
) -> None:
    folder = make_skill()
    put_run(server, usual())
    server.faults.features = ("checksums",)
    server.objects[f"{SKILL}/7/log.txt"].size = 10**15
    with pytest.raises(TrainingManagerError, match=r"need 1000000\.0 GB .* make room"):
        client.download(folder, SKILL, 7)
    assert here(folder) == {}


def test_sizes_and_hashes_that_the_list_tells(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    server.faults.features = ("checksums",)
    server.faults.hashes = "none"
    server.faults.corrupt_gets = 1
    put_run(server, usual())
    client.download(folder, SKILL, 7)
    assert here(folder) == usual()
    assert server.requests["HEAD store"] == 0
