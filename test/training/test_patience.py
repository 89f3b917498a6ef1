"""A minute without name resolution: waited for, by calls and by transfers, in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from fault_server import KEY, FaultServer
from helpers import metadata, on_disk, stored
from virtual_time import InMemory, in_virtual_time

from training_manager_ros.errors import Unavailable
from training_manager_ros.training.calls import Calls
from training_manager_ros.training.control import Control
from training_manager_ros.training.download import DownloadResult, download
from training_manager_ros.training.progress import Progress
from training_manager_ros.training.server import TrainingServer
from training_manager_ros.training.settings import Settings
from training_manager_ros.training.signin import SignIn
from training_manager_ros.training.upload import UploadResult, upload

MakeSkill = Callable[..., Path]
_T = TypeVar("_T")

OUTAGE = 75.0  # seconds


class World:
    """A server whose name can't be resolved for a while, once something was asked so often."""

    def __init__(self, what: str, after: int = 0, seconds: float = OUTAGE) -> None:
        self.server = FaultServer()
        self._what = what  # begins the path, as "/store"
        self._after = after
        self._seconds = seconds
        self._asked = 0
        self._until: float | None = None
        self.told: list[str] = []

    def _resolves(self, request: httpx.Request) -> bool:
        now = asyncio.get_running_loop().time()
        if self._until is None and request.url.path.startswith(self._what):
            self._asked += 1
            if self._asked > self._after:
                self._until = now + self._seconds
        return self._until is None or now >= self._until

    def _report(self, progress: Progress) -> None:
        if progress.message not in self.told:
            self.told.append(progress.message)

    async def _connected(
        self, work: Callable[[TrainingServer, httpx.AsyncClient], Awaitable[_T]]
    ) -> _T:
        settings = Settings("http://training.test", "http://training.test/auth", KEY)
        async with httpx.AsyncClient(transport=InMemory(self.server, self._resolves)) as http:
            server = TrainingServer(Calls(http, settings, SignIn(http, settings)))
            return await work(server, http)

    def upload(self, folder: Path) -> tuple[UploadResult, float]:
        def work(server: TrainingServer, http: httpx.AsyncClient) -> Awaitable[UploadResult]:
            return upload(server, http, "training.test", folder, Control(), self._report)

        return in_virtual_time(lambda: self._connected(work))

    def download(self, folder: Path) -> tuple[DownloadResult, float]:
        def work(server: TrainingServer, http: httpx.AsyncClient) -> Awaitable[DownloadResult]:
            return download(server, http, folder, "skill", 1, Control(), self._report)

        return in_virtual_time(lambda: self._connected(work))

    def waited(self) -> None:
        """It said so, and then that it goes on."""
        assert any("no network, or a wrong address" in words for words in self.told)


@pytest.mark.parametrize(
    ("what", "after"),
    [
        ("/", 0),  # from the first moment on, so while signing in
        ("/skills", 0),
        ("/storage", 0),
        ("/skills", 1),  # the addresses to put files at
        ("/store", 0),
        ("/store", 4),
    ],
)
def test_an_upload(make_skill: MakeSkill, what: str, after: int) -> None:
    folder = make_skill(episodes=5)
    world = World(what, after)
    result, took = world.upload(folder)
    assert OUTAGE <= took < 4 * OUTAGE
    assert stored(world.server, result.skill_id) == on_disk(folder)
    world.waited()


def test_an_upload_of_a_renamed_skill(make_skill: MakeSkill) -> None:
    folder = make_skill(episodes=1)
    world = World("/skills", after=1)
    world.server.skills["skill"] = {"skill_id": "skill", "name": "Former name"}
    value = {**metadata(folder), "training_skill_id": "skill"}
    (folder / "metadata.json").write_text(json.dumps(value))
    world.upload(folder)
    assert world.server.skills["skill"]["name"] == "Pick cup"
    assert ("PATCH", "/skills/skill") in world.server.calls
    world.waited()


@pytest.mark.parametrize(
    ("what", "after"),
    [("/", 0), ("/skills", 0), ("/storage", 0), ("/store", 0), ("/store", 4), ("/skills", 1)],
)
def test_a_download(make_skill: MakeSkill, what: str, after: int) -> None:
    folder = make_skill()
    world = World(what, after)
    world.server.skills["skill"] = {"skill_id": "skill", "name": "Pick cup"}
    world.server.runs["skill", 1] = {"skill_id": "skill", "run_id": 1, "status": "done"}
    files = {f"act_step_{number}.pth": bytes([number]) * 1000 for number in range(3)}
    for name, content in files.items():
        world.server.add_result("skill", 1, name, content)
    result, took = world.download(folder)
    assert OUTAGE <= took < 4 * OUTAGE
    assert {path.name: path.read_bytes() for path in (folder / "1").iterdir()} == files
    assert result.run.status == "downloaded"
    world.waited()


def test_an_outage_that_does_not_end(make_skill: MakeSkill) -> None:
    world = World("/store", 2, seconds=1e9)
    with pytest.raises(Unavailable, match="can't be found: no network, or a wrong address"):
        world.upload(make_skill())
