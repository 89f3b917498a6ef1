"""Uploads through real sockets, to a server that is sound."""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fault_server import FaultServer, ServerThread
from helpers import add_episode, metadata, on_disk, stored

from training_manager_ros.errors import (
    Cancelled,
    Conflict,
    InvalidInput,
    NotFound,
    Refused,
    TrainingManagerError,
    Unreadable,
)
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.control import Control
from training_manager_ros.training.ledger import locked
from training_manager_ros.training.progress import Progress
from training_manager_ros.training.transfer import TransferOptions
from training_manager_ros.training.upload_plan import plan_upload

MakeSkill = Callable[..., Path]
MakeClient = Callable[..., TrainingClient]


def test_everything_arrives_and_is_noted(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=30)
    (folder / "notes.txt").write_text("note")
    result = client.upload(folder)
    assert stored(server, result.skill_id) == on_disk(folder)
    assert len(result.sent) == 62
    assert result.episodes == 30
    assert metadata(folder)["training_skill_id"] == result.skill_id
    assert metadata(folder)["uploaded_episode_count"] == 30
    assert server.skills[result.skill_id]["name"] == "Pick cup"
    assert server.bad_authorization == []


def test_what_is_not_uploaded(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=1)
    for name in (
        "data/.episode_recording.h5.tmp",
        ".hidden",
        "data/.cache/file",
        "data/__pycache__/x.pyc",
        "server-skill.json.bak/inner",
        "raw_data/episode_0.h5",
        "12/model_step_1.pth",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not to be uploaded")
    result = client.upload(folder)
    assert set(stored(server, result.skill_id)) == {
        "data/dataset_metadata.json",
        "data/episode_0.h5",
        "data/episode_0_camera_1.mp4",
    }


@pytest.mark.parametrize("hashes", ["etag", "goog", "md5", "kms", "none"])
def test_the_same_again_costs_next_to_nothing(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, hashes: str
) -> None:
    server.faults.hashes = hashes
    folder = make_skill(episodes=40)
    client.upload(folder)
    before = metadata(folder)
    server.requests.clear()
    result = client.upload(folder)
    assert result.sent == ()
    assert result.unchanged == 81
    assert server.requests == {"GET call": 2}  # the skill, the list
    assert metadata(folder) == before


def test_a_changed_file_of_the_same_size_is_sent_alone(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=5)
    client.upload(folder)
    changed = folder / "data" / "episode_3.h5"
    changed.write_bytes(changed.read_bytes()[::-1])
    result = client.upload(folder)
    assert result.sent == ("data/episode_3.h5",)
    assert stored(server, result.skill_id) == on_disk(folder)


def test_a_touched_file_is_not_sent(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=5)
    client.upload(folder)
    os.utime(folder / "data" / "episode_3.h5", (1, 1))
    server.requests.clear()
    assert client.upload(folder).sent == ()
    assert client.upload(folder).sent == ()
    assert server.requests == {"GET call": 4}


def test_a_new_episode_is_sent_alone_with_the_index(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=5)
    client.upload(folder)
    name = add_episode(folder, b"new")
    result = client.upload(folder)
    assert result.sent == ("data/dataset_metadata.json", name)
    assert metadata(folder)["uploaded_episode_count"] == 6


def test_the_index_goes_last(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    client.upload(make_skill(episodes=20))
    assert list(server.puts)[-1].endswith("data/dataset_metadata.json")


def test_a_file_that_the_server_lost_is_sent_again(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    del server.objects[f"{skill_id}/data/episode_1.h5"]
    assert client.upload(folder).sent == ("data/episode_1.h5",)


@pytest.mark.parametrize(
    ("features", "seen"), [((), False), (("checksums",), True)], ids=["plain", "checksums"]
)
def test_a_file_that_somebody_else_replaced(
    client: TrainingClient,
    server: FaultServer,
    make_skill: MakeSkill,
    features: tuple[str, ...],
    seen: bool,
) -> None:
    """It is found where the server's list tells hashes; elsewhere nobody could see it."""
    server.faults.features = features
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    server._store(f"{skill_id}/data/episode_1.h5", b"x" * 1000)
    assert client.upload(folder).sent == (("data/episode_1.h5",) if seen else ())


@pytest.mark.parametrize("hashes", ["etag", "goog", "md5", "kms", "none"])
@pytest.mark.parametrize("head_status", [0, 403, 405])
def test_without_a_ledger_what_the_server_has_is_taken_over_by_its_hash(
    client: TrainingClient,
    server: FaultServer,
    make_skill: MakeSkill,
    hashes: str,
    head_status: int,
) -> None:
    folder = make_skill(episodes=3)
    skill_id = client.upload(folder).skill_id
    shutil.rmtree(folder / ".training_manager")
    server._store(f"{skill_id}/data/episode_1.h5", b"x" * 1000)  # same size, other content
    server.faults.hashes = hashes
    server.faults.head_status = head_status
    result = client.upload(folder)
    assert stored(server, skill_id) == on_disk(folder)
    has_hashes = hashes in ("etag", "goog") or (hashes == "md5" and not head_status)
    if has_hashes:
        assert result.sent == ("data/episode_1.h5",)
    else:
        assert len(result.sent) == 7


@pytest.mark.parametrize("hashes", ["etag", "none"])
def test_empty_files(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, hashes: str
) -> None:
    server.faults.hashes = hashes
    folder = make_skill(episodes=2, size=0)
    result = client.upload(folder)
    assert stored(server, result.skill_id) == on_disk(folder)


@pytest.mark.parametrize("status", [403, 404])
def test_a_stale_id_is_replaced(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, status: int
) -> None:
    server.faults.unknown_status = status
    folder = make_skill()
    first = client.upload(folder).skill_id
    del server.skills[first]
    result = client.upload(folder)
    assert result.skill_id != first
    assert metadata(folder)["training_skill_id"] == result.skill_id
    assert len(result.sent) == 7


def test_a_server_that_refuses_otherwise_replaces_no_id(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    server.faults.unknown_status = 409
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    del server.skills[skill_id]
    with pytest.raises(Refused, match="409"):
        client.upload(folder)
    assert metadata(folder)["training_skill_id"] == skill_id


def test_an_id_that_is_none_is_replaced(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    value = metadata(folder)
    (folder / "metadata.json").write_text(json.dumps({**value, "training_skill_id": "../runs"}))
    assert client.upload(folder).skill_id in server.skills


def test_the_legacy_id_moves_into_the_metadata(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    server.skills["old-id"] = {"skill_id": "old-id", "name": "Pick cup"}
    (folder / "server-skill.json").write_text('{"id": "old-id"}')
    assert client.upload(folder).skill_id == "old-id"
    assert metadata(folder)["training_skill_id"] == "old-id"
    assert not (folder / "server-skill.json").exists()


def test_a_renamed_skill_is_renamed_on_the_server(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    skill_id = client.upload(folder).skill_id
    (folder / "metadata.json").write_text(json.dumps({**metadata(folder), "name": "Lift cup"}))
    client.upload(folder)
    assert server.skills[skill_id]["name"] == "Lift cup"


def test_a_cleaned_copy_is_recognised_without_reading_it(
    client: TrainingClient,
    server: FaultServer,
    make_skill: MakeSkill,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = make_skill()
    client.upload(folder)
    copy = folder.with_name("pick-cup-clean")
    (copy / "data").mkdir(parents=True)
    fresh = {"name": "Pick cup clean", "type": "learned", "execution": {}}
    (copy / "metadata.json").write_text(json.dumps(fresh))
    for path in (folder / "data").iterdir():
        os.link(path, copy / "data" / path.name)
    with caplog.at_level(logging.INFO, "training_manager.training"):
        result = client.upload(copy)
    assert len(result.sent) == 7
    assert set(result.elsewhere) == set(result.sent)
    assert set(result.elsewhere.values()) == {"pick-cup"}
    assert "7 files are on the server as part of pick-cup too" in caplog.text


def test_no_recordings(client: TrainingClient, server: FaultServer, tmp_path: Path) -> None:
    folder = tmp_path / "wave"
    folder.mkdir()
    (folder / "metadata.json").write_text('{"name": "Wave", "type": "replay", "execution": {}}')
    with pytest.raises(InvalidInput, match="wave has no recordings"):
        client.upload(folder)
    assert server.calls == []


def test_no_skill(client: TrainingClient, server: FaultServer, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        client.upload(tmp_path / "nothing")
    assert server.calls == []


@pytest.mark.parametrize("index", ['{"episodes": [', '{"episodes": ' + "[" * 100_000])
def test_a_broken_index(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, index: str
) -> None:
    folder = make_skill()
    (folder / "data" / "dataset_metadata.json").write_text(index)
    with pytest.raises(Unreadable, match=r"dataset_metadata\.json"):
        client.upload(folder)
    assert server.calls == []


def test_an_index_that_is_being_written_is_waited_for(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    path = folder / "data" / "dataset_metadata.json"
    whole = path.read_text()
    path.write_text(whole[:50])
    timer = threading.Timer(0.3, path.write_text, [whole])
    timer.start()
    assert client.upload(folder).episodes == 3
    timer.join()


@pytest.mark.parametrize("kind", ["gone", "a link to elsewhere"])
def test_a_listed_file_that_is_missing(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, tmp_path: Path, kind: str
) -> None:
    """A list on the server that names what is not there would only fail when it is trained on."""
    folder = make_skill()
    path = folder / "data" / "episode_1.h5"
    path.unlink()
    if kind != "gone":
        (tmp_path / "elsewhere").write_bytes(b"x")
        path.symlink_to(tmp_path / "elsewhere")
    for attempt in (client.upload, lambda folder: plan_upload(folder, client.server_name)):
        with pytest.raises(
            InvalidInput, match=r"missing: data/episode_1\.h5\. Bring them back, or"
        ):
            attempt(folder)
    assert server.calls == []


@pytest.mark.parametrize("comes", [True, False])
def test_an_episode_that_is_listed_meanwhile_before_its_file_is_there(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, comes: bool
) -> None:
    folder = make_skill(episodes=10, size=100_000)
    server.faults.latency = 0.02
    path = folder / "data" / "episode_10.h5"
    late = threading.Timer(1.0, path.write_bytes, [b"recorded"])

    def record(progress: Progress) -> None:
        if progress.bytes_done and not late.is_alive() and not late.finished.is_set():
            add_episode(folder, b"recorded")
            path.unlink()
            late.start() if comes else late.cancel()

    if comes:
        assert client.upload(folder, report=record).episodes == 11
        assert stored(server, metadata(folder)["training_skill_id"]) == on_disk(folder)
    else:
        with pytest.raises(InvalidInput, match=r"files are missing: data/episode_10\.h5"):
            client.upload(folder, report=record)
        there = stored(server, metadata(folder)["training_skill_id"])
        assert len(there) == 20  # all but the list, which names what is not there
        assert "uploaded_episode_count" not in metadata(folder)


@pytest.mark.parametrize(
    "entry",
    [None, 5, {}, {"file_name": ""}, {"file_name": 1}, {"file_name": "a", "video_files": 1}],
)
def test_an_entry_that_is_no_episode(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill, entry: object
) -> None:
    folder = make_skill()
    path = folder / "data" / "dataset_metadata.json"
    index = json.loads(path.read_text())
    index["episodes"].append(entry)
    path.write_text(json.dumps(index))
    for attempt in (client.upload, lambda folder: plan_upload(folder, client.server_name)):
        with pytest.raises(
            Unreadable, match=r"entry 3 of data/dataset_metadata\.json is no episode"
        ):
            attempt(folder)
    assert server.calls == []


def test_what_is_odd_about_the_recordings_is_told(
    client: TrainingClient, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=2)
    (folder / "data" / "episode_7.h5").write_bytes(b"not in the list")
    result = client.upload(folder)
    assert "data/episode_7.h5" in result.sent
    assert any("not in the list of episodes: episode_7.h5" in words for words in result.problems)


def test_what_is_only_on_the_server_is_reported(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    (folder / "notes.txt").write_text("note")
    client.upload(folder)
    (folder / "notes.txt").unlink()
    assert client.upload(folder).only_on_server == ("notes.txt",)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named_and_the_others_arrive(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    (folder / "data" / "episode_1.h5").chmod(0)
    with pytest.raises(TrainingManagerError, match=r"data/episode_1\.h5: it can't be read"):
        client.upload(folder)
    assert len(server.objects) == 5  # all but that one and the index


def test_a_name_that_cannot_be_sent(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    (folder / "data" / os.fsdecode(b"episode_\xff.h5")).write_bytes(b"x")
    with pytest.raises(Unreadable, match="rename the file"):
        client.upload(folder)


def test_two_uploads_of_a_skill_at_once(client: TrainingClient, make_skill: MakeSkill) -> None:
    folder = make_skill()
    with locked(folder, "upload"), pytest.raises(Conflict, match="running already"):
        client.upload(folder)
    client.upload(folder)


def test_two_skills_at_once(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folders = [make_skill(name, episodes=20) for name in ("one", "two")]
    threads = [threading.Thread(target=client.upload, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for folder in folders:
        assert stored(server, metadata(folder)["training_skill_id"]) == on_disk(folder)


def test_an_episode_recorded_meanwhile_is_uploaded_too(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=10, size=100_000)
    server.faults.latency = 0.02
    recorded: list[str] = []

    def record(progress: Progress) -> None:
        if progress.bytes_done and not recorded:
            recorded.append(add_episode(folder, b"recorded meanwhile"))

    result = client.upload(folder, report=record)
    assert recorded
    assert recorded[0] in result.sent
    assert result.episodes == 11
    assert stored(server, result.skill_id) == on_disk(folder)


def test_a_file_that_changes_while_it_is_sent_arrives_as_it_is_in_the_end(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=2, size=4_000_000)
    server.faults.rate = 8e6
    path = folder / "data" / "episode_1.h5"
    changed = threading.Event()

    def change(progress: Progress) -> None:
        if progress.bytes_done and not changed.is_set():
            changed.set()
            path.write_bytes(b"changed" * 500_000)

    result = client.upload(folder, report=change)
    assert changed.is_set()
    assert stored(server, result.skill_id) == on_disk(folder)


def test_cancelling_is_quick_and_goes_on_later(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=4, size=1_000_000)
    server.faults.rate = 1e6
    control = Control()
    asked: list[float] = []

    def cancel(progress: Progress) -> None:
        if progress.bytes_done > 2_000_000 and not asked:
            asked.append(time.monotonic())
            control.cancel()

    with pytest.raises(Cancelled):
        client.upload(folder, control=control, report=cancel)
    assert time.monotonic() - asked[0] < 1
    assert "uploaded_episode_count" not in metadata(folder)
    server.faults.rate = 0
    result = client.upload(folder)
    assert stored(server, result.skill_id) == on_disk(folder)


def test_cancelled_before_it_began(client: TrainingClient, make_skill: MakeSkill) -> None:
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        client.upload(make_skill(), control=control)


def test_a_pause_holds_everything_still(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=3, size=1_500_000)
    control = Control()
    done: list[int] = []  # bytes, at each report
    paused_at: list[int] = []

    def watch(progress: Progress) -> None:
        done.append(progress.bytes_done)
        if progress.bytes_done and not paused_at:
            paused_at.append(progress.bytes_done)
            control.pause()
            threading.Thread(target=resume_when_still).start()

    def resume_when_still() -> None:
        seen = -1
        while seen != done[-1]:
            seen = done[-1]
            time.sleep(1)
        paused_at.append(seen)
        control.resume()

    # The pace is the client's own here: the system's buffers would take it all at once.
    options = TransferOptions(bytes_per_second=4e6, timeout=30)
    result = client.upload(folder, control=control, report=watch, options=options)
    assert stored(server, result.skill_id) == on_disk(folder)
    before, after = paused_at
    assert after - before <= 8 * 256 * 1024  # what was on its way already


def test_addresses_that_expire_during_a_pause(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=20, size=50_000)
    server.faults.url_life = 0.5
    control = Control()
    paused: list[threading.Timer] = []

    def pause(progress: Progress) -> None:
        if progress.items_done and not paused:
            control.pause()
            paused.append(threading.Timer(1.0, control.resume))
            paused[0].start()

    options = TransferOptions(bytes_per_second=1e6, timeout=30)
    result = client.upload(folder, control=control, report=pause, options=options)
    assert paused
    assert stored(server, result.skill_id) == on_disk(folder)


def test_the_rate_limit_holds(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=2, size=500_000)
    started = time.monotonic()
    client.upload(folder, options=TransferOptions(bytes_per_second=2e6))
    assert time.monotonic() - started >= 0.7  # 2 MB, less one block of each of the four


def test_progress_adds_up_and_comes_at_most_five_times_a_second(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill(episodes=4, size=500_000)
    reports: list[tuple[float, Progress]] = []
    client.upload(
        folder,
        report=lambda p: reports.append((time.monotonic(), p)),
        options=TransferOptions(bytes_per_second=2e6),
    )
    last = reports[-1][1]
    size = sum(len(content) for content in on_disk(folder).values())
    assert (last.bytes_done, last.bytes_total) == (size, size)
    assert (last.items_done, last.items_total) == (9, 9)
    assert last.stage == "done"
    assert all(p.bytes_done <= p.bytes_total for _, p in reports)
    assert any(p.rate > 0 and p.seconds_left for _, p in reports)
    times = [at for at, _ in reports]
    for first, sixth in zip(times, times[5:], strict=False):
        assert sixth - first >= 0.95


def test_many_at_once_but_not_too_many(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    server.faults.latency = 0.02
    client.upload(make_skill(episodes=40))
    assert 4 <= server.most_in_flight <= 9  # eight files and a call


def test_addresses_are_asked_for_in_batches(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    client.upload(make_skill(episodes=100))
    asked = sum(1 for method, path in server.calls if path.endswith("/files"))
    assert asked <= 2 * 201 / 25  # half full on average, where the server is slow to answer


def test_a_folder_that_cannot_be_written(
    client: TrainingClient, thread: ServerThread, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    (folder / ".training_manager").write_text("a file is in the way")
    with pytest.raises(TrainingManagerError, match="can't be written"):
        client.upload(folder)
