"""Uploading while raw recordings are still being converted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from fault_server import FaultServer
from helpers import on_disk, stored

from training_manager_ros.errors import Cancelled, Unavailable, Unreadable
from training_manager_ros.training.client import TrainingClient
from training_manager_ros.training.control import Control
from training_manager_ros.training.progress import Progress

MakeSkill = Callable[..., Path]


class Converter:
    """Turns each raw episode into a smaller one with a video, as the real conversion does."""

    def __init__(self, folder: Path, seconds: float = 0.05, episodes: int = 3) -> None:
        self.folder = folder
        self.seconds = seconds
        self.raw = [f"data/episode_{n}.h5" for n in range(episodes)]
        self.began = threading.Event()
        self.ended: list[str] = []
        self.error: Exception | None = None

    def pending(self) -> Mapping[str, int]:
        return dict.fromkeys(self.raw, 300)

    def run(
        self, ready: Callable[[str], None], progress: Callable[[float], None], control: Control
    ) -> None:
        self.began.set()
        try:
            for number, name in enumerate(self.raw):
                deadline = time.monotonic() + self.seconds
                while time.monotonic() < deadline:
                    control.check()
                    time.sleep(0.005)
                if self.error is not None:
                    raise self.error
                path = self.folder / name
                video = path.with_name(f"{path.stem}_camera_2.mp4")
                video.write_bytes(b"video of " + path.read_bytes()[:100])
                path.write_bytes(b"stripped")
                for written in (name, f"data/{video.name}"):
                    threading.Thread(target=ready, args=(written,)).start()
                progress((number + 1) / len(self.raw))
            self.ended.append("whole")
        except BaseException as error:
            self.ended.append(type(error).__name__)
            raise


def test_what_is_converted_is_uploaded_and_nothing_raw(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    raw = (folder / "data" / "episode_0.h5").read_bytes()
    reports: list[Progress] = []
    converter = Converter(folder, seconds=0.4)
    result = client.upload(folder, conversion=converter, report=reports.append)
    assert stored(server, result.skill_id) == on_disk(folder)
    assert raw not in stored(server, result.skill_id).values()
    assert max(server.puts.values()) == 1
    meanwhile = [
        told for told in reports if told.stage.startswith(("converting (3", "converting (6"))
    ]
    assert meanwhile
    assert all(told.items_done < told.items_total for told in meanwhile)
    assert all(told.bytes_done < told.bytes_total for told in meanwhile)
    last = reports[-1]
    assert last.items_done == last.items_total == len(on_disk(folder))
    assert last.bytes_done == last.bytes_total
    assert client.upload(folder).sent == ()


def test_conversion_and_transfer_overlap(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    """What needs no conversion is on the server before the conversion ends."""
    folder = make_skill(episodes=2, size=1000)
    converter = Converter(folder, seconds=0.7, episodes=2)
    seen: list[int] = []

    def watch(progress: Progress) -> None:
        if not converter.ended:
            seen.append(len(server.puts))

    client.upload(folder, conversion=converter, report=watch)
    assert max(seen) >= 4  # both videos, and the first episode with its new video


def test_a_conversion_that_fails_fails_the_upload(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    converter = Converter(folder)
    converter.error = Unreadable("episode_0.h5 is broken")
    with pytest.raises(Unreadable, match=r"episode_0\.h5 is broken"):
        client.upload(folder, conversion=converter)
    skill_id = json.loads((folder / "metadata.json").read_text())["training_skill_id"]
    assert "data/dataset_metadata.json" not in stored(server, skill_id)


def test_cancelling_stops_the_conversion(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    converter = Converter(folder, seconds=30)
    control = Control()

    def cancel() -> None:
        converter.began.wait()
        control.cancel()

    threading.Thread(target=cancel).start()
    with pytest.raises(Cancelled):
        client.upload(folder, conversion=converter, control=control)
    assert converter.ended == ["Cancelled"]


def test_a_failed_transfer_stops_the_conversion(
    client: TrainingClient, server: FaultServer, make_skill: MakeSkill
) -> None:
    folder = make_skill()
    server.faults.corrupt_puts = 10_000
    converter = Converter(folder, seconds=30)
    with pytest.raises(Unavailable):
        client.upload(folder, conversion=converter)
    assert converter.ended == ["Cancelled"]
