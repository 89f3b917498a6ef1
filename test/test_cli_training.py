"""The training commands, on a training server of one's own."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from training_manager_ros.cli import main
from training_manager_ros.jobs import SkillLocks
from training_manager_ros.jobs.model import Job, JobState
from training_manager_ros.jobs.store import JobStore
from training_manager_ros.orchestrator.own_server import OwnServer, prepare_own_server

DOCS = (Path(__file__).resolve().parents[1] / "docs" / "cli.md").read_text()
SKILL = "fold-towel"
QUICK = ("-e", "MAX_STEPS=60", "-e", "BATCH_SIZE=8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    own = prepare_own_server(tmp_path_factory.mktemp("server") / "data")
    with subprocess.Popen(own.command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("training server on ")
        yield own
        process.terminate()
        assert process.wait(20) == 0


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("CACHE", "CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    for name in ("TRAINING_SERVER_URL", "INNATE_AUTH_ISSUER_URL", "INNATE_SERVICE_KEY"):
        monkeypatch.setenv(name, "")  # so that it is taken back at the end, whoever sets it
        monkeypatch.delenv(name)
    monkeypatch.delenv("INNATE_AUTH_URL", raising=False)


class Shell:
    """Runs commands and gives (exit code, standard output, standard error)."""

    def __init__(
        self, skills_dir: Path, server: OwnServer, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.skills_dir = skills_dir
        self.server = server
        self._capsys = capsys

    def words(self, *words: str) -> list[str]:
        server = [] if words[0] in ("activate", "rollback") else ["--settings", self.settings]
        return [*words, "--skills-dir", str(self.skills_dir), *server]

    @property
    def settings(self) -> str:
        return str(self.server.client_file)

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = main(self.words(*words))
        out, err = self._capsys.readouterr()
        assert self.server.client.service_key not in out + err
        return code, out, err

    def json(self, *words: str) -> dict:
        code, out, err = self(*words, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def shell(
    copy_sample: Callable[[str], Path], server: OwnServer, capsys: pytest.CaptureFixture[str]
) -> Shell:
    return Shell(copy_sample(SKILL).parent, server, capsys)


def documented(command: str) -> list[dict]:
    """The JSON that the docs show for a command."""
    section = DOCS.split(f"\n## training-manager {command}")[1].split("\n## ")[0]
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", section, re.DOTALL)]


def test_a_dry_run_of_an_upload_needs_no_key(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["upload", SKILL, "--skills-dir", str(shell.skills_dir)]
    assert main([*words, "--dry-run"]) == 0
    assert "never uploaded" in capsys.readouterr().out
    assert main(words) == 1
    assert "no service key" in capsys.readouterr().err


def test_a_dry_run_tells_of_a_damaged_file_as_the_upload_does(
    copy_sample: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_sample("pick-up-cup")
    damaged = next(folder.glob("data/*_1.h5"))
    damaged.write_bytes(damaged.read_bytes()[:100])
    words = ["upload", folder.name, "--skills-dir", str(folder.parent), "--dry-run"]
    assert main(words) == 2
    assert f"episode 1: {damaged.name}" in capsys.readouterr().err


def test_the_whole_way(shell: Shell) -> None:
    uploaded, planned = documented("upload ")
    plan = shell.json("upload", SKILL, "--dry-run")
    assert plan.keys() == planned.keys()
    assert (plan["state"], len(plan["new"])) == ("never uploaded", plan["files"])

    code, out, _ = shell("upload", SKILL)
    assert code == 0
    assert re.fullmatch(r"fold-towel: 3 episodes on the server; 10 files sent .*\n", out)
    again = shell.json("upload", SKILL)
    assert again.keys() == uploaded.keys()
    assert (again["files"], again["unchanged"]) == (0, 10)
    assert shell.json("upload", SKILL, "--dry-run")["state"] == "uploaded"

    made = shell.json("run", SKILL, *QUICK, "-e", "NOTE=hello", "-e", "WANDB_API_KEY=top-secret")
    assert made["training_params"]["preset"] == "smoke"  # the server's first
    assert made["training_params"]["env"] == {
        "MAX_STEPS": "60",
        "BATCH_SIZE": "8",
        "NOTE": "hello",
        "WANDB_API_KEY": "…",
    }
    number = str(made["run_id"])
    code, out, _ = shell("watch", SKILL, number, "--log")
    assert code == 0
    assert "This is not ACT" in out
    assert out.endswith(f"fold-towel run {number}: done\n")

    (run,) = shell.json("runs", SKILL)["runs"]
    (listed,) = documented("runs ")
    assert run.keys() == listed["runs"][0].keys() == made.keys()
    assert (run["status"], run["local_state"], run["in_use"]) == ("done", "absent", False)
    assert (run["progress"]["step"], run["progress"]["total"]) == (60, 60)
    assert number in shell("runs")[1]

    fetched = shell.json("download", SKILL, number)
    assert fetched.keys() == documented("download ")[0].keys()
    assert fetched["files"] == fetched["fetched"] > 2
    assert shell.json("download", SKILL, number)["fetched"] == 0

    active = shell.json("activate", SKILL, number)
    assert active == {
        **documented("activate ")[0],
        "skill": SKILL,
        "run_id": made["run_id"],
        "checkpoint": f"{number}/smoke_policy_step_60.pth",
        "stats_file": f"{number}/dataset_stats.pt",
    }
    assert shell.json("runs")["runs"][0]["in_use"]
    assert shell("rollback", SKILL) == (0, "fold-towel uses no checkpoint\n", "")
    metadata = json.loads((shell.skills_dir / SKILL / "metadata.json").read_text())
    assert not metadata["execution"].get("checkpoint")


def test_a_copied_skill(shell: Shell) -> None:
    shell("upload", SKILL)
    shutil.copytree(shell.skills_dir / SKILL, shell.skills_dir / "copy")
    plan = shell.json("upload", "copy", "--dry-run")
    assert (plan["shared_with"], plan["refused"]) == ([SKILL], True)
    out = shell("upload", "copy", "--dry-run")[1]
    assert f"The same skill on the server as {SKILL}\n" in out
    assert "--as-new" in out
    code, _, err = shell("upload", "copy")
    assert (code, f"copy is a copy of {SKILL}" in err) == (4, True)
    assert shell("run", "copy", *QUICK)[0] == 2
    assert shell.json("upload", "copy", "--as-new")["elsewhere"] == {SKILL: 10}
    assert shell.json("upload", "copy", "--dry-run")["shared_with"] == []


def test_a_run_that_fails_and_one_that_is_cancelled(shell: Shell) -> None:
    shell("upload", SKILL)
    failing = shell.json("run", SKILL, *QUICK, "--command", "sh -c 'echo no luck; exit 3'")
    assert failing["training_params"]["command"] == ["sh", "-c", "echo no luck; exit 3"]
    code, out, err = shell("watch", SKILL, str(failing["run_id"]))
    assert code == 1
    assert out.splitlines()[-1] == f"fold-towel run {failing['run_id']}: done"
    assert "failed with exit code 3." in err
    assert "no luck" in err
    long = shell.json("run", SKILL, *QUICK, "--command", "sleep 1000")
    code, out, _ = shell("cancel", SKILL, str(long["run_id"]))
    assert (code, out) == (0, f"fold-towel run {long['run_id']}: {out.split(': ', 1)[1]}")
    code, _, err = shell("watch", SKILL, str(long["run_id"]))
    assert (code, "Cancelled." in err) == (1, True)
    code, _, err = shell("cancel", SKILL, str(long["run_id"]))
    assert (code, "is done already" in err) == (1, True)
    table = shell("runs")[1]
    assert "failed" in table
    assert f"fold-towel {long['run_id']}: Cancelled." in table


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("run", SKILL), 2, "not been uploaded yet; upload it first"),
        (("upload", "nothing"), 3, "nothing"),
        (("upload", "../skills"), 2, "skills"),
        (("run", SKILL, "-s", "http://127.0.0.1:1"), 2, "not been uploaded yet; upload it first"),
        (("upload", SKILL, "--limit", "-1"), 2, "--limit must be 0"),
        (("upload", SKILL, "--limit", "nan"), 2, "--limit must be 0"),
        (("runs", SKILL), 3, "is not on the training server"),
        (("watch", SKILL, "1"), 3, "is not on the training server"),
        (("download", SKILL, "1"), 3, "is not on the training server"),
        (("activate", SKILL, "1"), 3, "Run 1 has no checkpoint"),
        (("rollback", SKILL), 4, "nothing else in use before"),
    ],
)
def test_what_is_refused_at_once(
    shell: Shell, words: tuple[str, ...], code: int, sentence: str
) -> None:
    answer = shell(*words)
    assert (answer[0], answer[1]) == (code, "")
    assert sentence in answer[2]
    assert len(answer[2].splitlines()) == 1


def test_a_run_is_checked(shell: Shell) -> None:
    shell("upload", SKILL)
    for words, sentence in (
        (("--preset", "best"), "there is no preset best"),
        (("-e", "MAX_STEPS"), "must be KEY=VALUE"),
        (("-e", "MAX_STEPS=many", "-e", "X"), "MAX_STEPS=many must be a number; -e X must be"),
        (("-e", "MAX_STEPS=0"), "hyperparameters.MAX_STEPS must be from 1"),
        (("-e", "NO WAY=1"), "is no name for a variable"),
        (("--ref", "a..b"), "must be a branch, a tag or a commit"),
        (("--hours", "-1"), "hours must be from 0.01 to 720"),
        (("--command", "sh -c 'x"), "can't be taken apart"),
    ):
        code, _, err = shell("run", SKILL, *QUICK, *words)
        assert (code, sentence in err) == (2, True), err
    assert shell.json("runs")["runs"] == []
    for command in ("watch", "cancel", "download"):
        assert shell(command, SKILL, "999999")[0] == 3


def test_work_in_the_way_is_named(shell: Shell) -> None:
    state = shell.skills_dir / ".training_manager"
    with SkillLocks(state / "locks") as locks:
        assert locks.acquire((), (SKILL,)) == ""
        code, _, err = shell("upload", SKILL)
        assert (code, "Other work on fold-towel is under way" in err) == (4, True)
        job = Job("abc", "delete_episodes", {}, (), (SKILL,), 1.0, state=JobState.RUNNING)
        JobStore(state / "jobs").save(job)
        code, _, err = shell("upload", SKILL)
        assert code == 4
        assert "The node is at work on fold-towel: delete episodes, job abc." in err


def test_without_a_key_or_with_a_wrong_one(
    shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["upload", SKILL, "--skills-dir", str(shell.skills_dir)]
    assert main(words) == 1
    assert "There is no service key" in capsys.readouterr().err
    url = shell.server.client.server_url
    wrong = "tmk_00000000_wrong"
    assert main([*words, "-s", url, "--issuer", url, "-t", wrong]) == 1
    err = capsys.readouterr().err
    assert "key" in err
    assert wrong not in err
    open_to_all = tmp_path / "open.env"
    open_to_all.write_text(shell.server.client_file.read_text())
    open_to_all.chmod(0o644)
    assert main([*words, "--settings", str(open_to_all)]) == 2
    assert f"chmod 600 {open_to_all}" in capsys.readouterr().err


def test_ctrl_c_during_an_upload_on_a_terminal(shell: Shell, tmp_path: Path) -> None:
    words = shell.words("upload", SKILL, "--limit", "0.1")
    master, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "training_manager_ros", *words],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(terminal)
    ledger = shell.skills_dir / SKILL / ".training_manager" / "upload.jsonl"
    deadline = time.monotonic() + 30
    while not (ledger.exists() and '"up":true' in ledger.read_text()):
        assert process.poll() is None, "it ended before it could be interrupted"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130
    shown = b""
    try:
        while part := os.read(master, 65536):
            shown += part
    except OSError:  # the other end is closed
        os.close(master)
    assert b"uploading" in shown
    assert b"Cancelled; what is done stays done" in shown
    assert b"Traceback" not in shown
    rest = shell.json("upload", SKILL)
    assert 0 < rest["files"] < 10
