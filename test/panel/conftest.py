"""A running panel server on a free port, with folders of its own."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import h5py
import httpx
import numpy as np
import pytest

from training_manager_ros.panel.server import PanelOptions, PanelServer

FRAMES, RATE, WIDTH, HEIGHT = 30, 10, 64, 48


@dataclass
class RunningPanel:
    """A server in a thread; `call` runs something on its loop."""

    server: PanelServer
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.server.port}/rosbridge"

    @property
    def token(self) -> str:
        assert self.server.pairing is not None
        return self.server.pairing.token

    @property
    def cookie(self) -> str:
        return f"training_manager_{self.server.port}"

    def call(self, work: Callable[[], Any]) -> Any:
        async def run() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def stranger(self) -> httpx.Client:
        """A client without a session."""
        return httpx.Client(base_url=self.url, trust_env=False, timeout=20)

    def client(self) -> httpx.Client:
        """A client that is signed in, if there is a sign-in."""
        client = self.stranger()
        if self.server.pairing is not None:
            with self.stranger() as pairing:
                answer = pairing.get("/", params={"token": self.token})
                assert answer.status_code == 303
                client.cookies = pairing.cookies
        return client

    def raw(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]] | None = None,
        body: bytes = b"",
    ) -> tuple[int, dict[str, str], bytes]:
        """A request exactly as given: no client tidies up the path or the headers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in [("Host", "127.0.0.1")] if headers is None else headers:
                connection.putheader(name, value)
            if body:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def session_headers(self) -> list[tuple[str, str]]:
        """Headers of a browser that is signed in."""
        with self.client() as client:
            cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        return [("Host", f"127.0.0.1:{self.server.port}"), ("Cookie", cookies)]


@dataclass
class PanelStarter:
    """Starts servers with the given options, and stops them at the end of the test."""

    options: PanelOptions
    _running: list[tuple[RunningPanel, threading.Thread]]

    def __call__(self, **changes: Any) -> RunningPanel:
        options = replace(self.options, **changes)
        loop = asyncio.new_event_loop()

        async def make() -> PanelServer:
            server = PanelServer(options)
            server.start()
            return server

        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        server = asyncio.run_coroutine_threadsafe(make(), loop).result(10)
        running = RunningPanel(server, loop)
        self._running.append((running, thread))
        return running

    def stop(self) -> None:
        while self._running:
            running, thread = self._running.pop()
            asyncio.run_coroutine_threadsafe(running.server.stop(), running.loop).result(10)
            running.loop.call_soon_threadsafe(running.loop.stop)
            thread.join(10)
            running.loop.close()


def make_starter(folder: Path, static: Path) -> PanelStarter:
    """A starter whose servers keep everything in `folder`."""
    (folder / "skills").mkdir()
    return PanelStarter(
        PanelOptions(
            skills_dir=folder / "skills",
            bridge_port=9,  # nothing listens there
            host="127.0.0.1",
            port=0,
            static_dir=static,
            cache_dir=folder / "cache",
            state_dir=folder / "state",
        ),
        [],
    )


@pytest.fixture
def static_dir(tmp_path: Path) -> Path:
    """A built web app as Vite leaves it."""
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text(
        '<!doctype html><link rel="icon" href="data:,"><title>The panel</title>'
    )
    (static / "assets" / "index-0123abcd.js").write_text("console.log('the panel')")
    return static


@pytest.fixture
def start_panel(tmp_path: Path, static_dir: Path) -> Iterator[PanelStarter]:
    starter = make_starter(tmp_path, static_dir)
    yield starter
    starter.stop()


@pytest.fixture(scope="module")
def start_shared_panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PanelStarter]:
    """Starts servers that live as long as a module's tests."""
    folder = tmp_path_factory.mktemp("shared")
    starter = make_starter(folder, folder)
    yield starter
    starter.stop()


@pytest.fixture
def panel(start_panel: PanelStarter) -> RunningPanel:
    return start_panel()


def picture(number: int) -> np.ndarray:
    """A picture that tells its number by its brightness."""
    return np.full((HEIGHT, WIDTH, 3), 8 * number, dtype=np.uint8)


def _write_mp4(path: Path, first: int = 0) -> None:
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": "12", "g": "10"}
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(picture((first + number) % FRAMES), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def write_h5(path: Path, images: bool) -> None:
    with h5py.File(path, "w") as file:
        file["action"] = np.linspace(0, 1, FRAMES * 10).reshape(FRAMES, 10)
        file["observations/qpos"] = np.zeros((FRAMES, 6))
        if images:
            data = np.stack([picture(number) for number in range(FRAMES)])
            file.create_dataset(
                "observations/images/camera_1", data=data, chunks=(1, HEIGHT, WIDTH, 3)
            )


def write_skill(folder: Path, kind: str) -> None:
    data = folder / "data"
    data.mkdir(parents=True)
    (folder / "metadata.json").write_text(json.dumps({"name": folder.name, "type": "learned"}))
    episodes = []
    for number in range(2):
        entry = {
            "episode_id": number,
            "file_name": f"episode_{number}.h5",
            "start_timestamp": "2025-01-01T10:00:00",
            "end_timestamp": "2025-01-01T10:00:03",
        }
        write_h5(data / f"episode_{number}.h5", images=kind == "h5")
        if kind == "h264":
            entry["video_files"] = [f"episode_{number}_main.mp4"]
            _write_mp4(data / f"episode_{number}_main.mp4", first=number)
        episodes.append(entry)
    (data / "dataset_metadata.json").write_text(
        json.dumps(
            {
                "data_frequency": RATE,
                "dataset_type": kind,
                "number_of_episodes": 2,
                "episodes": episodes,
            }
        )
    )


@pytest.fixture
def write_mp4() -> Callable[..., None]:
    """Writes an MP4 whose frame k is as bright as 8 * (k + first)."""
    return _write_mp4


@pytest.fixture(scope="module")
def made_skills(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("skills")
    write_skill(root / "pick up", "h264")
    write_skill(root / "raw", "h5")
    (root / "empty").mkdir()
    (root / "empty" / "metadata.json").write_text('{"name": "empty", "type": "learned"}')
    return root
