"""The whole thing, running: node, bridge and panel server as a user starts them, and a browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from domains import take_domain

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("rclpy")

sys.path.insert(0, str(Path(__file__).parent))  # for `import driver`

_STATIC = Path(__file__).parents[2] / "training_manager_ros" / "panel" / "static"
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PATIENCE_MS = 40_000  # for what takes a moment; machines that run tests are busy


@dataclass
class Robot:
    """`training-manager ui` on a free port, with folders and a ROS domain of its own."""

    skills: Path
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def pairing_address(self) -> str:
        """The address that signs a browser in."""
        deadline = time.monotonic() + 60
        while not (found := re.search(r"(http://\S+:\d+/\?token=\S+)", self.output.read_text())):
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.02)
        return found[1]

    @property
    def url(self) -> str:
        return "http://{0.hostname}:{0.port}".format(urlsplit(self.pairing_address))

    def child(self, module: str) -> int:
        """The process id of a child: "node" or "bridge"."""
        listed = subprocess.run(
            ["ps", "--ppid", str(self.process.pid), "-o", "pid=,args="],
            capture_output=True,
            text=True,
            check=True,
        )
        for line in listed.stdout.splitlines():
            if f"training_manager_ros.{module}" in line:
                return int(line.split()[0])
        raise AssertionError(f"no {module} is running:\n{listed.stdout}")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


StartRobot = Callable[..., Robot]  # takes a skills folder, and options of `training-manager ui`


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give these tests more time: each may start several processes and a browser's page."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(240))


def _start_robot(skills: Path, folder: Path, *options: str, port: int = 0) -> Robot:
    assert (_STATIC / "index.html").is_file(), "build the panel first: tools/build_panel.py"
    output = folder / "output"
    with output.open("ab") as file:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "training_manager_ros", "ui", "--host", "127.0.0.1"),
                *("--port", str(port), "--skills-dir", str(skills), *options),
            ],
            env={
                **os.environ,
                "HOME": str(folder),
                "XDG_STATE_HOME": str(folder / "state"),
                "XDG_CACHE_HOME": str(folder / "cache"),
                "ROS_DOMAIN_ID": str(take_domain()),
                "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
                "ROS_LOG_DIR": str(folder / "log"),
            },
            stdout=file,
            stderr=file,
        )
    return Robot(skills, process, output)


@pytest.fixture(scope="session")
def samples_robot(sample_skills: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Robot]:
    """A robot with the sample skills, for tests that change nothing."""
    robot = _start_robot(sample_skills, tmp_path_factory.mktemp("robot"))
    yield robot
    robot.stop()


@pytest.fixture
def start_robot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartRobot]:
    """Starts robots with a skills folder each, and stops them at the end of the test."""
    robots: list[Robot] = []

    def start(skills: Path, *options: str) -> Robot:
        robots.append(_start_robot(skills, tmp_path_factory.mktemp("robot"), *options))
        return robots[-1]

    yield start
    for robot in robots:
        robot.stop()


@pytest.fixture(scope="module")
def start_real_robot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartRobot]:
    """Like `start_robot`, for a whole module."""
    robots: list[Robot] = []

    def start(skills: Path, *options: str) -> Robot:
        robots.append(_start_robot(skills, tmp_path_factory.mktemp("robot"), *options))
        return robots[-1]

    yield start
    for robot in robots:
        robot.stop()


@pytest.fixture(scope="module")
def own_robot(sample_skills: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Robot]:
    """A robot with a copy of the sample skills, which a module's tests may change."""
    folder = tmp_path_factory.mktemp("robot")
    skills = Path(shutil.copytree(sample_skills, folder / "skills", symlinks=True))
    robot = _start_robot(skills, folder)
    yield robot
    robot.stop()


@pytest.fixture(scope="module")  # while it is there no test can run asyncio
def chromium() -> Iterator[Any]:
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        browser.close()


@dataclass
class Browsing:
    """Opens pages that are signed in, and notes what no page should ever do."""

    browser: Any
    complaints: list[str]
    expected: list[str]  # parts of complaints that a test provokes
    _contexts: list[Any]

    def open(self, robot: Robot, place: str = "", **context: Any) -> Any:
        """A page at a place such as "#/skills"; `context` are Playwright's context options."""
        context.setdefault("viewport", {"width": 1440, "height": 900})
        made = self.browser.new_context(**context)
        made.set_default_timeout(_PATIENCE_MS)
        self._contexts.append(made)
        page = made.new_page()
        self._watch(page, robot.url)
        page.goto(robot.pairing_address)
        if place:
            page.goto(f"{robot.url}/{place}")
        return page

    def _watch(self, page: Any, url: str) -> None:
        def console(message: Any) -> None:
            if message.type in ("error", "warning"):
                self.complaints.append(f"console: {message.text} {message.location.get('url')}")

        def requested(request: Any) -> None:
            if not request.url.startswith((url, "data:", "blob:")):
                self.complaints.append(f"request to another host: {request.url}")

        page.on("console", console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", requested)

    def unexpected(self) -> list[str]:
        return [
            complaint
            for complaint in self.complaints
            if not any(part in complaint for part in self.expected)
        ]

    def close(self) -> None:
        for context in self._contexts:
            for page in context.pages:
                page.unroute_all(behavior="ignoreErrors")
            context.close()


@pytest.fixture
def browsing(chromium: Any) -> Iterator[Browsing]:
    """Pages for a test, which fails where one of them complains or asks another host."""
    made = Browsing(chromium, [], [], [])
    playwright.expect.set_options(timeout=_PATIENCE_MS)
    yield made
    made.close()
    assert made.unexpected() == []
