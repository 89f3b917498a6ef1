"""A real server in a process of its own, driven over HTTP; nothing of it is replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from training_manager_ros.orchestrator.accounts import Accounts
from training_manager_ros.orchestrator.engines.processes import marked
from training_manager_ros.orchestrator.services import DataFolder

ENDED = ("done", "rejected", "downloaded")
GIT_ENV = {
    **os.environ,
    "GIT_AUTHOR_NAME": "test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
}


def wait_for(condition: Callable[[], object], seconds: float = 30.0, what: str = "") -> object:
    """The first true answer; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return value


class Server:
    """One server process on a data folder of its own."""

    def __init__(self, folder: Path, *options: str, env: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.options = options
        self.env = {**os.environ, **(env or {})}
        self.process: subprocess.Popen[str] | None = None
        self.base = ""
        self._port = 0

    def write_settings(self, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "server.toml").write_text(text)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._line(*arguments), capture_output=True, text=True, env=self.env, timeout=60
        )

    def start(self) -> Server:
        log = (self.folder.parent / f"{self.folder.name}.server.log").open("a")
        self.process = subprocess.Popen(
            self._line("--port", str(self._port), *self.options),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=self.env,
        )
        log.close()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("training server on http://"), self.log()
        self.base = line.split()[3].rstrip(",")
        self._port = int(self.base.rpartition(":")[2])  # the same again after a restart
        return self

    def log(self) -> str:
        return (self.folder.parent / f"{self.folder.name}.server.log").read_text()

    def kill9(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def owner(self, name: str) -> Owner:
        database = DataFolder(self.folder).database()  # as `keys create` does, without a process
        _, key = Accounts(database, time.time).create(name)
        database.close()
        return Owner(self, key)

    def processes(self, run_id: int) -> set[int]:
        """What is alive of a run, whoever its parent is."""
        return marked(f"TRAINING_MANAGER_RUN={DataFolder(self.folder).identity}/{run_id}")

    def _line(self, *arguments: str) -> list[str]:
        module = "training_manager_ros.orchestrator"
        return [sys.executable, "-m", module, "--data-dir", str(self.folder), *arguments]


class Owner:
    """A client that is signed in; `http` for plain calls."""

    def __init__(self, server: Server, key: str | None) -> None:
        self.server = server
        self.key = key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.Client(base_url=server.base, headers=headers, timeout=30)

    def skill(self, files: dict[str, bytes] | None = None, name: str = "pick") -> str:
        skill_id = self.http.post("/skills", json={"name": name}).json()["skill_id"]
        for file, data in (files or {}).items():
            self.upload(skill_id, file, data)
        return str(skill_id)

    def urls(self, skill_id: str, *names: str) -> dict[str, dict[str, str]]:
        answer = self.http.post(f"/skills/{skill_id}/files", json={"filenames": list(names)})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upload(self, skill_id: str, name: str, data: bytes) -> httpx.Response:
        url = self.urls(skill_id, name)["upload_urls"][name]
        answer = httpx.put(url, content=data)
        assert answer.status_code == 201, answer.text
        return answer

    def run(self, skill_id: str, **params: object) -> int:
        answer = self.http.post(
            f"/skills/{skill_id}/runs", json={"training_params": {"preset": "smoke", **params}}
        )
        assert answer.status_code == 201, answer.text
        return int(answer.json()["run_id"])

    def shell(self, skill_id: str, script: str, **params: object) -> int:
        """A run of a shell script instead of the preset's trainer."""
        return self.run(skill_id, command=["sh", "-c", script], **params)

    def get(self, skill_id: str, run_id: int) -> dict:
        return self.http.get(f"/skills/{skill_id}/runs/{run_id}").json()

    def cancel(self, skill_id: str, run_id: int) -> httpx.Response:
        return self.http.post(f"/skills/{skill_id}/runs/{run_id}/cancel")

    def ended(self, skill_id: str, run_id: int, seconds: float = 60.0) -> dict:
        def look() -> dict | None:
            run = self.get(skill_id, run_id)
            return run if run["status"] in ENDED else None

        return wait_for(look, seconds, f"run {run_id} to end")  # type: ignore[return-value]

    def running(self, skill_id: str, run_id: int, text: str = "", seconds: float = 30.0) -> None:
        """Wait until it runs and its log has `text`."""

        def look() -> bool:
            run = self.get(skill_id, run_id)
            assert run["status"] not in ENDED, run
            return run["status"] == "running" and text in self.log(skill_id, run_id)

        wait_for(look, seconds, f"run {run_id} to run")

    def log(self, skill_id: str, run_id: int, **query: object) -> str:
        query = {"limit": 1 << 20, **query}
        return self.http.get(f"/skills/{skill_id}/runs/{run_id}/log", params=query).text

    def files(self, skill_id: str, run_id: int | None = None) -> dict[str, str]:
        place = skill_id if run_id is None else f"{skill_id}/{run_id}"
        return self.http.get(f"/storage/list/{place}").json()["files"]


CHECKPOINT = 'printf c > "$OUTPUT_DIR/policy_step_7.pth"; printf s > "$OUTPUT_DIR/data_stats.pt"'


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def make(name: str = "data", *options: str, **more: object) -> Server:
        servers.append(Server(tmp_path / name, *options, **more))  # type: ignore[arg-type]
        return servers[-1]

    yield make
    for server in servers:
        if server.process is not None and server.process.poll() is None:
            server.kill9()
        end_leftovers(server)


@pytest.fixture(scope="module")
def new_server() -> Iterator[Callable[..., Server]]:
    """Like `make_server`, for a whole module."""
    servers: list[Server] = []

    def make(*arguments: Any) -> Server:
        servers.append(Server(*arguments))
        return servers[-1]

    yield make
    for found in servers:
        if found.process is not None and found.process.poll() is None:
            found.kill9()
        end_leftovers(found)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for the tests of one module; their owners do not see each other."""
    found = Server(tmp_path_factory.mktemp("server") / "data")
    found.write_settings(
        f'stop_grace = 0.5\nlocal_repositories = ["{found.folder.parent}/repositories"]\n'
        "disk_quota_gb = 0.05\nlog_limit_mb = 8\n"
    )
    found.start()
    yield found
    assert found.stop() == 0, found.log()
    end_leftovers(found)


def end_leftovers(server: Server) -> None:
    """A test that failed may leave runs behind."""
    for folder in (server.folder / "runs").glob("*"):
        (folder / "stop").touch()
        for pid in server.processes(int(folder.name)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


_names = iter(range(1, 1_000_000))


@pytest.fixture
def owner(server: Server) -> Owner:
    return server.owner(f"owner {next(_names)}")


@pytest.fixture
def checkpoint() -> str:
    """A shell command that leaves what a run needs to be a success."""
    return CHECKPOINT


@pytest.fixture(name="wait_for")
def _wait_for() -> Callable[..., object]:
    return wait_for


@pytest.fixture
def make_repository(server: Server) -> Callable[[str, dict[str, str]], Path]:
    """Makes a git repository that the server may use: {path: text}, one commit, branch main."""

    def make(name: str, files: dict[str, str]) -> Path:
        folder = server.folder.parent / "repositories" / name
        folder.mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main")
        commit(folder, files)
        return folder

    return make


def commit(folder: Path, files: dict[str, str]) -> str:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
        (folder / path).chmod(0o755)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "change")
    return git(folder, "rev-parse", "HEAD")


def git(folder: Path, *arguments: str) -> str:
    line = ["git", "-C", str(folder), *arguments]
    return subprocess.run(
        line, env=GIT_ENV, check=True, capture_output=True, text=True
    ).stdout.strip()
